"""Where the token and the program's descriptors must not go."""

import os
import shutil
import socket
import subprocess
import threading

import pytest

from kit.calls import fails, put
from kit.demo import LIST
from kit.mounting import wait_until
from kit.needs import skip_unless
from kit.standin import TOKEN, make_certificates

O_CLOEXEC = 0o2000000


# A proxy


@pytest.fixture
def proxy():
    """Takes connections and answers nothing: its URL, and what each was sent."""
    server = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                seen.append(client.recv(4096))

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", seen
    server.close()


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy", "ALL_PROXY"])
def test_loopback_goes_through_no_proxy(mount, proxy, variable):
    url, seen = proxy
    m = mount(environment={variable: url})
    put(m.secrets / "NEW", b"value")
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"
    assert seen == []


def test_https_may_go_through_a_proxy(run, proxy, tmp_path):
    """And the proxy sees the name of the host, not the token."""
    directory = tmp_path / "mnt"
    directory.mkdir()
    url, seen = proxy
    done = run(
        *["-f", "-o", "api_url=https://api.test,timeout=2", directory],
        environment={"https_proxy": url, "GH_ENTERPRISE_TOKEN": TOKEN},
    )
    assert done.returncode == 2
    assert seen and seen[0].startswith(b"CONNECT api.test:443 ")
    assert TOKEN.encode() not in b"".join(seen)


# Descriptors


def flags_of(pid, number):
    with open(f"/proc/{pid}/fdinfo/{number}", encoding="ascii") as info:
        return next(int(line.split()[1], 8) for line in info if line.startswith("flags"))


@pytest.mark.root("the descriptors of a process that is not dumpable")
def test_all_descriptors_are_close_on_exec(mount):
    m = mount()
    m.warm()
    m.github.fault(path=f"{LIST}/NEW", method="PUT", action="hang")
    with subprocess.Popen(["sh", "-c", "echo v > NEW"], cwd=m.secrets):
        m.github.wait_for(lambda journal: any(r["method"] == "PUT" for r in journal))
        numbers = [int(n) for n in os.listdir(f"/proc/{m.pid}/fd")]
        sockets = [
            n for n in numbers if os.readlink(f"/proc/{m.pid}/fd/{n}").startswith("socket:")
        ]
        inherited = [n for n in numbers if n > 2 and not flags_of(m.pid, n) & O_CLOEXEC]
        m.github.clear_faults()
    assert sockets
    assert inherited == []


def test_a_command_inherits_nothing(mount, github, tmp_path):
    """Run while connections are open: it has its three descriptors, and ls its own."""
    seen = tmp_path / "seen"
    command = f"ls /proc/self/fd > {seen}; printf %s {TOKEN}"
    m = mount(token_command=command, environment={"GH_TOKEN": None})
    os.listdir(m.secrets)
    seen.unlink()
    github.fault(path=f"{LIST}/public-key", status=401)
    put(m.secrets / "NEW", b"value")
    assert seen.read_text(encoding="ascii").split() == ["0", "1", "2", "3"]


# A server that says what it was sent

ECHO = f"you sent {TOKEN}, and {TOKEN[:7]}\\u002d{TOKEN[8:]}"


@pytest.mark.undescribed("answers that no GitHub gives")
def test_a_server_that_echoes_the_token(mount):
    m = mount()
    m.warm()
    headers = {
        "X-GitHub-Request-Id": f"A1:{TOKEN}",
        "X-Accepted-GitHub-Permissions": "x" * 115 + TOKEN,
    }
    m.github.fault(
        method="PUT", count=-1, status=409, headers=headers, body=f'{{"message":"{ECHO}"}}'
    )
    done = m.sh("cp /proc/version NEW; echo v > NEW2")
    with fails("EBUSY"):
        put(m.secrets / "NEW", b"v")
    told = "\n".join(m.errors()) + m.log() + done.stdout + done.stderr
    assert TOKEN not in told
    assert "you sent ***, and ***" in told
    assert "[request A1:***]" in told
    assert TOKEN[:7] not in told  # cut before it is hidden, half of it would be left


@pytest.mark.undescribed("answers that no GitHub gives")
@pytest.mark.parametrize(
    "fault",
    [
        {"body": {"total_count": 1, "secrets": [{"name": TOKEN * 30}]}},
        {"body": {"total_count": 2, "secrets": [{"name": TOKEN}, {"name": TOKEN.upper()}]}},
        {"body": {"total_count": 1, "secrets": [{"name": f"\0{TOKEN}"}]}},
        {"status": 302, "headers": {"Location": f"https://other.test/{TOKEN}"}},
    ],
    ids=["long", "twice", "nul", "redirect"],
)
def test_names_and_addresses_that_are_the_token(mount, fault):
    m = mount(flags=["-d"])
    m.github.fault(path=LIST, **fault)
    m.sh("ls")
    assert m.errors()
    assert TOKEN not in "\n".join(m.errors())
    assert "***" in "\n".join(m.errors())
    assert "***" in m.log()
    assert TOKEN not in m.log()  # nor in what libfuse says with -d


# TLS


@pytest.mark.parametrize("version, works", [("tls1_1", False), ("tls1_2", True)])
def test_tls_1_2_is_the_least(run, tmp_path, version, works):
    """Also where the system would take less."""
    skip_unless(shutil.which("openssl"), "openssl is not installed")
    ca, certificate, key = make_certificates(str(tmp_path))
    lax = tmp_path / "openssl.cnf"
    lax.write_text(
        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
        "MinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=0\n",
        encoding="ascii",
    )
    directory = tmp_path / "mnt"
    directory.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", f"-{version}", "-www"]
        + ["-cert", certificate, "-key", key, "-cipher", "DEFAULT:@SECLEVEL=0"],
        env={**os.environ, "OPENSSL_CONF": str(lax)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_open(port), what="openssl")
        options = f"api_url=https://localhost:{port},cacert={ca},timeout=3"
        done = run("-f", "-o", options, directory, environment={"OPENSSL_CONF": str(lax)})
    finally:
        server.terminate()
        server.wait(10)
    assert done.returncode == 2
    # Its page is no API, but it was read.
    assert ("is not the REST API" in done.stderr) == works, done.stderr
    assert ("has no TLS 1.2 or newer" in done.stderr) != works, done.stderr


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
