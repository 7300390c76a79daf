"""Where values and the token are not: memory, reports, other servers (contract §7)."""

import base64
import concurrent.futures
import contextlib
import http.server
import itertools
import json
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import zlib

import pytest

from kit.calls import exists, fails, opened, put
from kit.demo import LIST, WEB, WEB_SECRETS
from kit.mounting import is_mounted, wait_until
from kit.needs import skip_unless
from kit.standin import TOKEN

OLD = f"{LIST}/NPM_TOKEN"
NEW = f"{LIST}/NEW"
WRITES = 200
AT_ONCE = 8
CHUNK = 1 << 20
SHADOW = 1 << 30  # longer mappings are a sanitizer's account of the memory, and not content

needs_root = pytest.mark.root("looks into another process's memory")


# What is in a process


class Mapping:
    """A piece of another process's memory, as /proc/PID/smaps tells of it."""

    def __init__(self, line):
        span, self.access, _, _, _, *name = line.split(None, 5)
        self.begin, self.end = (int(number, 16) for number in span.split("-"))
        self.name = name[0].strip() if name else ""
        self.flags = set()

    def __repr__(self):
        return f"{self.begin:x} {self.access} {self.name or 'anonymous'} {sorted(self.flags)}"


def mappings(pid):
    found = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                found.append(Mapping(line))
            elif line.startswith("VmFlags:"):
                found[-1].flags = set(line.split()[1:])
    return found


def where(pid, *words):
    """The mappings that hold any of the words, one entry an occurrence."""
    found = []
    overlap = max(map(len, words)) - 1
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for mapping in mappings(pid):
            if "r" not in mapping.access or mapping.name in ("[vvar]", "[vsyscall]"):
                continue
            if mapping.end - mapping.begin > SHADOW:
                continue
            tail = b""
            for at in range(mapping.begin, mapping.end, CHUNK):
                try:
                    memory.seek(at)
                    part = tail + memory.read(min(CHUNK, mapping.end - at))
                except (OSError, ValueError):
                    tail = b""
                    continue  # a guard page, or what a device has mapped
                for word in words:
                    found += [mapping] * part.count(word)
                tail = part[-overlap:]
    return found


def disguises(word):
    """The word itself, and as it looks in the middle of base64 or hexadecimal text."""
    encoded = [base64.b64encode(b"x" * shift + word)[4:-4] for shift in range(3)]
    return [word, word.hex().encode(), *encoded]


def process_text(pid, *files):
    return b"".join(open(f"/proc/{pid}/{name}", "rb").read() for name in files)


@pytest.fixture
def token(github):
    """A token that looks like nothing else in the process's memory."""
    made = "ghp_" + secrets.token_hex(18)
    github.config(tokens=[made])
    return made


@pytest.fixture
def token_file(tmp_path, token):
    path = tmp_path / "token"
    path.write_text(f"{token}\n", encoding="ascii")
    path.chmod(0o600)
    return path


class Canaries:
    """Values that nothing else in the world has a copy of."""

    def __init__(self):
        self.word = secrets.token_hex(12).encode()

    def value(self, number):
        """From one line to 20 KB."""
        one = b"%d %s " % (number, self.word)
        return one * (1 if number % 10 else 400)


def write_canaries(m, canaries):
    """Half of them fail, in all the ways there are; returns how many did."""
    failures = [
        {"status": 422},
        {"status": 500, "count": -1},
        {"action": "reset-before", "count": -1},
        {"action": "reset-after", "count": -1},
        {"status": 422, "body": {"message": "the key_id is no key"}, "count": -1},
    ]
    # What fails until the deadline takes as long as that, so it all waits together.
    for number in range(0, WRITES, 2):
        spec = failures[number // 2 % len(failures)]
        m.github.fault(method="PUT", path=f"{LIST}/NAME_{number % 80}_{number}", **spec)

    def write(number):
        name = f"NAME_{number % 80}_{number}" if number % 2 == 0 else f"GOOD_{number % 30}"
        try:
            put(m.secrets / name, canaries.value(number))
        except OSError:
            return 1
        return 0

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE * 4) as pool:
        return sum(pool.map(write, range(WRITES)))


@needs_root
def test_nothing_is_left_of_values(mount, tls, github, token, token_file, has_sanitizers):
    # Through TLS the proxy's answer to a reset is 502 or the stream's reset.
    m = mount(
        api_url=tls.url,
        cacert=tls.ca_file,
        token_file=token_file,
        environment={"GH_TOKEN": None},
        flags=["-d"],
        timeout=1,
    )
    m.warm()
    canaries = Canaries()
    word = canaries.word
    failed = write_canaries(m, canaries)
    assert WRITES * 0.3 < failed < WRITES * 0.7
    assert github.requests("PUT")[0]["headers"]["via"] == "2 nghttpx"
    assert word in github.plaintext(f"{LIST}/GOOD_1")
    m.sh("ls -l; cat .ghsecretfs/status NPM_TOKEN; rm GOOD_1; sync GOOD_3")
    wait_until(lambda: "0 in flight, 0 queued" in m.status()["requests"], 10, "the last request")

    reports = "\n".join([*m.errors(), *m.status().values()]).encode()
    table = process_text("self", "mounts", "mountinfo")
    told = process_text(m.pid, "cmdline", "environ", "comm", "status", "limits") + table
    log = m.log().encode()
    assert b"FLUSH" in log, "the log is not that of -d"
    for text in (reports, told, log):
        for disguise in disguises(word) + disguises(token.encode()):
            assert disguise not in text
    assert m.failures() >= failed

    if not has_sanitizers:  # their allocator keeps what was freed
        assert where(m.pid, *disguises(word)) == []
        kept = where(m.pid, token.encode())
        print(f"\nthe token is in: {kept}")
        assert len({mapping.begin for mapping in kept}) == 1
        assert all({"dd", "lo"} <= mapping.flags for mapping in kept)


@needs_root
def test_nothing_is_left_of_staged_and_bulk_values(mount, token, token_file, has_sanitizers):
    m = mount(token_file=token_file, environment={"GH_TOKEN": None}, flags=["-d"])
    m.warm()
    word = Canaries().word
    value = word * 500
    text = b"".join(b"KEY_%d='%s'\n" % (number, value) for number in range(20))
    m.github.fault(method="PUT", path=f"{LIST}/BAD", status=422, count=-1)
    for number in range(10):
        put(m.secrets / f".{number}", value)
    os.rename(m.secrets / ".0", m.secrets / "GOOD")
    os.rename(m.secrets / ".1", m.secrets / ".2")
    with fails("EINVAL"):
        os.rename(m.secrets / ".2", m.secrets / "BAD")
    with fails("EINVAL"):
        os.rename(m.secrets / ".2", m.secrets / "NO-NAME")
    os.truncate(m.secrets / ".3", 0)
    put(m.secrets / ".env", text)
    for bad in (b"BAD=%s\n" % value, b"NO-NAME=%s\n" % value, b"OPEN='%s" % value):
        with fails("EINVAL"):
            put(m.secrets / ".env", text + bad)
    assert m.github.plaintext(f"{LIST}/KEY_7") == value
    if not has_sanitizers:
        wait_until(lambda: len(where(m.pid, word)) == 500 * 7, 5, "the staging files alone")
        held = where(m.pid, word)
        assert all({"dd", "lo"} <= mapping.flags for mapping in held)
    m.sh("rm .*")
    texts = ["\n".join(m.errors()), m.log(), "\n".join(m.status().values())]
    for disguise in disguises(word):
        assert disguise.decode() not in "".join(texts)
    if not has_sanitizers:
        wait_until(lambda: where(m.pid, *disguises(word)) == [], 5, "the wiping")


@needs_root
@pytest.mark.released("a sanitizer's shadow is terabytes long")
def test_nothing_is_left_in_a_core(mount, tls, token, token_file, tmp_path):
    """gcore leaves out what the kernel would leave out of its own."""
    skip_unless(shutil.which("gcore"), "gcore (package gdb) is not installed")
    m = mount(
        api_url=tls.url,
        cacert=tls.ca_file,
        token_file=token_file,
        environment={"GH_TOKEN": None},
    )
    canaries = Canaries()
    for number in range(20):
        put(m.secrets / f"NAME_{number}", canaries.value(number))
    with opened(m.secrets / "NEW") as fd:
        os.write(fd, canaries.value(0))
        subprocess.run(
            ["gcore", "-o", str(tmp_path / "core"), str(m.pid)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        core = (tmp_path / f"core.{m.pid}").read_bytes()
    assert b"ghsecretfs" in core
    for disguise in disguises(canaries.word) + disguises(token.encode()):
        assert disguise not in core


@needs_root
@pytest.mark.parametrize("origin", ["file", "environment"])
def test_values_and_token_are_in_locked_memory(mount, token, token_file, has_sanitizers, origin):
    if origin == "file":
        m = mount(token_file=token_file, environment={"GH_TOKEN": None})
    else:
        m = mount(environment={"GH_TOKEN": token})
    m.warm()
    word = Canaries().word
    # With sanitizers mlock does nothing, and the heap keeps what was freed.
    wanted = {"dd"} if has_sanitizers else {"dd", "lo"}
    with opened(m.secrets / "NEW") as fd:
        for _ in range(100):
            os.write(fd, word)
        # The buffer that requests are read into is wiped a moment after the answer.
        wait_until(lambda: len(where(m.pid, word)) == 100, 5, "the wiping")
        held = where(m.pid, word)
        assert all(wanted <= mapping.flags for mapping in held), held
        os.write(fd, word * 1000)
        held = where(m.pid, word)
        assert all(wanted <= mapping.flags for mapping in held), held
    # The kernel tells of the last close a moment later.
    wait_until(lambda: where(m.pid, word) == [], 5, "the wiping")
    kept = where(m.pid, token.encode())
    assert kept
    if not has_sanitizers:
        assert all(wanted <= mapping.flags for mapping in kept), kept
    assert token.encode() not in process_text(m.pid, "environ")


@needs_root
@pytest.mark.parametrize("how", ["truncated", "removed", "too long", "killed", "empty fd"])
def test_a_value_that_is_not_sent_is_wiped(mount, how):
    m = mount()
    m.warm()
    word = Canaries().word
    path = m.secrets / "NEW"
    if how == "killed":
        shell = subprocess.Popen(
            ["bash", "-c", f"exec 5> NEW; printf '{word.decode()}' >&5; echo; exec sleep 60"],
            cwd=m.secrets,
            stdout=subprocess.PIPE,
        )
        assert shell.stdout.readline() == b"\n"
        assert where(m.pid, word)
        shell.kill()
        shell.communicate(timeout=10)
    else:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.write(fd, word)
        if how == "truncated":
            os.ftruncate(fd, 0)
            assert where(m.pid, word) == []
        elif how == "removed":
            os.unlink(path)
        elif how == "too long":
            with fails("EFBIG"):
                os.write(fd, word * 4000)
        else:
            m.github.fault(method="PUT", status=409)
        with contextlib.suppress(OSError):
            os.close(fd)
    wait_until(lambda: where(m.pid, word) == [], 5, "the wiping")
    assert m.github.plaintext(NEW) is None


# The process


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split(":\t", 1) for line in lines)


@pytest.mark.root("others need the set-user-id fusermount3")
def test_no_new_privileges_for_root(mount):
    m = mount()
    os.listdir(m.secrets)
    assert status_of(m.pid)["NoNewPrivs"] == "1"


@needs_root
def test_no_core_even_where_one_is_allowed(mount):
    m = mount()
    put(m.secrets / "NEW", b"value")
    limits = process_text(m.pid, "limits").decode()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with contextlib.suppress(PermissionError):  # root in a container may not
        resource.prlimit(m.pid, resource.RLIMIT_CORE, unlimited)
    os.kill(m.pid, signal.SIGABRT)
    # Not by the process object, which does not tell of cores.
    _, status = os.waitpid(m.pid, 0)
    m.process.returncode = -signal.SIGABRT
    try:
        assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)
    finally:
        subprocess.run(["fusermount3", "-u", str(m.path)], timeout=20, check=False)
        m.forget()


@needs_root
def test_others_may_not_look_into_it(mount):
    m = mount()
    assert os.stat(f"/proc/{m.pid}/environ").st_uid == 0
    assert os.stat(f"/proc/{m.pid}/mem").st_mode & 0o077 == 0


def test_session_keys_are_not_logged(mount, tls, tmp_path):
    log = tmp_path / "keys"
    m = mount(api_url=tls.url, cacert=tls.ca_file, environment={"SSLKEYLOGFILE": str(log)})
    put(m.secrets / "NEW", b"value")
    assert not log.exists()


@pytest.mark.parametrize("variable", ["CURL_VERBOSE", "CURL_DEBUG", "CURL_TRACE"])
def test_curl_says_nothing(mount, variable):
    m = mount(environment={variable: "1"}, flags=["-d"])
    put(m.secrets / "NEW", b"the-value-itself")
    assert "the-value-itself" not in m.log()
    assert "uthorization" not in m.log()


# Redirects


class Relay:
    """In front of a server: knows how each connection began."""

    def __init__(self, port, address="127.0.0.1", own_port=0):
        self._target = port
        self._socket = socket.create_server((address, own_port))
        self.port = self._socket.getsockname()[1]
        self.beginnings = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.settimeout(60)
        with contextlib.suppress(OSError), client:
            first = client.recv(1 << 16)
            self.beginnings.append(first[:16])
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                server.sendall(first)
                back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                back.start()
                self._pump(client, server)
                back.join(60)

    @staticmethod
    def _pump(source, target):
        with contextlib.suppress(OSError):
            while True:
                data = source.recv(1 << 16)
                if not data:
                    break
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self):
        # shutdown, since close alone does not wake who accepts.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def relay():
    made = []

    def start(*arguments):
        made.append(Relay(*arguments))
        return made[-1]

    yield start
    for one in made:
        one.close()


CODES = [301, 302, 307, 308]


def provoke(m, code, method, target):
    """A redirect of one request, which must be the end of it."""
    location = f"{target}{LIST}"
    path = {"GET": LIST, "PUT": NEW, "DELETE": OLD}[method]
    m.github.fault(
        method=method, path=path, count=-1, status=code, headers={"Location": location}
    )
    with fails("EPROTO"):
        if method == "GET":
            os.listdir(m.secrets)
        elif method == "PUT":
            put(m.secrets / "NEW", b"value")
        else:
            os.unlink(m.secrets / "NPM_TOKEN")
    m.github.clear_faults()


@pytest.mark.parametrize("where_to", ["port", "host", "address", "scheme"])
def test_redirects_elsewhere(mount, github, new_github, relay, where_to):
    """By the other server's journal, or by what reached its socket."""
    front = relay(github.port)
    other = new_github()
    beside = relay(other.port, "127.0.0.2", front.port)
    target = {
        "port": f"http://127.0.0.1:{other.port}",
        "host": f"http://localhost:{other.port}",
        "address": f"http://127.0.0.2:{front.port}",
        "scheme": f"https://127.0.0.1:{front.port}",
    }[where_to]
    m = mount(api_url=f"http://127.0.0.1:{front.port}", cache_ttl=0)
    m.warm()
    for code, method in itertools.product(CODES, ["GET", "PUT", "DELETE"]):
        provoke(m, code, method, target)
    assert other.journal() == []
    assert beside.beginnings == []
    assert front.beginnings and not any(b.startswith(b"\x16") for b in front.beginnings)
    assert github.writes(OLD) == 0 and github.plaintext(NEW) is None


def test_redirects_by_name_of_the_same_host(mount, github, relay):
    """localhost is not 127.0.0.1, as far as a token goes."""
    front = relay(github.port)
    m = mount(api_url=f"http://127.0.0.1:{front.port}", cache_ttl=0)
    m.warm()
    for code, method in itertools.product(CODES, ["GET", "PUT", "DELETE"]):
        provoke(m, code, method, f"http://localhost:{front.port}")
    assert all("localhost" not in r["headers"]["host"] for r in github.journal())


def test_redirects_from_tls_to_the_clear(mount, tls, github, relay):
    front = relay(tls.port)
    m = mount(api_url=f"https://localhost:{front.port}", cacert=tls.ca_file, cache_ttl=0)
    m.warm()
    for code, method in itertools.product(CODES, ["GET", "PUT", "DELETE"]):
        provoke(m, code, method, f"http://localhost:{front.port}")
    assert front.beginnings and all(b.startswith(b"\x16") for b in front.beginnings)
    assert github.writes(OLD) == 0


@pytest.mark.parametrize("code", CODES)
def test_redirects_on_the_same_server_keep_method_and_body(mount, github, code):
    """As GitHub redirects from the old name of a repository to its number."""
    m = mount()
    _, _, repository = github.api("GET", "/repos/acme/web")
    there = f"/repositories/{repository['id']}/actions/secrets/NEW"
    m.warm()
    github.fault(method="PUT", path=NEW, status=code, headers={"Location": github.url + there})
    put(m.secrets / "NEW", b"value")
    assert m.requests() == [f"PUT {NEW}", f"PUT {there}"]
    assert github.plaintext(NEW) == b"value"


@pytest.mark.parametrize("code", CODES)
def test_redirects_to_another_secret(mount, github, code):
    m = mount()
    m.warm()
    there = f"{github.url}{LIST}/OTHER"
    github.fault(method="PUT", path=NEW, status=code, headers={"Location": there})
    with fails("EPROTO"):
        put(m.secrets / "NEW", b"value")
    assert m.requests() == [f"PUT {NEW}"]


@pytest.mark.parametrize(
    "location",
    [
        "//127.0.0.2/x",
        "http://127.0.0.1@127.0.0.2/x",
        "http://127.0.0.1:1\\@127.0.0.2/x",
        "http://127.0.0.1.example.com/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "http:///x",
        "http://[::1]/x",
        "\\\\127.0.0.2\\x",
        "x" * 20000,
    ],
    ids=lambda v: v[:30],
)
def test_odd_redirects(mount, github, location):
    m = mount()
    m.warm()
    before = m.status()["connections"]
    github.fault(method="PUT", count=-1, status=307, headers={"Location": location})
    with fails("EPROTO", "EACCES", "EIO"):
        put(m.secrets / "NEW", b"value")
    assert m.status()["connections"].split()[0] == before.split()[0]
    assert all(line.isprintable() for line in m.errors())


# A server's text

HOSTILE = "evil\r\nX-More: 1\r\n\r\n\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u2028\0end"


@pytest.mark.parametrize("spec", ["message", "errors", "headers"])
def test_a_servers_text_reaches_no_terminal_raw(mount, spec):
    m = mount()
    fault = {
        "message": {"body": {"message": HOSTILE}},
        "errors": {"body": {"message": "x", "errors": [{"message": HOSTILE}, HOSTILE]}},
        "headers": {
            "headers": {
                "X-GitHub-Request-Id": "A\x1b[31mB",
                "X-Accepted-GitHub-Permissions": "secrets=\x1b[2Jwrite",
            }
        },
    }[spec]
    m.github.fault(method="PUT", count=-1, status=409, **fault)
    # script gives the shell a terminal, which is where the mount writes its line.
    skip_unless(shutil.which("script"), "script (package bsdutils) is not installed")
    done = m.sh("script -qec 'echo value > NEW' /dev/null; cp /proc/version NEW; sync NPM_TOKEN")
    said = (done.stdout + done.stderr).replace("\r\n", "\n")
    assert "NEW" in said
    for text in (*said.splitlines(), *m.errors(), *m.log().splitlines()):
        assert text.isprintable(), ascii(text)
    assert m.failures() == 2
    assert "value" not in "".join(m.errors())


# Bodies

LIMIT = 8 << 20


@pytest.mark.parametrize("spec", [{"body_size": LIMIT + 1}, {"body_depth": 5000}], ids=str)
@pytest.mark.parametrize("what", ["listing", "key", "lookup"])
def test_bodies_out_of_all_proportion(mount, what, spec):
    m = mount()
    os.stat(m.secrets)
    path = {"listing": LIST, "key": f"{LIST}/public-key", "lookup": OLD}[what]
    m.github.fault(path=path, count=-1, **spec)
    with fails("EPROTO"):
        if what == "listing":
            os.listdir(m.secrets)
        else:
            put(m.secrets / "NPM_TOKEN", b"value")
    m.github.clear_faults()
    wait_until(lambda: m.sh("ls && printf value > NPM_TOKEN").returncode == 0, 5, "better times")
    assert m.github.plaintext(OLD) == b"value"


class Bomb(http.server.BaseHTTPRequestHandler):
    """Answers with a few bytes that unpack to a lot."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/user":
            body = json.dumps({"login": "octavia", "id": 1, "type": "User"}).encode()
            packed = False
        else:
            packer = zlib.compressobj(9, wbits=31)
            body = packer.compress(b" " * (64 << 20)) + packer.flush()
            packed = True
        self.send_response(200)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_body_that_unpacks_beyond_the_limit(mount, github):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bomb)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        m = mount(api_url=f"http://127.0.0.1:{server.server_port}")
        before = int(status_of(m.pid)["VmHWM"].split()[0])
        with fails("EPROTO"):
            os.listdir(m.path / "repos")
        grown = int(status_of(m.pid)["VmHWM"].split()[0]) - before
        assert grown < 40 << 10, f"{grown} KiB more"
    finally:
        server.shutdown()
        server.server_close()


# What is refused before anything is sent


def refused(run, directory, *options, environment=None):
    directory.mkdir()
    arguments = [part for option in options for part in ("-o", option)]
    done = run("-f", "-o", "timeout=3", *arguments, directory, environment=environment)
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1 and done.stderr[:-1].isprintable(), done.stderr
    assert TOKEN not in done.stderr
    assert not is_mounted(directory)
    return done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://api.example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://127.0.0.1@192.0.2.1/",
        "http://[2001:db8::1]/",
        "http://0x7f.1.example.com/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_plain_http_to_another_machine(run, tmp_path, url):
    refused(run, tmp_path / "mnt", f"api_url={url}")


MORE_THAN_A_TOKEN = [
    f"{TOKEN}\rX-Evil: 1\n",
    f"{TOKEN}\0X-Evil: 1\n",
    f"{TOKEN}\x0bX\n",
    f"{TOKEN} X-Evil: 1\n",
    f"{TOKEN}\u00e9\n",
]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (text, origin)
        for text, origin in itertools.product(
            MORE_THAN_A_TOKEN, ["file", "command", "environment"]
        )
        if not (origin == "environment" and "\0" in text)  # no variable can hold it
    ],
    ids=ascii,
)
def test_a_token_that_is_more_than_a_token(run, github, tmp_path, text, origin):
    source = tmp_path / "token"
    source.write_bytes(text.encode())
    source.chmod(0o600)
    url = f"api_url={github.url}"
    directory = tmp_path / "mnt"
    if origin == "environment":
        refused(run, directory, url, environment={"GH_TOKEN": text})
    else:
        option = f"token_file={source}" if origin == "file" else f"token_command=cat {source}"
        refused(run, directory, url, option, environment={"GH_TOKEN": None})
    assert github.journal() == []


def test_further_lines_of_a_token_file_are_not_sent(mount, github, tmp_path):
    source = tmp_path / "token"
    source.write_text(f"{TOKEN}\r\nX-Evil: 1\r\n", encoding="ascii")
    source.chmod(0o600)
    m = mount(token_file=source, environment={"GH_TOKEN": None})
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    for request in github.journal():
        assert "x-evil" not in request["headers"]
        assert request["headers"]["authorization"].split(" ", 1)[1] == TOKEN


@pytest.mark.parametrize(
    "name", ["a\r\nX-Evil: 1", "..%2f..%2fuser", "x?y=1", "x#y", "%00", "a b", "\u00e9"], ids=ascii
)
def test_names_reach_the_server_encoded(mount, github, name):
    m = mount()
    os.stat(m.path / "repos/acme")
    github.clear_journal()
    assert not exists(m.path / "repos/acme" / name)
    for request in github.journal():
        assert "x-evil" not in request["headers"]
        path = request["path"].split("?")[0]
        assert path.count("/") == 3 and path.isascii() and " " not in path, path


@pytest.mark.root("acts as another user")
def test_a_mount_is_its_owners(mount):
    """Not even with the right mode does another user come in."""
    m = mount(umask="0")
    done = subprocess.run(
        ["ls", str(m.path / WEB)],
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode != 0 and "Permission denied" in done.stderr
