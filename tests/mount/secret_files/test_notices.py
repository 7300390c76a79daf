"""A writer that never looks at close is told on its own standard error (contract §3.17)."""

import contextlib
import os
import pathlib
import pty
import select
import socket
import subprocess
import sys
import tempfile
import termios
import time

import pytest

from kit import mounting, users
from kit.demo import LIST
from kit.needs import need_tools

OLD = f"{LIST}/NPM_TOKEN"
TOOL_TIMEOUT = 30  # seconds; only so that what hangs fails
REASON = "The moon is in the wrong house (M-17)"
NOTICE = f"ghsecretfs: NPM_TOKEN not stored: {REASON}"


def refuse(m, message=REASON):
    m.github.fault(method="PUT", status=422, body={"message": message}, count=-1)


def start(m, words, **streams):
    return subprocess.Popen(words, cwd=m.secrets, stdin=subprocess.DEVNULL, **streams)


def read_all(fd, process, timeout=TOOL_TIMEOUT):
    """What comes until the process has ended and nothing more is there."""
    received = b""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        ended = process.poll() is not None
        ready, _, _ = select.select([fd], [], [], 0 if ended else 0.05)
        if ready:
            try:
                piece = os.read(fd, 4096)
            except OSError:  # EIO: nobody has the terminal any more
                return received
            received += piece
            if not piece:
                return received
        elif ended:
            return received
    raise AssertionError(f"still running after {timeout} s; it said {received!r}")


@contextlib.contextmanager
def terminal():
    master, slave = pty.openpty()
    try:
        yield master, slave
    finally:
        os.close(master)
        os.close(slave)


def on_a_terminal(m, words):
    with terminal() as (master, slave):
        process = start(m, words, stdout=slave, stderr=slave)
        said = read_all(master, process)
        process.wait(TOOL_TIMEOUT)
    return process.returncode, said.decode().replace("\r\n", "\n")


def on_a_pipe(m, words):
    done = subprocess.run(
        words,
        cwd=m.secrets,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT,
        check=False,
    )
    return done.returncode, done.stderr


# Programs that can't see an error of close, or don't look.

WRITERS = {
    "bash": ["bash", "-c", "echo v > NPM_TOKEN"],
    "bash, many lines": ["bash", "-c", "printf '%s\\n' a b c > NPM_TOKEN"],
    "bash, a group": ["bash", "-c", "{ echo a; /bin/true; echo b; } > NPM_TOKEN"],
    "bash, exec": ["bash", "-c", "exec 5> NPM_TOKEN; echo a >&5; exec 5>&-"],
    "dash": ["dash", "-c", "echo v > NPM_TOKEN"],
    "dash, exec": ["dash", "-c", "exec 5> NPM_TOKEN; echo a >&5"],
    "zsh": ["zsh", "-c", "echo v > NPM_TOKEN"],
    "perl": ["perl", "-e", "open(F, '>', 'NPM_TOKEN'); print F 'v'; close(F)"],
    "perl, not closed": ["perl", "-e", "open(F, '>', 'NPM_TOKEN'); print F 'v'"],
    "gawk": ["gawk", 'BEGIN { print "v" > "NPM_TOKEN" }'],
    "python": [sys.executable, "-c", "open('NPM_TOKEN', 'w').write('v')"],
    "python, print": ["bash", "-c", f"{sys.executable} -c 'print(1)' > NPM_TOKEN"],
    "node": ["bash", "-c", "node -e 'console.log(1)' > NPM_TOKEN"],
    "openssl": ["openssl", "rand", "-out", "NPM_TOKEN", "40"],
    "openssl >": ["bash", "-c", "openssl rand 40 > NPM_TOKEN"],
}


@pytest.mark.parametrize("run", [on_a_terminal, on_a_pipe])
@pytest.mark.parametrize("words", WRITERS.values(), ids=WRITERS)
def test_the_writer_is_told(mount, words, run):
    need_tools(words[0])
    if "node" in words[-1]:
        need_tools("node")
    if "openssl" in words[-1]:
        need_tools("openssl")
    m = mount()
    m.warm()
    before = m.github.plaintext(OLD)
    refuse(m)
    _, said = run(m, words)
    assert said.splitlines().count(NOTICE) == 1, said
    assert m.github.plaintext(OLD) == before


@pytest.mark.parametrize("shell, run", [("bash", on_a_terminal), ("dash", on_a_pipe)])
def test_other_reasons(mount, run, shell):
    m = mount(timeout=1)
    m.warm()
    for fault, reason in (
        ({"status": 500, "body": {"message": "A bolt is loose"}}, "A bolt is loose"),
        ({"action": "hang"}, ""),
        ({"status": 403, "body": {"message": "Not yours"}}, "Not yours"),
    ):
        m.github.clear_faults()
        m.github.fault(method="PUT", count=-1, **fault)
        _, said = run(m, [shell, "-c", "echo v > NPM_TOKEN"])
        assert "ghsecretfs: NPM_TOKEN not stored: " + reason in said
    m.github.clear_faults()


def test_a_failed_writer_is_told(mount):
    m = mount()
    m.warm()
    _, said = on_a_pipe(m, ["bash", "-c", "sh -c 'echo x; exit 3' > NPM_TOKEN"])
    (line,) = [line for line in said.splitlines() if line.startswith("ghsecretfs: ")]
    assert "exit status 3" in line
    assert line.count("not stored") == 1


ONCE = {
    "killed in a group": "{ sh -c 'echo x; kill -9 $$'; } > NPM_TOKEN; env true",
    "killed, and copies": "exec 5> NPM_TOKEN; (echo x >&5; kill -9 $BASHPID); exec 6>&5 5>&- 6>&-",
    "killed with copies": "(exec 6>&1 7>&1; echo x; kill -9 $BASHPID) > NPM_TOKEN",
    "failed with copies": "(exec 6>&1 7>&1; echo x; exit 3) > NPM_TOKEN",
    "too long": "exec 5> NPM_TOKEN; head -c 70000 /dev/zero >&5 2>&-; env true; env true; exec 5>&-",
    "a refused name": "echo x > .x; mv .x A-B",
    "a refused name, written": "cp /proc/version A-B; rm -f A-B",
}


@pytest.mark.parametrize("command", ONCE.values(), ids=ONCE)
def test_one_line_a_failure(mount, command):
    m = mount()
    m.warm()
    _, said = on_a_pipe(m, ["bash", "-c", command])
    (line,) = [line for line in said.splitlines() if line.startswith("ghsecretfs: ")]
    assert "not stored: " in line
    assert not m.github.requests("PUT")


def test_each_failure_has_a_line(mount):
    m = mount()
    m.warm()
    _, said = on_a_pipe(m, ["bash", "-c", "for name in A-B C-D A-B; do cp /proc/version $name; done"])
    assert said.count("ghsecretfs: ") == 3


def test_success_is_silent(mount):
    m = mount()
    for run in (on_a_terminal, on_a_pipe):
        assert run(m, ["bash", "-c", "echo v > NPM_TOKEN; : > NEW; touch NEW"]) == (0, "")


@pytest.mark.parametrize("run", [on_a_terminal, on_a_pipe])
@pytest.mark.parametrize("command", ["echo v > NPM_TOKEN", "echo v > MY-TOKEN"])
def test_quiet(mount, run, command):
    m = mount(failed_close="quiet")
    m.warm()
    refuse(m)
    for shell in ("bash", "dash"):
        _, said = run(m, [shell, "-c", command])
        assert "ghsecretfs" not in said
    assert m.errors()


# A file, a socket


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm"])
@pytest.mark.parametrize("sign", [">", ">>"])
def test_a_file(mount, place, sign):
    """At the position that the writer's own lines have."""
    m = mount()
    m.warm()
    refuse(m)
    with tempfile.TemporaryDirectory(dir=place) as directory:
        target = pathlib.Path(directory) / "stderr"
        target.write_text("old\n", encoding="ascii")
        before = "old\n" if sign == ">>" else ""
        for command in ("echo v > NPM_TOKEN", "exec 5> NPM_TOKEN; echo v >&5; exec 5>&-"):
            words = f"exec 2{sign}{target}; echo one >&2; {command}; echo two >&2"
            assert on_a_pipe(m, ["bash", "-c", words]) == (0, "")
            assert target.read_text(encoding="utf-8") == f"{before}one\n{NOTICE}\ntwo\n"
            target.write_text("old\n", encoding="ascii")
        words = f"echo v 2{sign}{target} > MY-TOKEN; echo v > MY-TOKEN 2{sign}{target}"
        assert on_a_pipe(m, ["bash", "-c", words])[0] != 0
        assert "MY-TOKEN not stored" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET])
def test_a_socket(mount, kind):
    """As a service has one to the journal."""
    m = mount()
    m.warm()
    refuse(m)
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    with ours, theirs:
        process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=theirs)
        assert process.wait(TOOL_TIMEOUT) == 0
        ours.settimeout(TOOL_TIMEOUT)
        assert ours.recv(4096).decode() == NOTICE + "\n"
        assert os.get_blocking(theirs.fileno())


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_full_socket(mount, kind):
    m = mount()
    m.warm()
    refuse(m)
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    with ours, theirs:
        fill(theirs.fileno())
        process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=theirs)
        assert process.wait(TOOL_TIMEOUT) == 0
        assert os.listdir(m.secrets)
        assert os.get_blocking(theirs.fileno())
    assert m.failures() == 1


def test_a_socket_that_nobody_reads(mount):
    m = mount()
    m.warm()
    refuse(m)
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=theirs)
        assert process.wait(TOOL_TIMEOUT) == 0
    assert m.failures() == 1


@pytest.mark.root("makes a pipe that ann can't open")
def test_a_pipe_that_root_made(binary, github):
    """As cron and supervisors make them."""
    refused = {"message": REASON}
    with users.Users(github) as people:
        m = people.mount("ann")
        people.do("ann", f"ls {m}")
        github.fault(method="PUT", status=422, body=refused, count=-1)
        command = f"readlink /proc/self/fd/2; cat /proc/self/fd/2 || echo v > {m}/NPM_TOKEN"
        done = people.run("ann", command)
        assert done.stdout.startswith("pipe:[") and "Permission denied" in done.stderr
        assert done.stderr.splitlines().count(NOTICE) == 1
        github.clear_faults()


def run_as_root(*words):
    subprocess.run(words, check=True, timeout=TOOL_TIMEOUT)


@pytest.mark.root("mounts and freezes a file system")
def test_a_file_that_can_not_be_written_now(mount, tmp_path):
    """The mount goes on, and the line comes when it can."""
    need_tools("mkfs.ext4", "fsfreeze", "losetup")
    image, place = tmp_path / "image", tmp_path / "place"
    place.mkdir()
    commands = [f"truncate -s 8M {image}", f"mkfs.ext4 -q {image}", f"mount {image} {place}"]
    run_as_root("sh", "-ec", ";".join(commands))
    target = place / "stderr"
    try:
        target.touch()
        m = mount()
        m.warm()
        refuse(m)
        with open(target, "wb") as stderr:
            run_as_root("fsfreeze", "--freeze", place)
            try:
                for _ in range(10):
                    process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=stderr)
                    assert process.wait(TOOL_TIMEOUT) == 0
                    assert os.listdir(m.secrets)
            finally:
                run_as_root("fsfreeze", "--unfreeze", place)
        mounting.wait_until(target.read_bytes, what="the line")
        assert set(target.read_text(encoding="utf-8").splitlines()) == {NOTICE}
        assert m.failures() == 10
        m.stop()
    finally:
        run_as_root("umount", place)


# Where it must not go


def test_not_to_a_terminal_in_raw_mode(mount):
    """An editor draws on all of it."""
    m = mount()
    m.warm()
    refuse(m)
    command = "stty {} <&2; echo v > NPM_TOKEN"
    with terminal() as (master, slave):
        words = f"{command.format('raw')}; {command.format('sane')}"
        process = start(m, ["bash", "-c", words], stderr=slave)
        said = read_all(master, process)
    assert said.decode().count("ghsecretfs") == 1


def test_not_on_the_screen_of_vim(mount):
    need_tools("vim")
    m = mount()
    m.warm()
    refuse(m)
    commands = ["set nomore", "normal ix", "silent! w!", "qa!"]
    words = ["vim", "-Nu", "NONE", *(f"+{command}" for command in commands), "NPM_TOKEN"]
    with terminal() as (master, slave):
        process = subprocess.Popen(
            words, cwd=m.secrets, stdin=slave, stdout=slave, stderr=slave
        )
        said = read_all(master, process)
    assert m.github.requests("PUT")
    assert b"ghsecretfs" not in said


@pytest.mark.parametrize("run", [on_a_terminal, on_a_pipe])
def test_not_for_a_name_that_vim_tries(mount, run):
    m = mount()
    status, said = run(m, ["bash", "-c", "echo v > 4913"])
    assert status != 0 and "ghsecretfs" not in said
    _, said = run(m, ["bash", "-c", "echo v > 49130"])
    assert "ghsecretfs: 49130 not stored: " in said


def test_not_to_a_file_of_another_program(mount, tmp_path):
    """Another mount of this program has it, and would be asked when the copy is closed."""
    m, other = mount(), mount()
    m.warm()
    refuse(m)
    target = other.path / "repos/acme/web/environments/production/secrets/LOG"
    for command in (f"exec 2> {target}; echo v > NPM_TOKEN", f"echo v 2> {target} > NPM_TOKEN"):
        assert on_a_pipe(m, ["bash", "-c", command])[1] == ""
    assert not [r for r in m.github.requests("PUT") if r["path"] != OLD]


def test_not_to_an_internet_connection(mount):
    m = mount()
    m.warm()
    refuse(m)
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        with theirs, server.accept()[0] as ours:
            process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=theirs)
            assert process.wait(TOOL_TIMEOUT) == 0
            theirs.close()
            ours.settimeout(TOOL_TIMEOUT)
            assert ours.recv(4096) == b""


def test_not_to_a_device(mount):
    m = mount()
    m.warm()
    refuse(m)
    process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=subprocess.DEVNULL)
    assert process.wait(TOOL_TIMEOUT) == 0
    assert m.failures() == 1


def test_not_to_a_named_pipe(mount, tmp_path):
    m = mount()
    m.warm()
    refuse(m)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with os.fdopen(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        with open(fifo, "wb") as writer:
            process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=writer)
            assert process.wait(TOOL_TIMEOUT) is not None
        assert not reader.read()


def test_not_through_a_descriptor_for_reading(mount):
    """Opened anew by its number, the reading end of a pipe would take what is written."""
    m = mount()
    m.warm()
    refuse(m)
    read, write = os.pipe()
    try:
        process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=read)
        process.wait(TOOL_TIMEOUT)
        os.close(write)
        assert os.read(read, 4096) == b""
    finally:
        os.close(read)
    assert m.errors()


def test_not_without_standard_error(mount):
    m = mount()
    m.warm()
    refuse(m)
    for command in ("exec 2>&-; echo v > NPM_TOKEN", "exec 2> /dev/null; echo v > NPM_TOKEN"):
        assert on_a_pipe(m, ["bash", "-c", command])[1] == ""
    assert m.failures() == 2


@pytest.mark.root("acts as another user")
def test_not_to_another_user(mount):
    """Whoever lets others write must not have his errors, in his name, on their terminals."""
    need_tools("setpriv")
    m = mount(allow_other=True, uid=65534, gid=65534)
    m.warm()
    before = m.github.plaintext(OLD)
    refuse(m)
    as_other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    status, said = on_a_pipe(m, [*as_other, "bash", "-c", "echo v > NPM_TOKEN"])
    assert m.github.requests("PUT"), said
    assert "ghsecretfs" not in said
    status, said = on_a_pipe(m, [*as_other, "bash", "-c", "echo v > MY-TOKEN"])
    assert status != 0 and "ghsecretfs" not in said
    assert m.github.plaintext(OLD) == before


@pytest.mark.parametrize("name", ["DEPLOY_KEY", "NEW"])
@pytest.mark.parametrize(
    "command", ["echo v 2> {} > NPM_TOKEN", "exec 2> {}; echo v > NPM_TOKEN"]
)
def test_standard_error_in_the_mount_itself(mount, name, command):
    """Whoever opened it would wait for himself."""
    m = mount()
    m.warm()
    refuse(m)
    for shell in ("bash", "dash"):
        process = start(m, [shell, "-c", command.format(name)], stderr=subprocess.DEVNULL)
        assert process.wait(TOOL_TIMEOUT) is not None
    assert os.listdir(m.secrets)
    assert all(r["path"] == OLD for r in m.github.requests("PUT"))
    assert len(m.github.requests("PUT")) == 2


# It never waits


def fill(fd):
    os.set_blocking(fd, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(fd, b"x" * 4096)
    os.set_blocking(fd, True)


@pytest.mark.parametrize("command", ["echo v > NPM_TOKEN", "exec 5> NPM_TOKEN; echo v >&5"])
def test_a_full_pipe(mount, command):
    m = mount()
    m.warm()
    refuse(m)
    read, write = os.pipe()
    try:
        fill(write)
        process = start(m, ["bash", "-c", command], stderr=write)
        assert process.wait(TOOL_TIMEOUT) == 0
        assert os.listdir(m.secrets)
        # It left the pipe as it was: nobody else's writes fail because of it.
        assert os.get_blocking(write)
    finally:
        os.close(read)
        os.close(write)
    assert len(m.errors()) == 1


def test_a_pipe_that_nobody_reads(mount):
    m = mount()
    m.warm()
    refuse(m)
    for command in ("echo v > NPM_TOKEN", "exec 5> NPM_TOKEN; echo v >&5; sleep 0.1"):
        read, write = os.pipe()
        process = start(m, ["bash", "-c", command], stderr=write)
        os.close(read)
        os.close(write)
        assert process.wait(TOOL_TIMEOUT) == 0
    assert m.failures() == 2


def test_a_stopped_terminal(mount):
    m = mount()
    m.warm()
    refuse(m)
    with terminal() as (_, slave):
        termios.tcflow(slave, termios.TCOOFF)
        process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stdout=slave, stderr=slave)
        assert process.wait(TOOL_TIMEOUT) == 0
        assert os.listdir(m.secrets)
        termios.tcflow(slave, termios.TCOON)
    assert len(m.errors()) == 1


def test_a_terminal_that_goes_away(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=300, status=422)
    master, slave = pty.openpty()
    command = "trap '' HUP; exec 5> NPM_TOKEN; echo v >&5; exec 5>&-"
    process = start(m, ["bash", "-c", command], stdout=slave, stderr=slave)
    m.github.wait_for(lambda requests: requests)
    os.close(slave)
    os.close(master)
    assert process.wait(TOOL_TIMEOUT) == 0
    assert len(m.errors()) == 1


def test_the_reader_sees_the_end(mount):
    """No copy of the writer's standard error is kept once the file is closed."""
    m = mount()
    m.warm()
    refuse(m)
    read, write = os.pipe()
    process = start(m, ["bash", "-c", "echo v > NPM_TOKEN"], stderr=write)
    os.close(write)
    process.wait(TOOL_TIMEOUT)
    with os.fdopen(read, "rb") as reader:

        def has_ended():
            ready, _, _ = select.select([reader], [], [], 0)
            return ready and not os.read(reader.fileno(), 4096)

        mounting.wait_until(has_ended, what="the end of the pipe")


# A server's text is made harmless

MESSAGES = {
    "escapes": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m",
    "lines": "one\ntwo\r\nthree\rfour",
    "long": "y" * 5000,
    "long and wide": "\N{EURO SIGN}" * 500,
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f\u2028\u202e\u200b" + "end",
    "a line of ours": "x\nghsecretfs: DEPLOY_KEY not stored: lie",
    "a format": "%s%n%x 100%",
    "nothing": "",
}


@pytest.mark.parametrize("run", [on_a_terminal, on_a_pipe])
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_servers_text(mount, run, message):
    m = mount()
    m.warm()
    refuse(m, message)
    _, said = run(m, ["bash", "-c", "echo v > NPM_TOKEN"])
    (line,) = said.split("\n")[:-1]
    assert line.startswith("ghsecretfs: NPM_TOKEN not stored: ")
    assert len(line) <= 200
    assert line.isprintable(), repr(line)


# Names that can't be a secret's

RULES = {
    "MY-TOKEN": "letters, digits and '_'",
    "key.pem": "letters, digits and '_'",
    "A B": "letters, digits and '_'",
    "1ST": "begins with a letter or '_'",
    "GITHUB_X": "GITHUB_",
    "github_x": "GITHUB_",
}


@pytest.mark.parametrize("run", [on_a_terminal, on_a_pipe])
@pytest.mark.parametrize("name, rule", RULES.items(), ids=RULES)
def test_the_rule_of_names(mount, run, name, rule):
    m = mount()
    for words in (["bash", "-c", f"echo v > '{name}'"], ["cp", "/proc/version", name]):
        status, said = run(m, words)
        assert status != 0
        assert os.strerror(22) in said
        (line,) = [line for line in said.splitlines() if line.startswith("ghsecretfs: ")]
        assert name in line and rule in line
    assert not m.github.requests("PUT")
    assert any("EINVAL" in line and rule in line for line in m.errors())
