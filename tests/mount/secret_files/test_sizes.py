"""The length of a file: while it is written, and after it was stored (contract §3.11)."""

import os
import subprocess
import sys
import time

import pytest

from kit.calls import opened, put
from kit.demo import LIST
from kit.needs import need_tools

NEW = f"{LIST}/NEW"
OLD = f"{LIST}/NPM_TOKEN"
NAMES = ["NEW", "NPM_TOKEN", ".env"]
TOOL_TIMEOUT = 30  # seconds; only so that what hangs fails


def size(path):
    return os.stat(path).st_size


@pytest.mark.parametrize("name", NAMES)
def test_of_an_open_file(mount, name):
    m = mount()
    m.warm()
    with opened(m.secrets / name) as fd:
        for text, total in ((b"A=1", 3), (b"23\n", 6)):
            os.write(fd, text)
            assert os.fstat(fd).st_size == total
            assert size(m.secrets / name) == total
            assert os.lseek(fd, 0, os.SEEK_END) == total
            assert os.lseek(fd, 0, os.SEEK_CUR) == total
        os.ftruncate(fd, 0)
        assert os.fstat(fd).st_size == 0
        os.pwrite(fd, b"B=2", 0)
        assert os.fstat(fd).st_size == 3


def test_with_a_birth_time(mount):
    """statx(2) that asks for it is a request of its own."""
    m = mount()
    m.warm()
    with opened(m.secrets / "NPM_TOKEN") as fd:
        os.write(fd, b"value")
        done = m.sh("stat -c '%s %w' NPM_TOKEN")
        assert done.stdout.split()[0] == "5" and "-" in done.stdout.split()[1]


# Positions that a program gets by asking for the length: of what it has, and of a copy.
SEEKING = {
    "seek to the end": 'f.write("A=1\\n"); f.flush(); f.seek(0, 2); f.write("B=2\\n")',
    "fstat": "import os; f.write('A=1\\n'); f.flush(); os.pwrite(f.fileno(), b'B=2\\n',"
    " os.fstat(f.fileno()).st_size)",
    "by path": "import os; f.write('A=1\\n'); f.flush(); os.pwrite(f.fileno(), b'B=2\\n',"
    " os.stat(sys.argv[1]).st_size)",
    "of a child": "import os; f.write('A=1\\n'); f.flush();"
    " os.fork() or os._exit(0 if os.lseek(f.fileno(), 0, 2) == 4 else 3); os.wait();"
    ' f.write("B=2\\n")',
    "append to an open one": "import os; f.write('A=1\\n'); f.flush();"
    " os.fstat(f.fileno()); os.pwritev(f.fileno(), [b'B=2\\n'], 0, RWF_APPEND)",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", SEEKING.values(), ids=SEEKING)
def test_nothing_is_lost_by_asking(mount, code, name):
    m = mount()
    m.warm()
    start = "import sys; RWF_APPEND = 16; f = open(sys.argv[1], 'w'); "
    done = subprocess.run(
        [sys.executable, "-c", start + code, name],
        cwd=m.secrets,
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if name == ".env":
        assert [m.github.plaintext(f"{LIST}/{key}") for key in "AB"] == [b"1", b"2"]
    else:
        assert m.github.plaintext(f"{LIST}/{name}") == b"A=1\nB=2\n"


def test_of_two_open_files(mount):
    """fstat does not tell which of a file's open files it is about; seeking does."""
    m = mount()
    path = m.secrets / "NEW"
    code = (
        "import os\nfd = os.open('NEW', os.O_WRONLY)\n"
        "os.write(fd, b'1234567')\nprint(os.fstat(fd).st_size, flush=True)\ninput()\n"
        "print(os.fstat(fd).st_size, os.lseek(fd, 0, 2), flush=True)\ninput()\n"
    )
    with opened(path) as fd:
        os.write(fd, b"123")
        with subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=m.secrets,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other:
            assert other.stdout.readline() == b"7\n"
            assert os.fstat(fd).st_size == 3
            os.write(fd, b"45678")
            assert os.fstat(fd).st_size == 8
            assert os.lseek(fd, 0, os.SEEK_END) == 8
            other.stdin.write(b"\n")
            other.stdin.flush()
            assert other.stdout.readline() == b"7 7\n"
            with opened(path, os.O_WRONLY) as second:  # ours: the longest
                os.write(second, b"12345678901")
                assert os.fstat(fd).st_size == os.fstat(second).st_size == 11
                assert os.lseek(fd, 0, os.SEEK_END) == 8
            other.communicate(b"\n", timeout=TOOL_TIMEOUT)
            assert other.returncode == 0


# After it was stored


@pytest.mark.parametrize("value", [b"value", b"value\n", b"a\nb\n"])
@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
def test_of_what_was_stored(mount, name, value):
    """With the line end that is not sent: programs compare it with what they copied."""
    m = mount()
    put(m.secrets / name, value)
    assert size(m.secrets / name) == len(value)
    assert f"{len(value)} " in m.sh(f"ls -l {name}").stdout
    with opened(m.secrets / name, os.O_WRONLY) as fd:
        assert os.lseek(fd, 0, os.SEEK_END) == 0
        assert os.fstat(fd).st_size == 0
    os.utime(m.secrets / name)
    assert size(m.secrets / name) == len(value)
    os.close(os.open(m.secrets / name, os.O_WRONLY | os.O_TRUNC))  # nothing is sent
    assert size(m.secrets / name) == len(value)
    put(m.secrets / name, b"other value")
    assert size(m.secrets / name) == 11


def test_of_what_was_moved_onto(mount):
    m = mount()
    put(m.secrets / ".NEW.abcdef", b"value\n")
    os.rename(m.secrets / ".NEW.abcdef", m.secrets / "NEW")
    assert size(m.secrets / "NEW") == 6


def test_of_what_env_stored(mount):
    m = mount()
    put(m.secrets / ".env", b"NEW=value\n")
    assert size(m.secrets / ".env") == 10
    assert size(m.secrets / "NEW") == 5


def test_of_what_was_not_stored(mount):
    m = mount()
    m.github.fault(method="PUT", status=422)
    with pytest.raises(OSError):
        put(m.secrets / "NPM_TOKEN", b"value")
    assert size(m.secrets / "NPM_TOKEN") == 0


def test_until_another_stores_it(mount):
    m, other = mount(cache_ttl=0), mount()
    put(m.secrets / "NPM_TOKEN", b"value")
    for _ in range(2):
        os.listdir(m.secrets)
        assert size(m.secrets / "NPM_TOKEN") == 5
    time.sleep(1.1)  # the server's times are whole seconds
    put(other.secrets / "NPM_TOKEN", b"another")
    os.listdir(m.secrets)
    assert size(m.secrets / "NPM_TOKEN") == 0


def test_another_mount_does_not_know_it(mount):
    first, second = mount(), mount()
    put(first.secrets / "NPM_TOKEN", b"value")
    assert size(second.secrets / "NPM_TOKEN") == 0


def test_made_anew_after_a_removal(mount):
    m = mount()
    put(m.secrets / "NPM_TOKEN", b"value")
    os.unlink(m.secrets / "NPM_TOKEN")
    with opened(m.secrets / "NPM_TOKEN") as fd:
        assert os.fstat(fd).st_size == 0
        os.write(fd, b"v")
    assert size(m.secrets / "NPM_TOKEN") == 1


# rclone compares sizes after a copy, and removes what differs

RCLONE = [
    "rclone copyto {file} {to}/{name}",
    "rclone copy {directory} {to}",
    "rclone sync {file} {to}",
    "rclone rcat {to}/{name} < {file}",
    "rclone copyto --inplace {file} {to}/{name}",
]


@pytest.mark.parametrize("value", [b"value", b"value\n", b"a\nb\n"])
@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("command", RCLONE)
def test_rclone(mount, tmp_path, command, name, value):
    need_tools("rclone")
    m = mount()
    directory = tmp_path / "from"
    directory.mkdir()
    (directory / name).write_bytes(value)
    line = command.format(file=directory / name, directory=directory, to=m.secrets, name=name)
    if "--inplace" in line and "--inplace" not in m.sh("rclone help flags").stdout:
        line = line.replace("--inplace ", "")
    done = m.sh(line)
    assert done.returncode == 0, done.stderr
    sent = value if value.count(b"\n") > 1 else value.rstrip(b"\n")
    assert m.github.plaintext(f"{LIST}/{name}") == sent
    assert not m.github.requests("DELETE")


@pytest.mark.parametrize("fault", [{"status": 422}, {"status": 403}])
@pytest.mark.parametrize("command", RCLONE[:4])
def test_rclone_that_is_refused(mount, tmp_path, command, fault):
    need_tools("rclone")
    m = mount(timeout=2)
    m.warm()
    directory = tmp_path / "from"
    directory.mkdir()
    (directory / "NPM_TOKEN").write_bytes(b"value")
    before = m.github.plaintext(OLD)
    m.github.fault(method="PUT", count=-1, **fault)
    done = m.sh(
        command.format(
            file=directory / "NPM_TOKEN", directory=directory, to=m.secrets, name="NPM_TOKEN"
        )
    )
    assert done.returncode != 0
    assert m.github.plaintext(OLD) == before
    assert not m.github.requests("DELETE")


@pytest.mark.parametrize("by_another", [False, True], ids=["ours", "another's"])
def test_an_opened_file_is_empty_whatever_was_stored(mount, by_another):
    """Also where the kernel has kept the length of what was stored, and we have forgotten it."""
    m, other = mount(cache_ttl=3), mount()
    done = m.sh("printf 'NPM_TOKEN=hello\\n' > .env")
    assert done.returncode == 0, done.stderr
    time.sleep(2)
    assert os.stat(m.secrets / "NPM_TOKEN").st_size == 5  # the kernel has it for three seconds
    if by_another:
        m.github.config(clock_offset=100)
        put(other.secrets / "NPM_TOKEN", b"longer than ours")
        time.sleep(1.3)  # the listing is old
        put(m.secrets / "NEW", b"asks for the listing")
    fd = os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY)
    assert os.lseek(fd, 0, os.SEEK_END) == 0
    os.write(fd, b"other")
    os.close(fd)
    assert m.github.plaintext(f"{LIST}/NPM_TOKEN") == b"other"
