"""Who still has a file in hand when somebody lets go of it (contract §3.14)."""

import ctypes
import errno
import os
import resource
import subprocess
import sys
import threading
import time

import pytest

from kit import mounting, strangers
from kit.calls import exists, fails, opened
from kit.demo import LIST, WEB_SECRETS
from kit.standin import TOKEN

NEW = f"{LIST}/NEW"
OLD = f"{LIST}/NPM_TOKEN"
TOOL_TIMEOUT = 30  # seconds; only so that what hangs fails

START = """
import array, os, resource, socket, sys, time
name = sys.argv[1]
def open_it(): return os.open(name, os.O_WRONLY | os.O_CREAT)
"""


def python(m, code, name, **arguments):
    return subprocess.run(
        [sys.executable, "-c", START + code, name],
        cwd=m.secrets,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT,
        check=False,
        **arguments,
    )


# A child that wrote through the opener's descriptor, and has the secret open itself.

CHILD = """
fd = open_it()
ours, theirs = socket.socketpair()
if os.fork() == 0:
    ours.close()
    os.write(fd, b"half")
    own = open_it()
    {child}
    theirs.send(b"x")
    theirs.recv(1)
    os._exit(0)
theirs.close()
ours.recv(1)
{parent}
"""
OWN = {
    "has only its own": "os.close(fd)",
    "has copies of its own": "os.close(fd); os.dup(own); os.dup(own)",
    "has a grandchild with it": "os.close(fd); os.fork() or (time.sleep(0.2), os._exit(0))",
}


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("child", OWN.values(), ids=OWN)
def test_an_opener_that_fails(mount, child, name):
    m = mount()
    m.warm()
    before = m.github.plaintext(f"{LIST}/{name}")
    done = python(m, CHILD.format(child=child, parent="os._exit(3)"), name)
    assert done.returncode == 3
    time.sleep(0.3)
    assert m.github.plaintext(f"{LIST}/{name}") == before
    assert m.requests() == []
    assert "exit status 3" in "".join(m.errors())


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("child", OWN.values(), ids=OWN)
def test_an_opener_whose_upload_fails(mount, child, name):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", status=422)
    close = "try: os.close(fd)\nexcept OSError as e: print(e.errno)\nelse: print('closed')"
    done = python(m, CHILD.format(child=child, parent=close), name)
    assert done.stdout == "22\n", done.stderr


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
def test_a_child_that_has_both(mount, name):
    """It holds more open files than it can have of its own: the value is not whole yet."""
    m = mount()
    m.warm()
    child = "os.write(own, b'own')"
    parent = "os.close(fd); ours.send(b'x'); os.wait()"
    code = CHILD.format(child=child, parent=parent).replace(
        "    os._exit(0)", "    os.write(fd, b' whole'); os.close(fd); os._exit(0)"
    )
    assert python(m, code, name).returncode == 0
    puts = m.github.requests("PUT")
    assert len(puts) == 2
    assert m.github.plaintext(f"{LIST}/{name}") in (b"half whole", b"own")


# What fails when it has written a part of it, and who opens the same file meanwhile and ends.
PARTS = {
    "secret": ("secrets/NPM_TOKEN", "echo a; /bin/echo b; echo c; exit 3"),
    "bulk file": ("secrets/.env", "echo A=1; /bin/echo B=2; echo C=3; exit 3"),
    "list": (
        "access/PAGERDUTY_KEY/repositories",
        "echo acme/infra; /bin/echo acme/docs; echo acme/web; exit 3",
    ),
}
BESIDE = {
    "who ends": "for i in $(seq 200); do /bin/cp /dev/null {file}; done & {writers}; wait",
    "each other": "{writers} & {writers} & {writers} & {writers} & {writers}; wait",
    "who has gone and left it to another": "(sleep 20 & echo $! > {pid}) > {file};"
    " {writers}; kill $(cat {pid})",
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("file, commands", PARTS.values(), ids=PARTS)
def test_a_writer_that_fails_beside_others(mount, tmp_path, file, commands, beside):
    """Whoever has the file open as well, and whatever becomes of them: nothing is stored."""
    m = mount()
    directory = m.path / "orgs/acme/actions"
    before = m.github.secrets()
    writers = f"for i in $(seq 30); do bash -c '({commands}) > {file}'; done"
    command = beside.format(file=file, writers=writers, pid=tmp_path / "pid")
    m.sh(f"exec 2> /dev/null; {command}", cwd=directory)
    mounting.wait_until(lambda: m.status()["requests"].endswith("0 queued"), what="the end")
    assert m.github.requests("PUT") == []
    assert m.github.secrets() == before


GROUPS = ["{ echo a; sleep 0.3; /bin/echo b; sleep 0.3; echo c; } > NEW"] * 3


def test_groups_that_write_one_secret_at_the_same_time(mount):
    """Each holds its own file, and none is taken for another's."""
    m = mount()
    m.warm()
    groups = [subprocess.Popen(["bash", "-c", command], cwd=m.secrets) for command in GROUPS]
    assert [group.wait(TOOL_TIMEOUT) for group in groups] == [0] * len(groups)
    assert m.github.plaintext(NEW) == b"a\nb\nc\n"
    assert m.requests() == [f"PUT {NEW}"] * len(groups)


def test_an_ancestor_far_up(mount):
    """Only the sixth one up from the writer has the file."""
    m = mount()
    m.warm()
    code = """
fd = open_it()
def descend(level):
    if os.fork() == 0:
        if level == 6:
            os.write(fd, b"a\\n")
        else:
            descend(level + 1)
        os._exit(0)
    if level > 1:
        os.close(fd)
    os.wait()
if os.fork() == 0:
    descend(1)
    time.sleep(0.1)
    os.write(fd, b"b\\n")
    os._exit(0)
os.close(fd)
os.wait()
"""
    assert python(m, code, "NEW").returncode == 0
    assert m.github.plaintext(NEW) == b"a\nb\n"
    assert m.requests() == [f"PUT {NEW}"]


def test_what_is_released_without_a_last_flush(mount):
    m = mount()
    m.warm()
    with strangers.released(m.secrets / "NEW", "value"):
        mounting.wait_until(lambda: m.github.plaintext(NEW) == b"value", what="the value")
    assert m.requests() == [f"PUT {NEW}"]


def test_a_release_that_is_refused(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", status=422)
    with strangers.released(m.secrets / "NPM_TOKEN", "value"):
        mounting.wait_until(m.errors, what="the line")
    assert "EINVAL" in m.errors()[0]


# More writers than are kept in mind.

CROWD = """
alive, count = sys.argv[2] == "alive", int(sys.argv[3])
fd = open_it()
written, write = os.pipe()
ends, end = os.pipe()
for i in range(count):
    if os.fork() == 0:
        os.close(end)
        os.write(fd, b"%d\\n" % i)
        os.write(write, b"x")
        if alive or i == count - 1:
            os.read(ends, 1)
            os.write(fd, b"end\\n") if i == count - 1 else time.sleep(0.5)
        os._exit(0)
    os.read(written, 1)
    if not alive and i < count - 1:
        os.wait()
os.close(fd)
os.close(end)
while True:
    try: os.wait()
    except ChildProcessError: break
"""


@pytest.mark.parametrize("count", [16, 17, 40])
@pytest.mark.parametrize("which", ["alive", "gone"])
def test_a_crowd_of_writers_is_one_value(mount, which, count):
    m = mount()
    m.warm()
    command = [sys.executable, "-c", START + CROWD, "NEW", which, str(count)]
    subprocess.run(command, cwd=m.secrets, timeout=TOOL_TIMEOUT, check=True)
    mounting.wait_until(lambda: m.github.plaintext(NEW), what="the PUT")
    lines = sorted([*map(str, range(count)), "end"])
    assert sorted(m.github.plaintext(NEW).decode().split()) == lines
    assert m.requests() == [f"PUT {NEW}"]


# Descriptors of the daemon


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def limit(pid):
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)


def fill_table(m):
    """No descriptor is left to the program; what it has stays. The limits before."""
    before = limit(m.pid)
    used = set(map(int, os.listdir(f"/proc/{m.pid}/fd")))
    lowest = min(set(range(len(used) + 1)) - used)
    resource.prlimit(m.pid, resource.RLIMIT_NOFILE, (lowest, before[1]))
    return before


def test_as_many_descriptors_as_there_may_be(mount, tmp_path):
    """And those that it starts have what it was given."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    given = min(soft, 256)
    said = tmp_path / "said"
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard))
        m = mount(
            environment={"GH_TOKEN": ""},
            token_command=f"ulimit -Sn >> {said}; echo {TOKEN}",
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert limit(m.pid) == (hard, hard)
    m.github.fault(count=1, status=401)
    os.listdir(m.secrets)
    assert said.read_text(encoding="ascii") == f"{given}\n" * 2


def test_no_descriptor_is_left_at_open(mount):
    m = mount()
    m.warm()
    before = fill_table(m)
    for name in ("NEW", "NPM_TOKEN", ".env", ".staged"):
        with fails("EMFILE"):
            os.open(m.secrets / name, os.O_WRONLY | os.O_CREAT)
    assert not exists(m.secrets / "NEW")
    resource.prlimit(m.pid, resource.RLIMIT_NOFILE, before)
    with opened(m.secrets / "NEW") as fd:
        os.write(fd, b"value")
    assert m.requests() == [f"PUT {NEW}"]


FULL = {
    "a group": ("os.fork() or (os.write(fd, b'b'), os._exit(0)); os.wait()", 0),
    "a writer that fails": ("os._exit(3)", 3),
    "a writer that is killed": ("os.kill(os.getpid(), 9)", -9),
    "a close": ("os.close(fd)", 1),
    "a copy": ("os.close(os.dup(fd))", 1),
}


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN", ".env"])
@pytest.mark.parametrize("code, status", FULL.values(), ids=FULL)
def test_no_descriptor_is_left_at_the_end(mount, name, code, status):
    """It can't be told whether the writer is done: then nothing is sent, and close says so."""
    m = mount(failed_close="quiet")
    m.warm()
    before = m.github.secrets()[LIST]
    start = "fd = open_it(); os.write(fd, b'A=1\\n'); print(flush=True); sys.stdin.readline()\n"
    with subprocess.Popen(
        [sys.executable, "-c", START + start + code, name],
        cwd=m.secrets,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as writer:
        writer.stdout.readline()
        limits = fill_table(m)
        _, said = writer.communicate(b"\n", timeout=TOOL_TIMEOUT)
    assert writer.returncode == status
    assert status <= 0 or status == 3 or b"Too many open files" in said
    resource.prlimit(m.pid, resource.RLIMIT_NOFILE, limits)
    assert m.github.secrets()[LIST] == before
    assert m.requests() == []
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert "EMFILE" in "".join(m.errors())


PARENT_KILLED = """
fd = open_it()
if os.fork() == 0:
    if os.fork() == 0:
        print(flush=True); os.read(0, 1)
        os.write(fd, b"A=1\\n")
        print(flush=True); os.read(0, 1)
        os._exit(0)
    os.wait()
    os.kill(os.getpid(), 9)
os.wait()
os.close(fd)
"""


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN", ".env"])
def test_no_descriptor_is_left_at_a_write(mount, name):
    """It can't be told whose child wrote last: then whoever is killed may be its parent."""
    m = mount(failed_close="quiet")
    m.warm()
    before = m.github.secrets()[LIST]
    with subprocess.Popen(
        [sys.executable, "-c", START + PARENT_KILLED, name],
        cwd=m.secrets,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as writer:
        writer.stdout.readline()
        limits = fill_table(m)
        writer.stdin.write(b"\n")
        writer.stdin.flush()
        writer.stdout.readline()
        resource.prlimit(m.pid, resource.RLIMIT_NOFILE, limits)
        _, said = writer.communicate(b"\n", timeout=TOOL_TIMEOUT)
    assert writer.returncode == 1
    assert os.strerror(errno.ECANCELED).encode() in said
    assert m.github.secrets()[LIST] == before
    assert m.requests() == []


# Descriptors of a writer


@pytest.mark.parametrize("copies", [0, 10000])
def test_very_many_descriptors(mount, copies):
    """Nobody else waits while they are looked at."""
    m = mount()
    m.warm()
    code = f"""
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
null = os.open("/dev/null", os.O_RDONLY)
for _ in range({copies}): os.dup(null)
fd = open_it()
for word in b"abc":
    os.write(fd, bytes([word]))
    if os.fork() == 0: os._exit(0)
    os.wait()
os.close(fd)
"""
    waits, over = [], threading.Event()

    def ask():
        while not over.is_set():
            begin = time.monotonic()
            (m.path / ".ghsecretfs/status").read_bytes()
            waits.append(time.monotonic() - begin)
            time.sleep(0.002)

    asker = threading.Thread(target=ask)
    asker.start()
    done = python(m, code, "NEW")
    over.set()
    asker.join()
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == b"abc"
    assert m.requests() == [f"PUT {NEW}"]
    assert sorted(waits)[-3] < 0.1  # there are four looks; a busy machine is slow once or twice


# What is gone


AT_EMPTY_PATH, AT_STATX_FORCE_SYNC, STATX_ALL = 0x1000, 0x2000, 0xFFF


def statx(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(256)
    flags = AT_EMPTY_PATH | AT_STATX_FORCE_SYNC
    if libc.statx(fd, b"", flags, STATX_ALL, buffer) != 0:
        raise OSError(ctypes.get_errno(), "statx")


def test_times_of_what_is_gone(mount):
    """Asked for by a descriptor of a path; while it is open for writing it has some."""
    m = mount()
    m.warm()
    with opened(m.secrets / "NPM_TOKEN", os.O_PATH) as fd:
        statx(fd)
        with opened(m.secrets / "NPM_TOKEN"):
            os.unlink(m.secrets / "NPM_TOKEN")
            statx(fd)
        with fails("ESTALE"):
            statx(fd)
        with fails("ESTALE"):
            os.fstat(fd)


REMOVER = """
import os, sys
open("/proc/self/comm", "w").write(sys.argv[1])
print(flush=True)
sys.stdin.readline()
"""
REMOVING = {
    "mv": "os.unlink('NPM_TOKEN')",
    "node": (
        "try: os.open('NPM_TOKEN', os.O_WRONLY | os.O_TRUNC)\n"
        "except OSError as error: print(error.errno, flush=True)\n"
        "sys.stdin.readline()\n"
        "os.unlink('NPM_TOKEN')"
    ),
}


def test_no_descriptor_is_left_at_a_remove(mount):
    """Whether a remove is the first half of a replacement can't be told: it is refused."""
    m = mount()
    m.warm()
    with subprocess.Popen(
        [sys.executable, "-c", REMOVER + REMOVING["mv"], "mv"],
        cwd=m.secrets,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as remover:
        remover.stdout.readline()
        before = fill_table(m)
        _, said = remover.communicate(b"\n", timeout=TOOL_TIMEOUT)
    assert b"Too many open files" in said
    with fails("EMFILE"):
        os.unlink(m.secrets / "NPM_TOKEN")
    resource.prlimit(m.pid, resource.RLIMIT_NOFILE, before)
    time.sleep(1.2)  # longer than a DELETE is held
    assert m.requests() == []
    os.unlink(m.secrets / "NPM_TOKEN")
    assert m.requests() == [f"DELETE {LIST}/NPM_TOKEN"]


def test_who_could_not_open_a_secret_does_not_remove_it(mount):
    """Node's copyFile does so: it takes what it could not open for half a copy."""
    m = mount()
    m.warm()
    with subprocess.Popen(
        [sys.executable, "-c", REMOVER + REMOVING["node"], "node"],
        cwd=m.secrets,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as remover:
        remover.stdout.readline()
        before = fill_table(m)
        remover.stdin.write(b"\n")
        remover.stdin.flush()
        assert remover.stdout.readline() == b"%d\n" % errno.EMFILE
        resource.prlimit(m.pid, resource.RLIMIT_NOFILE, before)
        _, said = remover.communicate(b"\n", timeout=TOOL_TIMEOUT)
    assert b"Too many open files" in said
    assert m.requests() == []
