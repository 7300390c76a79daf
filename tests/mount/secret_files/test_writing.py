"""Writing secrets with real tools: what arrives, and what is not sent (contract §3)."""

import concurrent.futures
import contextlib
import ctypes
import os
import subprocess
import sys

import pytest

from kit.calls import exists, fails, opened, put
from kit.demo import LIST, WEB, WEB_SECRETS
from kit.needs import need_tools

LIMIT = 48 * 1024
NEW = f"{LIST}/NEW"
OLD = f"{LIST}/NPM_TOKEN"


def all_bytes(size):
    """Every byte value, if there is room; not ending in a newline."""
    return bytes(i % 256 for i in range(size))


@pytest.fixture
def file(tmp_path):
    """Makes a file outside the mount."""

    def make(content):
        path = tmp_path / "content"
        path.write_bytes(content)
        return path

    return make


# Tools; each writes "value" with or without a line end.

TOOLS = [
    ("bash", "echo value > {to}"),
    ("dash", "echo value > {to}"),
    ("bash", "printf value > {to}"),
    ("bash", "printf 'value\\r\\n' > {to}"),
    ("bash", "cat > {to} <<< value"),
    ("dash", "cat {file} > {to}"),
    ("dash", "(cat {file}) > {to}"),
    ("bash", "{{ echo value; }} > {to}"),
    ("bash", "exec 5> {to}; echo value >&5; exec 5>&-"),
    ("bash", "cp {file} {to}"),
    ("bash", "cp -p {file} {to}"),
    ("bash", "cp -a {file} {to}"),
    ("bash", "tee {to} < {file}"),
    ("bash", "dd if={file} of={to}"),
    ("bash", "dd if={file} of={to} bs=2"),
    ("bash", "dd if={file} of={to} conv=fsync"),
    ("bash", "sed s/x/x/ {file} > {to}"),
    ("bash", "sed -n 'w {to}' {file}"),
    ("bash", "{python} -c 'open(\"{to}\", \"w\").write(\"value\")'"),
    ("bash", "{python} -c 'with open(\"{to}\", \"wb\") as f: f.write(b\"value\")'"),
    ("bash", "{python} -c 'import pathlib; pathlib.Path(\"{to}\").write_text(\"value\\n\")'"),
    ("bash", "node -e 'require(\"fs\").writeFileSync(\"{to}\", \"value\")'"),
    ("bash", "perl -e 'open(F, \">\", \"{to}\") or die; print F \"value\\n\"; close(F) or die'"),
]


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("shell, command", TOOLS, ids=[c for _, c in TOOLS])
def test_tool(mount, file, shell, command, name):
    tool = command.split()[0]
    need_tools(tool if tool in ("node", "perl") else "sh")
    m = mount()
    m.warm()
    line = command.format(to=name, file=file(b"value\n"), python=sys.executable)
    done = m.sh(line, shell=shell)
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(f"{LIST}/{name}") == b"value"
    assert m.requests() == [f"PUT {LIST}/{name}"]
    assert sorted(os.listdir(m.secrets)) == sorted({*WEB_SECRETS, name})


# Sizes

SIZES = [1, 2, 4095, 4096, 4097, LIMIT - 1, LIMIT]
COPIES = [
    "cp {file} NEW",
    "cat {file} > NEW",
    "tee NEW < {file} > /dev/null",
    "dd if={file} of=NEW bs=1000",
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("command", COPIES)
def test_size(mount, file, command, size):
    m = mount()
    value = all_bytes(size)
    done = m.sh(command.format(file=file(value)))
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == value


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [1 << 20, 4096, 777])
def test_size_in_pieces(mount, size, piece):
    m = mount()
    value = all_bytes(size)
    with opened(m.secrets / "NEW") as fd:
        for at in range(0, size, piece):
            assert os.write(fd, value[at : at + piece]) == len(value[at : at + piece])
    assert m.github.plaintext(NEW) == value


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2, LIMIT + 3, 1 << 16, 1 << 20])
@pytest.mark.parametrize("command", ["cp {file} NPM_TOKEN", "cat {file} > NPM_TOKEN"])
def test_too_long(mount, file, command, size):
    m = mount()
    before = m.github.plaintext(OLD)
    done = m.sh(command.format(file=file(all_bytes(size))))
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert m.github.plaintext(OLD) == before
    assert not m.github.requests("PUT")


@pytest.mark.parametrize(
    "newline, end, error",
    [("auto", b"\n", None), ("auto", b"\r\n", None), ("keep", b"\n", "EFBIG")],
)
def test_the_limit_counts_what_is_sent(mount, newline, end, error):
    m = mount(newline=newline)
    value = b"x" * LIMIT
    if error:
        with fails(error):
            put(m.secrets / "NEW", value + end)
        assert m.github.plaintext(NEW) is None
    else:
        put(m.secrets / "NEW", value + end)
        assert m.github.plaintext(NEW) == value


def test_too_long_spoils_the_handle(mount):
    m = mount()
    fd = os.open(m.secrets / "NEW", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"x" * LIMIT)
    with fails("EFBIG"):
        os.write(fd, b"y" * 10)
    with fails("EFBIG"):
        os.pwrite(fd, b"z", 0)
    with fails("EFBIG"):
        os.fsync(fd)
    with fails("EFBIG"):
        os.close(fd)
    assert not m.github.requests("PUT")
    assert not exists(m.secrets / "NEW")


# bash writes a line of this length at once or in pieces; none of it may be close's news.
TOO_LONG_LINES = [
    "printf '%0{n}d' 0 > NPM_TOKEN",
    "printf '%0{n}d\\n' 0 > NPM_TOKEN",
    "V=$(printf '%0{n}d' 0); echo \"$V\" > NPM_TOKEN",
    "V=$(printf '%0{n}d' 0); echo -n \"$V\" > NPM_TOKEN",
]


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("length", [LIMIT + 1, LIMIT + 2])
@pytest.mark.parametrize("command", TOO_LONG_LINES)
def test_too_long_is_told_by_write(mount, command, length, shell):
    m = mount()
    m.warm()
    done = m.sh(command.format(n=length), shell=shell)
    assert done.returncode != 0
    assert "File too large" in done.stderr or "I/O error" in done.stderr
    assert m.requests() == []


def test_the_longest_line(mount):
    m = mount()
    for shell in ("bash", "dash"):
        line = f"V=$(printf '%0{LIMIT}d' 0); echo \"$V\" > NEW"
        assert m.sh(line, shell=shell).returncode == 0
        assert m.github.plaintext(NEW) == b"0" * LIMIT


def test_truncation_heals_the_handle(mount):
    m = mount()
    with opened(m.secrets / "NEW") as fd:
        with fails("EFBIG"):
            os.write(fd, b"x" * (1 << 17))
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"value", 0)
    assert m.github.plaintext(NEW) == b"value"


# The newline rule

NEWLINES = [
    (b"v", b"v", b"v"),
    (b"v\n", b"v", b"v\n"),
    (b"v\r\n", b"v", b"v\r\n"),
    (b"v\r", b"v\r", b"v\r"),
    (b"v \n", b"v ", b"v \n"),
    (b" \n", b" ", b" \n"),
    (b"\0\n", b"\0", b"\0\n"),
    (b"a\rb\n", b"a\rb", b"a\rb\n"),
    (b"v\n\n", b"v\n\n", b"v\n\n"),
    (b"a\nb", b"a\nb", b"a\nb"),
    (b"a\nb\n", b"a\nb\n", b"a\nb\n"),
    (b"a\r\nb\r\n", b"a\r\nb\r\n", b"a\r\nb\r\n"),
    (b"\nv", b"\nv", b"\nv"),
    (b"\n\n", b"\n\n", b"\n\n"),
    (b"\n", None, b"\n"),
    (b"\r\n", None, b"\r\n"),
]


@pytest.mark.parametrize("newline", ["auto", "keep"])
def test_newlines(mount, newline):
    m = mount(newline=newline)
    for number, (written, auto, keep) in enumerate(NEWLINES):
        name = f"CASE_{number}"
        put(m.secrets / name, written)
        arrived = m.github.plaintext(f"{LIST}/{name}")
        assert arrived == (auto if newline == "auto" else keep), written
        assert (name in os.listdir(m.secrets)) == (arrived is not None)


def test_a_key_stays_whole(mount, file):
    m = mount()
    key = b"-----BEGIN KEY-----\n" + b"QUJD\n" * 500 + b"-----END KEY-----\n"
    assert m.sh(f"cp {file(key)} NEW").returncode == 0
    assert m.github.plaintext(NEW) == key


# Nothing written is nothing sent

EMPTY = [
    "touch {}",
    ": > {}",
    "> {}",
    "truncate -s0 {}",
    "echo > {}",
    "echo -n > {}",
    "printf '' > {}",
    "cat /dev/null > {}",
    "cp /dev/null {}",
    "tee {} < /dev/null",
    "dd if=/dev/null of={}",
    "true > {}",
]


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("command", EMPTY)
def test_nothing_written(mount, command, shell):
    m = mount()
    before = m.github.plaintext(OLD)
    for name in ("NEW", "NPM_TOKEN"):
        done = m.sh(command.format(name), shell=shell)
        assert done.returncode == 0, done.stderr
    assert not m.github.requests("PUT") + m.github.requests("DELETE")
    assert m.github.plaintext(OLD) == before
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert os.stat(m.secrets / "NEW").st_size == 0  # for a minute: see test_empty.py
    assert m.sh("echo -n value > NEW").returncode == 0
    assert m.github.plaintext(NEW) == b"value"


@pytest.mark.parametrize("newline", ["auto", "keep"])
def test_truncated_to_nothing_before_the_close(mount, newline):
    m = mount(newline=newline)
    with opened(m.secrets / "NPM_TOKEN") as fd:
        os.write(fd, b"value")
        os.ftruncate(fd, 0)
    assert not m.github.requests("PUT")


# How a handle takes writes


def test_without_truncation_the_value_is_what_was_written(mount):
    m = mount()
    put(m.secrets / "NPM_TOKEN", b"v", flags=os.O_WRONLY)
    assert m.github.plaintext(OLD) == b"v"


def test_writes_at_offsets(mount):
    m = mount()
    with opened(m.secrets / "NEW") as fd:
        os.pwrite(fd, b"abcdef", 0)
        os.pwrite(fd, b"XY", 2)
        os.pwrite(fd, b"gh", 6)
    assert m.github.plaintext(NEW) == b"abXYefgh"


@pytest.mark.parametrize("name", ["NPM_TOKEN", "NEW"])
@pytest.mark.parametrize("first", ["fsync", "close"])
def test_a_hole_spoils_the_handle(mount, name, first):
    m = mount()
    fd = os.open(m.secrets / name, os.O_WRONLY | os.O_CREAT)
    os.pwrite(fd, b"abc", 0)
    os.pwrite(fd, b"x", 5)
    os.pwrite(fd, b"x", 3)
    if first == "fsync":
        with fails("EINVAL"):
            os.fsync(fd)
        with fails("EINVAL"):
            os.pwrite(fd, b"x", 4)
    with fails("EINVAL"):
        os.close(fd)
    assert not m.github.requests("PUT")
    assert "hole" in m.errors()[-1]


@pytest.mark.parametrize("commit", ["close", "write"])
def test_a_hole_that_is_filled(mount, commit):
    m = mount(commit=commit)
    for name in ("NPM_TOKEN", "NEW"):
        with opened(m.secrets / name, os.O_WRONLY | os.O_CREAT) as fd:
            os.pwrite(fd, b"ef", 4)
            assert m.sh("true < /dev/null").returncode == 0
            os.pwrite(fd, b"ab", 0)
            os.pwrite(fd, b"cd", 2)
        assert m.github.plaintext(f"{LIST}/{name}") == b"abcdef"
        assert m.github.writes(f"{LIST}/{name}") == 1


def test_a_hole_in_env(mount):
    m = mount()
    with opened(m.secrets / ".env") as fd:
        os.pwrite(fd, b"=1\n", 1)
        os.pwrite(fd, b"A", 0)
    assert m.github.plaintext(f"{LIST}/A") == b"1"
    fd = os.open(m.secrets / ".env", os.O_WRONLY | os.O_CREAT)
    os.pwrite(fd, b"B=1\n", 0)
    os.pwrite(fd, b"C=1\n", 8)
    with fails("EINVAL"):
        os.close(fd)
    assert len(m.github.requests("PUT")) == 1


SPARSE = b"head" + bytes(20000) + b"tail" + bytes(8192)


@pytest.mark.parametrize(
    "command",
    [
        "cp --sparse=always {file} NEW",
        "cp --sparse=always {file} NPM_TOKEN; cp --sparse=always {file} NEW",
        "dd if={file} of=NEW bs=512 conv=sparse",
        "dd if={file} of=NEW bs=4 conv=sparse",
    ],
)
def test_sparse_copies(mount, file, command):
    """They leave out zeroes, and set the length at the end."""
    m = mount()
    done = m.sh(command.format(file=file(SPARSE)))
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == SPARSE


@pytest.mark.parametrize("size", [5, 100, 4097, 48 * 1024, 48 * 1024 + 2, 100000])
@pytest.mark.parametrize("cuts", [True, False])
def test_posix_fallocate(mount, size, cuts):
    """glibc writes single zeroes where a file system has no fallocate."""
    m = mount()
    value = b"value" if cuts or size > LIMIT else all_bytes(size)
    with opened(m.secrets / "NEW") as fd:
        if size > LIMIT:
            with fails("EFBIG"):
                os.posix_fallocate(fd, 0, size)
        else:
            os.posix_fallocate(fd, 0, size)
        os.pwrite(fd, value, 0)
        os.ftruncate(fd, len(value))
    assert m.github.plaintext(NEW) == value


def test_posix_fallocate_alone(mount):
    m = mount()
    fd = os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY | os.O_TRUNC)
    os.posix_fallocate(fd, 0, 100)
    os.write(fd, b"value")
    with fails("EINVAL"):
        os.close(fd)
    assert not m.github.requests("PUT")


def test_appending_to_a_secret(mount):
    m = mount()
    m.warm()
    with fails("EPERM"):
        os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY | os.O_APPEND)
    for shell in ("bash", "dash"):
        done = m.sh("echo more >> NPM_TOKEN", shell=shell)
        assert done.returncode != 0
        assert "Operation not permitted" in done.stderr
    assert m.requests() == []


def test_appending_to_a_new_secret(mount):
    m = mount()
    with opened(m.secrets / "NEW", os.O_WRONLY | os.O_CREAT | os.O_APPEND) as fd:
        os.write(fd, b"one ")
        os.pwrite(fd, b"two ", 0)
        os.pwrite(fd, b"three", 1000)
    assert m.github.plaintext(NEW) == b"one two three"


MAKE = "printf 'all:\\n\\t@echo one\\n\\t@echo two\\n\\t@echo three\\n' | make -s -f - > {}"
APPENDERS = {
    "make": (MAKE, b"one\ntwo\nthree\n"),
    "fcntl": (
        "{python} -c 'import fcntl, os\n"
        "os.write(1, b\"aa\\n\")\n"
        "fcntl.fcntl(1, fcntl.F_SETFL, os.O_APPEND)\n"
        "os.fstat(1); os.lseek(1, 0, 0)\n"
        "os.write(1, b\"bb\\n\")\n"
        "fcntl.fcntl(1, fcntl.F_SETFL, 0)\n"
        "os.pwrite(1, b\"A\", 0)' > {}",
        b"Aa\nbb\n",
    ),
}


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("command, value", APPENDERS.values(), ids=APPENDERS)
def test_a_write_appends_when_its_flags_say_so(mount, command, value, name):
    need_tools("make")
    m = mount()
    m.warm()
    done = m.sh(command.format(name, python=sys.executable))
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(f"{LIST}/{name}") == value


def test_make_writes_env(mount):
    need_tools("make")
    m = mount()
    recipe = "printf 'all:\\n\\t@echo A=1\\n\\t@echo B=2\\n\\t@echo C=3\\n'"
    done = m.sh(f"{recipe} | make -s -f - > .env")
    assert done.returncode == 0, done.stderr
    assert [m.github.plaintext(f"{LIST}/{name}") for name in "ABC"] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("command", ["echo value >> NEW", "echo value | tee -a NEW"])
def test_appending_tools_on_a_new_secret(mount, command):
    m = mount()
    assert m.sh(command).returncode == 0
    assert m.github.plaintext(NEW) == b"value"


FTRUNCATE = [
    (os.O_TRUNC, 5, b"value"),
    (os.O_TRUNC, 0, None),
    (os.O_TRUNC, 4, "EINVAL"),
    (os.O_TRUNC, 6, b"value\0"),
    (os.O_TRUNC, LIMIT + 1, "EFBIG"),
    (0, 5, b"value"),
    (0, 0, None),
    (0, 4, "EINVAL"),
    (0, 6, "EINVAL"),  # the old value's sixth byte is not known
]


@pytest.mark.parametrize("flags, length, result", FTRUNCATE)
def test_ftruncate(mount, flags, length, result):
    m = mount()
    before = m.github.plaintext(OLD)
    with opened(m.secrets / "NPM_TOKEN", os.O_WRONLY | flags) as fd:
        os.write(fd, b"value")
        if isinstance(result, str):
            with fails(result):
                os.ftruncate(fd, length)
            result = b"value"
        else:
            os.ftruncate(fd, length)
    assert m.github.plaintext(OLD) == (before if length == 0 else result)


def test_truncate_of_a_path(mount):
    m = mount()
    m.warm()
    os.truncate(m.secrets / "NPM_TOKEN", 0)
    with fails("EINVAL"):
        os.truncate(m.secrets / "NPM_TOKEN", 5)
    assert not m.github.requests("PUT")


def truncate_by_path(path, length, shell="sh"):
    """By a child that opens nothing."""
    code = f"import os, sys; os.truncate(sys.argv[1], {length})"
    command = f"{sys.executable} -c '{code}' {path}; exit $?"
    return subprocess.run([shell, "-c", command], stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.parametrize(
    "name, text", [("NPM_TOKEN", b"ab"), (".staged", b"ab"), (".env", b"NPM_TOKEN=ab")]
)
def test_truncate_by_path_of_what_is_open(mount, name, text):
    m = mount()
    path = m.secrets / name
    with opened(path) as fd:
        os.write(fd, b"NPM_TOKEN=0123456789")
        os.truncate(path, 0)
        assert os.fstat(fd).st_size == 0
        os.pwrite(fd, text, 0)
    if name == ".staged":
        os.rename(path, m.secrets / "NPM_TOKEN")
    assert m.github.plaintext(OLD) == b"ab"
    assert [r["path"] for r in m.github.requests("PUT")] == [OLD]


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_truncate_by_path_of_what_an_ancestor_has_open(mount, shell):
    m = mount()
    path = m.secrets / "NPM_TOKEN"
    with opened(path) as fd:
        os.write(fd, b"0123456789")
        done = truncate_by_path(path, 0, shell)
        assert done.returncode == 0, done.stderr
        os.pwrite(fd, b"ab", 0)
    assert m.github.plaintext(OLD) == b"ab"


def test_truncate_by_path_of_what_is_open_twice(mount):
    """Each opening has a value of its own, and which of them is meant cannot be told."""
    m = mount()
    path = m.secrets / "NPM_TOKEN"
    with opened(path) as first, opened(path) as second:
        os.write(first, b"first")
        os.write(second, b"second")
        with fails("EBUSY"):
            os.truncate(path, 0)
        os.write(first, b" goes on")
    assert m.github.plaintext(OLD) == b"first goes on"
    put(path, b"third")
    os.truncate(path, 0)  # what is closed is open no more
    assert m.github.plaintext(OLD) == b"third"


def test_truncate_by_path_of_what_another_has_open(mount):
    m = mount()
    path = m.secrets / "NPM_TOKEN"
    writer = subprocess.Popen(
        ["sh", "-c", f"exec 5> {path}; printf whole >&5; echo; read -r line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with writer:
        writer.stdout.readline()
        os.truncate(path, 0)
        with fails("EINVAL"):
            os.truncate(path, 3)
        writer.communicate(b"\n")
    assert m.github.plaintext(OLD) == b"whole"


def test_fallocate(mount):
    m = mount()
    libc = ctypes.CDLL(None, use_errno=True)
    with opened(m.secrets / "NEW") as fd, fails("EOPNOTSUPP"):
        if libc.fallocate(fd, 0, ctypes.c_long(0), ctypes.c_long(10)) != 0:
            raise OSError(ctypes.get_errno(), "fallocate")
    assert not m.github.requests("PUT")


def test_created_for_reading_and_writing(mount):
    """unzip and rsync do so; each read is refused."""
    m = mount()
    with opened(m.secrets / "NEW", os.O_RDWR | os.O_CREAT | os.O_EXCL) as fd:
        os.write(fd, b"value")
        with fails("EACCES"):
            os.pread(fd, 10, 0)
    assert m.github.plaintext(NEW) == b"value"


def test_exclusive_creation(mount):
    m = mount()
    put(m.secrets / "NEW", b"value", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert m.github.plaintext(NEW) == b"value"
    for name in ("NEW", "NPM_TOKEN"):
        with fails("EEXIST"):
            os.open(m.secrets / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def test_noclobber(mount):
    m = mount()
    done = m.sh("set -C; echo value > NPM_TOKEN")
    assert done.returncode != 0
    assert not m.github.requests("PUT")


def test_open_without_creation(mount):
    m = mount()
    with fails("ENOENT"):
        os.open(m.secrets / "NEW", os.O_WRONLY)


# When it is sent


def test_each_close_with_new_bytes_sends_once(mount):
    m = mount()
    m.warm()
    for value in (b"one", b"two", b"three"):
        put(m.secrets / "NEW", value)
        assert m.github.plaintext(NEW) == value
    assert m.requests() == [f"PUT {NEW}"] * 3


def test_fsync_sends(mount):
    m = mount()
    m.warm()
    with opened(m.secrets / "NEW") as fd:
        os.write(fd, b"value")
        os.fsync(fd)
        assert m.github.plaintext(NEW) == b"value"
        os.fsync(fd)
    assert m.requests() == [f"PUT {NEW}"]


def test_fsync_tells_the_last_error(mount):
    m = mount()
    m.github.fault(method="PUT", status=409)
    with fails("EBUSY"):
        put(m.secrets / "NPM_TOKEN", b"value")
    for _ in range(2):
        done = m.sh("sync NPM_TOKEN")
        assert done.returncode == 1
        assert "busy" in done.stderr
    put(m.secrets / "NPM_TOKEN", b"value")
    assert m.sh("sync NPM_TOKEN").returncode == 0


def test_commit_on_write_tells_echo(mount):
    m = mount(commit="write")
    m.warm()
    for shell in ("bash", "dash"):
        assert m.sh("echo value > NEW", shell=shell).returncode == 0
    assert m.github.plaintext(NEW) == b"value"
    assert m.requests() == [f"PUT {NEW}"] * 2
    m.github.fault(method="PUT", count=-1, status=409)
    for shell in ("bash", "dash"):
        done = m.sh("echo other > NEW", shell=shell)
        assert done.returncode == 1, done.stderr
    assert m.github.plaintext(NEW) == b"value"


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_writers_the_later_close_wins(mount, first):
    m = mount()
    path = m.secrets / "NEW"
    fds = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for _ in range(2)]
    for number, fd in enumerate(fds):
        os.write(fd, b"value %d" % number)
    os.close(fds[first])
    os.close(fds[1 - first])
    assert m.github.plaintext(NEW) == b"value %d" % (1 - first)
    assert m.github.writes(NEW) == 2


def test_a_secret_removed_while_open_is_not_written_back(mount):
    m = mount()
    with opened(m.secrets / "NPM_TOKEN") as fd:
        os.write(fd, b"value")
        os.unlink(m.secrets / "NPM_TOKEN")
    assert m.github.plaintext(OLD) is None
    assert not m.github.requests("PUT")
    assert not exists(m.secrets / "NPM_TOKEN")


def test_a_new_secret_removed_while_open_is_not_written(mount):
    m = mount()
    with opened(m.secrets / "NEW") as fd:
        os.write(fd, b"value")
        os.unlink(m.secrets / "NEW")
        assert not exists(m.secrets / "NEW")
    assert m.github.plaintext(NEW) is None
    assert not m.github.requests("PUT") + m.github.requests("DELETE")


def test_a_name_made_again_while_the_old_one_is_open(mount):
    m = mount()
    with opened(m.secrets / "NPM_TOKEN") as fd:
        os.write(fd, b"old")
        os.unlink(m.secrets / "NPM_TOKEN")
        put(m.secrets / "NPM_TOKEN", b"new")
    assert m.github.plaintext(OLD) == b"new"


def test_requests_for_one_name_go_one_after_another(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=100, count=-1)
    path = m.secrets / "NEW"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: put(path, b"value %d" % n), range(8)))
    puts = m.github.requests("PUT", NEW)
    assert len(puts) == 8
    assert all(r["in_flight"] == 1 for r in puts)


def test_many_writers_at_once(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=300, count=-1)
    writers = [
        subprocess.Popen(["bash", "-c", f"echo value {n} > NAME_{n}"], cwd=m.secrets)
        for n in range(16)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 16
    for n in range(16):
        assert m.github.plaintext(f"{LIST}/NAME_{n}") == b"value %d" % n
    puts = m.github.requests("PUT")
    assert len(puts) == 16
    assert max(r["in_flight"] for r in puts) > 8


def test_many_writers_in_a_cold_directory(mount):
    m = mount()
    m.github.config(latency_ms=50)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: put(m.secrets / f"NAME_{n}", b"v%d" % n), range(16)))
    for n in range(16):
        assert m.github.plaintext(f"{LIST}/NAME_{n}") == b"v%d" % n
    assert len(m.github.requests("GET", f"{LIST}/public-key")) == 1


# Keys and limits


@pytest.mark.parametrize("keep_id", [False, True])
def test_key_rotation(mount, keep_id):
    m = mount()
    m.warm()
    m.github.rotate_key(LIST, keep_id=keep_id)
    put(m.secrets / "NEW", b"value")
    assert m.github.plaintext(NEW) == b"value"
    assert m.requests() == [f"PUT {NEW}", f"GET {LIST}/public-key", f"PUT {NEW}"]
    put(m.secrets / "NEW", b"again")
    assert m.github.plaintext(NEW) == b"again"
    assert len(m.requests()) == 4


def test_keys_belong_to_a_repository(mount):
    m = mount()
    other = f"/{WEB.replace('web', 'api')}"
    put(m.secrets / "NEW", b"one")
    put(m.path / other[1:] / "NEW", b"two")
    assert m.github.plaintext(NEW) == b"one"
    assert m.github.plaintext(f"{other}/NEW") == b"two"


def test_a_key_id_that_is_a_number(mount):
    m = mount()
    _, _, key = m.github.api("GET", f"{LIST}/public-key")
    number = int(key["key_id"])
    m.github.fault(path=f"{LIST}/public-key", body={"key": key["key"], "key_id": number})
    put(m.secrets / "NEW", b"value")
    assert m.github.plaintext(NEW) == b"value"


def test_the_limit_of_a_repository(mount):
    m = mount()
    m.github.seed(repos=["acme/full"], secrets=100)
    directory = m.path / "repos/acme/full/actions/secrets"
    with fails("EDQUOT"):
        put(directory / "NEW", b"value")
    done = m.sh("echo value > NEW", cwd=directory)
    assert done.returncode != 0 and "quota" in done.stderr
    assert not m.github.requests("PUT")
    put(directory / "SECRET_0001", b"value")
    os.unlink(directory / "SECRET_0002")
    put(directory / "NEW", b"value")
    assert m.github.plaintext("/repos/acme/full/actions/secrets/NEW") == b"value"
    assert "EDQUOT" in "".join(m.errors())


def test_the_limit_that_the_server_sees_first(mount):
    m = mount(cache_ttl=60)
    m.github.seed(repos=["acme/full"], secrets=99)
    directory = m.path / "repos/acme/full/actions/secrets"
    assert len(os.listdir(directory)) == 99
    m.github.seed(repos=["acme/full"], secrets=100)
    with fails("EDQUOT"):
        put(directory / "NEW", b"value")
    assert not exists(directory / "NEW")
