"""Writers and uploads that fail leave the old value (contract §3.15, §3.19), without a lie."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from kit import mounting
from kit.calls import exists, fails, opened, put
from kit.demo import LIST, WEB_SECRETS
from kit.needs import need_tools

OLD = f"{LIST}/NPM_TOKEN"
NEW = f"{LIST}/NEW"
TOOL_TIMEOUT = 30  # seconds; only so that what hangs fails
LIMIT = 48 * 1024


def writes_sent(m):
    return m.github.requests("PUT") + m.github.requests("DELETE")


def assert_nothing_stored(m, before):
    assert not writes_sent(m)
    assert m.github.secrets()[LIST] == before
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


# Writers that still hold the file when they fail: exit status and what is run.

BOTH = ("bash", "dash")
FAILING_CASES = [
    # Of a simple command's file dash itself has hold, and closes it as if all were well; so
    # does any shell for a group.
    (("bash",), 3, "sh -c 'echo x; exit 3' > {to}"),
    (BOTH, 3, "(echo x; exit 3) > {to}"),
    (BOTH, 1, "(set -e; echo x; false; echo y) > {to}"),
    (BOTH, 3, "x=$(echo x; exit 3) && printf %s \"$x\" > {to}"),
    (BOTH, 3, "exec > {to}; echo x; exit 3"),
    (BOTH, 1, "set -e; exec 5> {to}; echo x >&5; false"),
    (BOTH, 137, "sh -c 'echo x; kill -KILL $$' > {to}; exit $?"),
    (BOTH, 143, "sh -c 'echo x; kill -TERM $$' > {to}; exit $?"),
    (BOTH, 130, "sh -c 'echo x; kill -INT $$' > {to}; exit $?"),
    (BOTH, 134, "ulimit -c 0; sh -c 'echo x; kill -ABRT $$' > {to}; exit $?"),
    (BOTH, None, "timeout 0.3 sh -c 'echo x; sleep 5' > {to}"),
    (BOTH, None, "timeout 0.3 sh -c 'echo x; exec sleep 5' > {to}"),
    (BOTH, 137, "timeout -s KILL 0.3 sh -c 'echo x; sleep 5' > {to}; exit $?"),
    # The writer has ended well, and a parent of it is killed, whose next line is missing.
    (BOTH, None, "timeout 0.3 bash -c '/bin/echo x; sleep 5' > {to}"),
    (BOTH, None, "timeout 0.3 dash -c '/bin/echo x; sleep 5; :' > {to}"),
    (BOTH, None, "timeout --foreground 0.3 bash -c '/bin/echo x; sleep 1; :' > {to}"),
    (BOTH, None, "timeout 0.3 sh -c 'bash -c \"(/bin/echo x); sleep 5; :\"; :' > {to}"),
    (BOTH, None, "timeout 0.3 bash -c 'echo x | cat | cat; sleep 5' > {to}"),
    (BOTH, 137, "sh -c '/bin/echo x; kill -KILL $$' > {to}; exit $?"),
    (BOTH, 137, "{{ echo w; sh -c '/bin/echo x; kill -KILL $$'; }} > {to}; exit $?"),
    (BOTH, 137, "{{ sh -c '/bin/echo x; /bin/echo y; kill -KILL $$'; }} > {to}; exit $?"),
    (BOTH, None, "yes | head -c 61440 | dd bs=16K iflag=fullblock of={to}"),
    (BOTH, None, "yes | head -c 61440 | dd bs=16K iflag=fullblock > {to}"),
    (BOTH, None, "head -c 61440 /dev/zero > {to}"),
    (BOTH, 2, "gpg --batch --homedir {home} -d {rubbish} > {to}"),
    (("zsh",), 3, "sh -c 'echo x; exit 3' > {to}"),
]
FAILING_ROWS = [
    pytest.param(shell, status, command, id=f"{shell}-{command}")
    for shells, status, command in FAILING_CASES
    for shell in shells
]


@pytest.mark.parametrize("shell, status, command", FAILING_ROWS)
def test_failing_command(mount, tmp_path, shell, status, command):
    need_tools(shell, *(["gpg"] if command.startswith("gpg") else []))
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    home, rubbish = tmp_path / "gpg", tmp_path / "rubbish"
    home.mkdir(mode=0o700)
    rubbish.write_bytes(bytes(range(256)) * 8)
    for name in ("NPM_TOKEN", "NEW"):
        done = m.sh(command.format(to=name, home=home, rubbish=rubbish), shell=shell)
        if status is None:
            assert done.returncode != 0
        else:
            assert done.returncode in (status, -(status - 128)), done.stderr
    assert_nothing_stored(m, before)


OTHERS = {
    "bulk file": ("secrets/.env", "A=1"),
    "list": ("access/PAGERDUTY_KEY/repositories", "acme/infra"),
}


@pytest.mark.parametrize("file, line", OTHERS.values(), ids=OTHERS)
def test_a_killed_parent_of_who_wrote_last(mount, file, line):
    m = mount()
    directory = m.path / "orgs/acme/actions"
    before = m.github.secrets()
    command = f"timeout 0.3 bash -c '/bin/echo {line}; sleep 5; /bin/echo' > {file}"
    assert m.sh(command, cwd=directory).returncode != 0
    assert m.github.secrets() == before
    assert not m.github.requests("PUT")


def test_a_decryption_that_fails_at_its_end(mount, tmp_path):
    """gpg writes what it has decrypted before it finds the message damaged."""
    need_tools("gpg", "gpgconf")
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    message = tmp_path / "message"
    home = tempfile.mkdtemp(dir="/tmp")  # its sockets' paths must be short
    gpg = f"gpg -q --batch --homedir {home} --pinentry-mode loopback --passphrase x"
    try:
        done = m.sh(
            f"head -c 40000 /dev/zero | {gpg} -z 0 -c -o {message} - && "
            f"{gpg} -d {message} > {tmp_path}/good",
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        content = bytearray(message.read_bytes())
        content[-5] ^= 1
        message.write_bytes(content)
        done = m.sh(f"{gpg} -d {message} > {tmp_path}/out", cwd=tmp_path)
        assert done.returncode != 0
        assert (tmp_path / "out").stat().st_size > 0
        for name in ("NPM_TOKEN", "NEW"):
            assert m.sh(f"{gpg} -d {message} > {name}").returncode != 0
        assert_nothing_stored(m, before)
    finally:
        subprocess.run(
            ["gpgconf", "--homedir", home, "--kill", "all"], timeout=TOOL_TIMEOUT, check=False
        )
        shutil.rmtree(home, ignore_errors=True)


PYTHON_FAILING = {
    "exit status": ("os._exit(3)", 3),
    "sys.exit": ("sys.exit(3)", 3),
    "exception": ("raise RuntimeError", 1),
    "a thread ends it": (
        "threading.Thread(target=os._exit, args=(3,)).start(); signal.pause()",
        3,
    ),
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    "segmentation fault": ("signal.raise_signal(signal.SIGSEGV)", -signal.SIGSEGV),
    "killed with two copies": ("os.dup(fd); os.kill(os.getpid(), 9)", -signal.SIGKILL),
    "killed with threads": (
        "threading.Thread(target=signal.pause, daemon=True).start(); os.kill(os.getpid(), 9)",
        -signal.SIGKILL,
    ),
    "opened by a thread": (
        "threading.Thread(target=lambda: os.write(fd, b'z')).start(); os._exit(3)",
        3,
    ),
}


@pytest.mark.parametrize("end, status", PYTHON_FAILING.values(), ids=PYTHON_FAILING)
def test_failing_program(mount, end, status):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    start = (
        "import os, resource, signal, sys, threading\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)\n"
        "os.write(fd, b'x')\nos.write(fd, b'y')\n"
    )
    for name in ("NPM_TOKEN", "NEW"):
        done = subprocess.run(
            [sys.executable, "-c", start + end, name],
            cwd=m.secrets,
            capture_output=True,
            timeout=TOOL_TIMEOUT,
            check=False,
        )
        assert done.returncode == status
    assert_nothing_stored(m, before)


def bytes_written(process):
    """Of all its files; what a write has counted here has arrived."""
    with open(f"/proc/{process.pid}/io", encoding="ascii") as io:
        return int(dict(line.split(": ") for line in io)["wchar"])


# dd catches SIGINT, and closes the file before it dies of it.
KILLED = [
    (command, number)
    for command in ("cat > NPM_TOKEN", "tee NPM_TOKEN >&2", "dd of=NPM_TOKEN", "tr x y > NEW")
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
    if (command, number) != ("dd of=NPM_TOKEN", signal.SIGINT)
]


@pytest.mark.parametrize("command, number", KILLED)
def test_killed_half_way(mount, command, number):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    writer = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=m.secrets,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    writer.stdin.write(b"x" * 20480)
    writer.stdin.flush()
    expected = 8192 if command.startswith("tr ") else 20480 * (1 + ("tee" in command))
    mounting.wait_until(lambda: bytes_written(writer) >= expected, what="the writes")
    writer.send_signal(number)
    assert writer.wait(TOOL_TIMEOUT) == -number
    writer.stdin.close()
    assert_nothing_stored(m, before)


def test_why_nothing_was_stored(mount):
    m = mount()
    m.sh("sh -c 'echo x; exit 3' > NPM_TOKEN")
    m.sh("sh -c 'echo x; kill -KILL $$' > NPM_TOKEN")
    lines = [line for line in m.errors() if "NPM_TOKEN" in line]
    assert len(lines) == 2
    assert "exit status 3" in lines[0]
    assert "signal 9" in lines[1]


# Spoilt handles


def spoil_by_length(fd):
    with fails("EFBIG"):
        os.write(fd, b"x" * (LIMIT + 3))


def spoil_later(fd):
    os.write(fd, b"x" * LIMIT)
    with fails("EFBIG"):
        os.write(fd, b"x" * 3)


def spoil_by_a_hole(fd):
    os.write(fd, b"abc")
    os.pwrite(fd, b"x", 5)  # it may still be filled
    with fails("EINVAL"):
        os.fsync(fd)


def spoil_at_once_by_a_hole(fd):
    os.pwrite(fd, b"x", 1)
    with fails("EINVAL"):
        os.fsync(fd)


def end_by_write_and_close(fd, error):
    for at in (0, 3, LIMIT):
        with fails(error):
            os.pwrite(fd, b"x", at)
    with fails(error):
        os.close(fd)


def end_by_fsync_and_close(fd, error):
    for _ in range(2):
        with fails(error):
            os.fsync(fd)
    with fails(error):
        os.close(fd)


def end_by_copies(fd, error):
    copy = os.dup(fd)
    with fails(error):
        os.close(copy)
    with fails(error):
        os.close(fd)


SPOILERS = [
    (spoil_by_length, "EFBIG"),
    (spoil_later, "EFBIG"),
    (spoil_by_a_hole, "EINVAL"),
    (spoil_at_once_by_a_hole, "EINVAL"),
]
ENDS = [end_by_write_and_close, end_by_fsync_and_close, end_by_copies]


@pytest.mark.parametrize("spoil, error", SPOILERS)
def test_a_spoilt_handle(mount, spoil, error):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    for end in ENDS:
        for name in ("NPM_TOKEN", "NEW"):
            fd = os.open(m.secrets / name, os.O_WRONLY | os.O_CREAT)
            spoil(fd)
            end(fd, error)
    assert_nothing_stored(m, before)
    assert any(error in line and "NPM_TOKEN" in line for line in m.errors())
    put(m.secrets / "NPM_TOKEN", b"value")
    assert m.github.plaintext(OLD) == b"value"


# What one of a group spoils is spoilt for all of it.
SPOILT_GROUPS = [
    "{ {python} -c 'print(\"x\" * 60000)'; echo tail; } > {to}",
    "{ {python} -c 'print(\"x\" * 60000)' || true; /bin/echo tail; } > {to}",
    "{ head -c 60000 /dev/zero; echo tail; } > {to}",
    "{ sh -c 'head -c 60000 /dev/zero; kill -KILL $$'; echo tail; } > {to}",
    "{ sh -c 'head -c 60000 /dev/zero; exit 3'; echo tail; exit 0; } > {to}",
    "exec 5> {to}; head -c 60000 /dev/zero >&5; echo tail >&5; exec 5>&-; exec 5>&1; true",
    "exec 5> {to}; (head -c 60000 /dev/zero; exit 3) >&5; (echo tail) >&5",
    "{ head -c 60000 /dev/zero; make -s -f {makefile}; } > {to}",
]


@pytest.mark.parametrize("shell", BOTH)
@pytest.mark.parametrize("command", SPOILT_GROUPS)
def test_spoilt_by_one_of_a_group(mount, tmp_path, command, shell):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    makefile = tmp_path / "makefile"
    makefile.write_text("all:\n\t@echo one\n\t@echo two\n")
    words = {"{python}": sys.executable, "{makefile}": str(makefile)}
    for name in ("NPM_TOKEN", "NEW"):
        line = command.replace("{to}", name)
        for word, text in words.items():
            line = line.replace(word, text)
        m.sh(line, shell=shell)
    assert_nothing_stored(m, before)
    assert any("EFBIG" in line and "NPM_TOKEN" in line for line in m.errors())


@pytest.mark.parametrize("spoil, error", SPOILERS)
@pytest.mark.parametrize("ends_with_a_value", [True, False])
def test_a_healed_handle(mount, spoil, error, ends_with_a_value):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    with opened(m.secrets / "NPM_TOKEN") as fd:
        spoil(fd)
        with fails(error):
            os.fsync(fd)
        os.ftruncate(fd, 0)
        if ends_with_a_value:
            os.pwrite(fd, b"value", 0)
    if ends_with_a_value:
        assert m.github.plaintext(OLD) == b"value"
        assert m.requests() == [f"PUT {OLD}"]
    else:
        assert_nothing_stored(m, before)


# More than one party


def test_the_later_close_of_two_processes_wins_whole(mount):
    m = mount()
    code = (
        "import os, sys\n"
        "fd = os.open('NPM_TOKEN', os.O_WRONLY | os.O_TRUNC)\n"
        "for _ in range(int(sys.argv[2])):\n"
        "    os.write(fd, sys.argv[1].encode())\n"
        "    print(flush=True); sys.stdin.readline()\n"
        "os.close(fd)\nprint(flush=True); sys.stdin.readline()\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, letter, str(count)],
            cwd=m.secrets,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for letter, count in (("a", 5), ("b", 2))
    ]

    def step(writer):
        writer.stdin.write(b"\n")
        writer.stdin.flush()
        assert writer.stdout.readline() == b"\n"

    first, second = writers
    try:
        for writer in writers:
            assert writer.stdout.readline() == b"\n"
        step(second)
        step(second)  # it closes
        assert m.github.plaintext(OLD) == b"bb"
        for _ in range(5):
            step(first)
        assert m.github.plaintext(OLD) == b"aaaaa"
        assert m.github.writes(OLD) == 2
    finally:
        for writer in writers:
            writer.communicate(timeout=TOOL_TIMEOUT)


@pytest.mark.parametrize("shell", BOTH)
@pytest.mark.parametrize("name", ["NPM_TOKEN", "NEW"])
def test_removed_while_open(mount, shell, name):
    m = mount()
    m.warm()
    command = f"exec 5> {name}; echo x >&5; rm {name}; echo y >&5; exec 5>&-"
    assert m.sh(command, shell=shell).returncode == 0
    assert any(f"/{name}: ESTALE: not stored: the file was removed" in e for e in m.errors())
    assert not m.github.requests("PUT")
    assert len(m.github.requests("DELETE")) == (name == "NPM_TOKEN")
    assert m.github.plaintext(f"{LIST}/{name}") is None
    assert not exists(m.secrets / name)


def one_after_the_other(m, first, second):
    requests = writes_sent(m)
    assert sorted(r["method"] for r in requests) == sorted([first, second])
    by_method = {r["method"]: r for r in requests}
    assert by_method[first]["t_end_ms"] <= by_method[second]["t_start_ms"]


def test_rm_while_the_upload_is_under_way(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=300)
    with subprocess.Popen(["cp", "/proc/version", "NPM_TOKEN"], cwd=m.secrets) as writer:
        m.github.wait_for(lambda requests: requests)
        assert m.sh("rm NPM_TOKEN").returncode == 0
        assert writer.wait(TOOL_TIMEOUT) == 0
    one_after_the_other(m, "PUT", "DELETE")
    assert m.github.plaintext(OLD) is None
    assert not exists(m.secrets / "NPM_TOKEN")


def test_written_while_the_delete_is_under_way(mount):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", action="delay", ms=300)
    with subprocess.Popen(["rm", "NPM_TOKEN"], cwd=m.secrets) as remover:
        m.github.wait_for(lambda requests: requests)
        put(m.secrets / "NPM_TOKEN", b"value")
        assert remover.wait(TOOL_TIMEOUT) == 0
    one_after_the_other(m, "DELETE", "PUT")
    assert m.github.plaintext(OLD) == b"value"
    assert exists(m.secrets / "NPM_TOKEN")
    put(m.secrets / "NPM_TOKEN", b"again")
    assert m.github.plaintext(OLD) == b"again"


WHILE_IT_IS_REMOVED = {
    "cp": "echo value > {new}; cp {new} NPM_TOKEN",
    "sh": "echo value > npm_token",
    "mv": "echo value > {new}; mv {new} NPM_TOKEN",
    "a rename": "echo value > .x; mv .x NPM_TOKEN",
    ".env": "echo NPM_TOKEN=value > .env",
}


@pytest.mark.parametrize("command", WHILE_IT_IS_REMOVED.values(), ids=WHILE_IT_IS_REMOVED)
@pytest.mark.parametrize("status", [204, 409])
def test_a_write_that_begins_while_rm_waits(mount, tmp_path, status, command):
    m = mount()
    os.stat(m.secrets / "npm_token")
    m.warm()
    fault = {"method": "DELETE", "action": "delay", "ms": 500}
    m.github.fault(**fault, **({} if status == 204 else {"status": status}))
    with subprocess.Popen(["rm", "NPM_TOKEN"], cwd=m.secrets) as remover:
        m.github.wait_for(lambda requests: requests)
        done = m.sh(command.format(new=tmp_path / "new"))
        assert done.returncode == 0, done.stderr
        assert (remover.wait(TOOL_TIMEOUT) == 0) == (status == 204)
    one_after_the_other(m, "DELETE", "PUT")
    assert m.github.plaintext(OLD) == b"value"
    assert exists(m.secrets / "NPM_TOKEN")


def test_many_at_once_while_rm_waits(mount):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", action="delay", ms=300)
    with opened(m.secrets / ".env") as fd:
        os.write(fd, b"NPM_TOKEN=value\n")
        with subprocess.Popen(["rm", "NPM_TOKEN"], cwd=m.secrets) as remover:
            m.github.wait_for(lambda requests: requests)
            os.fsync(fd)
            assert remover.wait(TOOL_TIMEOUT) == 0
    one_after_the_other(m, "DELETE", "PUT")
    assert m.github.plaintext(OLD) == b"value"


def test_opened_before_and_closed_while_rm_waits(mount):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", action="delay", ms=300)
    with opened(m.secrets / "NPM_TOKEN", os.O_WRONLY) as fd:
        os.write(fd, b"value")
        with subprocess.Popen(["rm", "NPM_TOKEN"], cwd=m.secrets) as remover:
            m.github.wait_for(lambda requests: requests)
            os.close(os.dup(fd))
            assert remover.wait(TOOL_TIMEOUT) == 0
    assert m.requests() == [f"DELETE {OLD}"]
    assert any("ESTALE: not stored: " in line for line in m.errors())


def test_an_open_that_rm_overtakes(mount):
    """The open waits for the key when rm begins."""
    m = mount()
    os.listdir(m.secrets)
    m.github.fault(path=f"{LIST}/public-key", action="delay", ms=400)
    m.github.fault(method="DELETE", action="delay", ms=800)
    with subprocess.Popen(["cp", "/proc/version", "NPM_TOKEN"], cwd=m.secrets) as writer:
        m.github.wait_for(lambda j: any(r["path"].endswith("public-key") for r in j))
        assert m.sh("rm NPM_TOKEN").returncode == 0
        assert writer.wait(TOOL_TIMEOUT) == 0
    one_after_the_other(m, "DELETE", "PUT")
    assert exists(m.secrets / "NPM_TOKEN")


# Uploads that fail: tools that look at close. Each has a secret of its own.

TOOLS = {
    "cp": "cp {new}/{name} {name}",
    "tee": "tee {name} < {new}/{name}",
    "install": "install -m 600 {new}/{name} {name}",
    "mv": "mv {new}/{name} {name}",
    "tar": "tar -xf {new}/{name}.tar",
}
QUICK = {"403": {"status": 403}, "422": {"status": 422}}
SLOW = {
    "500": {"status": 500},
    "500, stored": {"status": 500, "after": True},
    "reset-before": {"action": "reset-before"},
    "reset-after": {"action": "reset-after"},
    "hang": {"action": "hang"},
    "hang, stored": {"action": "hang", "after": True},
}


@pytest.fixture
def new_values(tmp_path):
    """A directory outside of the mount with a new value for each secret, and an archive."""
    directory = tmp_path / "new"
    directory.mkdir()
    for name in WEB_SECRETS:
        (directory / name).write_bytes(b"new " + name.encode())
        subprocess.run(
            ["tar", "-C", directory, "-cf", directory / f"{name}.tar", name],
            check=True,
            timeout=TOOL_TIMEOUT,
        )
    return directory


def start_tools(m, new, names):
    """Each tool on its own secret, all at once."""
    return [
        subprocess.Popen(
            ["bash", "-c", TOOLS[tool].format(new=new, name=name)],
            cwd=m.secrets,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for tool, name in names.items()
    ]


@pytest.mark.parametrize("fault", QUICK.values(), ids=QUICK)
@pytest.mark.parametrize("tool", TOOLS)
def test_refused_upload(mount, new_values, tool, fault):
    need_tools(tool)
    m = mount(timeout=2)
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    m.github.fault(method="PUT", count=-1, **fault)
    done = m.sh(TOOLS[tool].format(new=new_values, name="NPM_TOKEN"))
    assert done.returncode != 0
    assert m.github.secrets()[LIST] == before
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert os.stat(m.secrets / "NPM_TOKEN").st_mtime == mtime
    m.stop()
    assert not m.github.requests("DELETE")
    assert m.github.secrets()[LIST] == before


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_failing_upload(mount, new_values, fault):
    need_tools(*TOOLS)
    m = mount(timeout=1)
    m.warm()
    old = {name: m.github.plaintext(f"{LIST}/{name}") for name in WEB_SECRETS}
    stored = fault.get("after") or fault.get("action") == "reset-after"
    m.github.fault(method="PUT", count=-1, **fault)
    tools = start_tools(m, new_values, dict(zip(TOOLS, WEB_SECRETS)))
    for tool, process in zip(TOOLS, tools):
        _, message = process.communicate(timeout=TOOL_TIMEOUT)
        assert process.returncode != 0, f"{tool} took it for success"
        assert message, tool
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    for name in WEB_SECRETS:
        assert exists(m.secrets / name)
    m.stop()
    assert not m.github.requests("DELETE")
    for name in WEB_SECRETS:
        arrived = m.github.plaintext(f"{LIST}/{name}")
        allowed = [old[name]] + ([b"new " + name.encode()] if stored else [])
        assert arrived in allowed, name


PASSING = {
    "500": {"status": 500},
    "reset-before": {"action": "reset-before"},
    "reset-after": {"action": "reset-after"},
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_an_upload_is_tried_again(mount, new_values, fault):
    need_tools(*TOOLS)
    m = mount()
    m.warm()
    m.github.fault(method="PUT", count=len(TOOLS), **fault)
    for process in start_tools(m, new_values, dict(zip(TOOLS, WEB_SECRETS))):
        _, message = process.communicate(timeout=TOOL_TIMEOUT)
        assert process.returncode == 0, message
    for name in WEB_SECRETS:
        assert m.github.plaintext(f"{LIST}/{name}") == b"new " + name.encode()
    assert not m.github.requests("DELETE")
    assert m.errors() == []


@pytest.mark.parametrize("shell", BOTH)
def test_echo_and_sync(mount, shell):
    m = mount(timeout=1)
    m.warm()
    before = m.github.secrets()[LIST]
    for fault in (QUICK["422"], SLOW["500"], SLOW["reset-before"]):
        m.github.clear_faults()
        m.github.fault(method="PUT", count=-1, **fault)
        assert m.sh("echo v > NPM_TOKEN; sync NPM_TOKEN", shell=shell).returncode != 0
        assert m.sh("sync NPM_TOKEN", shell=shell).returncode != 0
        assert m.github.secrets()[LIST] == before
    m.github.clear_faults()
    done = m.sh("echo v > NPM_TOKEN; sync NPM_TOKEN", shell=shell)
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(OLD) == b"v"


# Stored, and the answer is lost: what is there may as well be another client's.
LOST = {name: fault for name, fault in SLOW.items() if "stored" in name or name == "reset-after"}
NEW_WAYS = {
    "write": "echo v > NEW",
    "made, written": "touch NEW; echo v > NEW",
    "rename": "echo v > .new; mv .new NEW; rm .new",
    "dotenv": "echo NEW=v > .env",
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize("way", NEW_WAYS.values(), ids=NEW_WAYS)
def test_sync_of_a_new_name_whose_answer_is_lost(mount, way, fault):
    m = mount(timeout=1)
    m.warm()
    m.github.fault(method="PUT", count=-1, **fault)
    m.sh(way)
    assert m.github.plaintext(NEW) == b"v"
    m.github.clear_faults()
    for _ in range(2):
        assert m.sh("sync NEW").returncode != 0
        assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "NEW"])
    done = m.sh("echo w > NEW; sync NEW")
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == b"w"


def test_sync_of_a_new_name_that_is_seen_late(mount):
    """Reads lag writes: the first answers do not have what was stored."""
    m = mount(timeout=1, cache_ttl=0)
    m.warm()
    m.github.config(read_lag_ms=3000)
    m.github.fault(method="PUT", count=-1, **SLOW["reset-after"])
    m.sh("echo v > NEW")
    assert m.sh("sync NEW").returncode != 0
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    m.github.config(read_lag_ms=0)
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "NEW"])
    assert m.sh("sync NEW").returncode != 0


@pytest.mark.parametrize(
    "way", ["echo v > NEW", "touch NEW && echo v > NEW", "touch NEW && echo NEW=v > .env"]
)
def test_a_new_name_whose_answer_is_lost_is_no_ghost(mount, way):
    m = mount(timeout=1)
    m.warm()
    m.github.fault(method="PUT", count=-1, **SLOW["reset-before"])
    m.sh(way)
    for ask in ("stat NEW", "sync NEW", "rm NEW"):
        assert "No such file" in m.sh(ask).stderr
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    m.github.clear_faults()
    done = m.sh("touch NEW && chmod 600 NEW && sync NEW && stat NEW && rm NEW")
    assert done.returncode == 0, done.stderr
    done = m.sh("set -C; echo w > NEW && sync NEW")
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == b"w"


@pytest.mark.parametrize("shell", BOTH)
@pytest.mark.parametrize("fault", [QUICK["422"], SLOW["500"]], ids=["422", "500"])
def test_echo_when_each_write_is_sent(mount, shell, fault):
    m = mount(timeout=1, commit="write")
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", count=-1, **fault)
    done = m.sh("echo v > NPM_TOKEN", shell=shell)
    assert done.returncode == 1
    assert done.stderr
    assert m.github.secrets()[LIST] == before


REFUSED_AT_OPEN = {
    "token": {"status": 401},
    "scope": {"status": 403},
    "unseen": {"status": 404},
}


@pytest.mark.parametrize("fault", REFUSED_AT_OPEN.values(), ids=REFUSED_AT_OPEN)
@pytest.mark.parametrize("shell, status", [("bash", 1), ("dash", 2), ("zsh", 1)])
def test_echo_with_what_open_knows(mount, shell, status, fault):
    need_tools(shell)
    m = mount()
    os.listdir(m.secrets)
    before = m.github.secrets()[LIST]
    m.github.fault(path=f"{LIST}*", count=-1, **fault)
    for name in ("NPM_TOKEN", "NEW"):
        done = m.sh(f"echo v > {name}", shell=shell)
        assert done.returncode == status
        assert name in done.stderr
        assert any(
            os.strerror(number).lower() in done.stderr.lower()
            for number in (errno.EACCES, errno.ENOENT)
        ) or (shell == "dash" and "nonexistent" in done.stderr)
    assert not m.github.requests("PUT")
    assert m.github.secrets()[LIST] == before


def test_errors_tell_all(mount):
    m = mount()
    m.github.fault(
        method="PUT",
        status=403,
        body={"message": "Resource not accessible by personal access token"},
        headers={
            "X-Accepted-GitHub-Permissions": "secrets=write",
            "X-GitHub-Request-Id": "AB12:34CD",
        },
    )
    m.sh("echo canary > NPM_TOKEN")
    (line,) = m.errors()
    for part in (
        "repos/acme/web/actions/secrets/NPM_TOKEN",
        "EACCES",
        "403",
        "Resource not accessible by personal access token",
        "secrets=write",
        "AB12:34CD",
    ):
        assert part in line
    assert "canary" not in line + m.log()

