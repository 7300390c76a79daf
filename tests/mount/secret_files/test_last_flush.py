"""A value is published whole, once, by whoever lets go of it last (contract §3.14)."""

import array
import os
import socket
import subprocess
import sys
import tempfile
import threading

import pytest

from kit import mounting
from kit.calls import fails, opened, put
from kit.demo import LIST
from kit.needs import need_tools

NEW = f"{LIST}/NEW"
TOOL_TIMEOUT = 30  # seconds; only so that what hangs fails

# A key of 47 KB; bash writes it a line at a time.
LINES = b"".join(b"%03d %s\n" % (n, b"x" * 500) for n in range(95))


def python(m, code, *arguments):
    """Runs a Python program in the directory of secrets."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=m.secrets,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT,
        check=False,
    )


def wait_for_value(m, value):
    mounting.wait_until(lambda: m.github.plaintext(NEW) == value, what="the value")


def assert_sent_once(m, done, value):
    """One PUT, and it had everything; perhaps by a child that is not done yet."""
    assert done.returncode == 0, done.stderr
    wait_for_value(m, value)
    # zsh looks for its working directory by listing those above.
    assert [r for r in m.requests() if not r.startswith("GET ")] == [f"PUT {NEW}"]


# Shells: what is run, and what is to arrive.

BOTH = ("bash", "dash")
SHELL_CASES = [
    (BOTH, 'V=$(cat {file}); echo "$V" > NEW', LINES),
    (BOTH, "V=$(cat {file}); printf '%s\\n' \"$V\" > NEW", LINES),
    (BOTH, "cat {file} > NEW", LINES),
    (BOTH, "dd if={file} of=NEW bs=1k", LINES),
    (BOTH, "dd bs=1k < {file} > NEW", LINES),
    (BOTH, "while read -r l; do echo \"$l\"; done < {file} > NEW", LINES),
    (BOTH, "{{ echo a; /bin/true; echo b; }} > NEW", b"a\nb\n"),
    (BOTH, "{{ echo a; sleep 0.1; echo b; }} > NEW", b"a\nb\n"),
    (BOTH, "{{ echo a; }} > NEW", b"a"),
    (BOTH, "(echo a; /bin/echo b; /bin/true) > NEW", b"a\nb\n"),
    (BOTH, "sh {script} > NEW", b"one\ntwo\nthree\n"),
    (BOTH, "( ( ( sh {script} ) ) ) > NEW", b"one\ntwo\nthree\n"),
    (BOTH, "exec 5> NEW; echo a >&5; echo b >&5; exec 5>&-", b"a\nb\n"),
    (BOTH, "exec 5> NEW; echo a >&5; echo b >&5", b"a\nb\n"),
    (BOTH, "exec 5> NEW; /bin/echo a >&5; /bin/echo b >&5; exec 5>&-", b"a\nb\n"),
    (BOTH, "exec 5> NEW 6>&5; echo a >&6; exec 6>&-; echo b >&5; exec 5>&-", b"a\nb\n"),
    (BOTH, "exec 5> NEW 6>&5; echo a >&6; exec 5>&-; echo b >&6; exec 6>&-", b"a\nb\n"),
    (BOTH, "exec > NEW; echo a; sh -c 'echo b'; echo c", b"a\nb\nc\n"),
    (BOTH, "( (echo a; sleep 0.1; echo b) & ) > NEW", b"a\nb\n"),
    (BOTH, "(echo a; sleep 0.3; echo b) > NEW &", b"a\nb\n"),
    (BOTH, "{{ (sleep 0.3; echo a; echo b) & }} > NEW", b"a\nb\n"),
    (BOTH, "setsid sh -c 'echo a; sleep 0.3; echo b' > NEW &", b"a\nb\n"),
    (BOTH, "printf 'a\\nb\\n' | cat > NEW", b"a\nb\n"),
    (BOTH, "(echo a; sleep 0.1; echo b) | while read -r l; do echo $l; done > NEW", b"a\nb\n"),
    (BOTH, "(echo a; sleep 0.1; echo b) | tee NEW", b"a\nb\n"),
    (("bash",), "echo value | tee >(cat > NEW) | cat; sleep 0.1", b"value"),
    (("bash",), "coproc cat > NEW; echo value >&${{COPROC[1]}}; exec {{COPROC[1]}}>&-; wait",
     b"value"),
    (("zsh",), 'V=$(cat {file}); echo -E - "$V" > NEW', LINES),
    (("zsh",), "{{ echo a; /bin/true; echo b }} > NEW", b"a\nb\n"),
]  # fmt: skip
SHELL_ROWS = [
    pytest.param(shell, command, value, id=f"{shell}-{command}")
    for shells, command, value in SHELL_CASES
    for shell in shells
]


@pytest.mark.parametrize("shell, command, value", SHELL_ROWS)
def test_shell(mount, tmp_path, shell, command, value):
    need_tools(shell)
    m = mount()
    m.warm()
    content, script = tmp_path / "content", tmp_path / "script"
    content.write_bytes(LINES)
    script.write_text("/bin/echo one\n/bin/echo two\nsh -c 'echo three'\n")
    done = m.sh(command.format(file=content, script=script), shell=shell)
    assert_sent_once(m, done, value)


PYTHON_CASES = {
    "Popen": """
import subprocess
with open("NEW", "w") as f:
    child = subprocess.Popen(["sh", "-c", "echo a; sleep 0.1; /bin/echo b"], stdout=f)
child.wait()
""",
    "Popen, waited for before the close": """
import subprocess
with open("NEW", "w") as f:
    subprocess.Popen(["sh", "-c", "echo a; /bin/true; echo b"], stdout=f).wait()
""",
    "Popen, outliving us": """
import subprocess
subprocess.Popen(["sh", "-c", "echo a; sleep 0.3; echo b"], stdout=open("NEW", "w"))
""",
    "two children, one after another": """
import subprocess
with open("NEW", "w") as f:
    for word in "ab":
        subprocess.run(["echo", word], stdout=f, check=True)
""",
    "a thread opens, another closes": """
import os, threading
fds = []
def first(): fds.append(os.open("NEW", os.O_WRONLY | os.O_CREAT)); os.write(fds[0], b"a\\n")
def second(): os.write(fds[0], b"b\\n"); os.close(fds[0])
for work in first, second:
    thread = threading.Thread(target=work); thread.start(); thread.join()
""",
    "a thread holds it by a copy": """
import os, threading
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
copy = os.dup(fd)
def work(): os.write(copy, b"a\\n"); os.close(copy)
thread = threading.Thread(target=work); thread.start(); thread.join()
os.write(fd, b"b\\n")
os.close(fd)
""",
    "copies": """
import os
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
copies = [os.dup(fd) for _ in range(5)]
os.write(fd, b"a\\n")
for copy in copies: os.close(copy)
os.write(fd, b"b\\n")
""",
    "dup2 closes the last": """
import os
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
os.write(fd, b"a\\nb\\n")
os.dup2(os.open("/dev/null", os.O_WRONLY), fd)
""",
    "never closed": """
import os
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
for line in (b"a\\n", b"b\\n"): os.write(fd, line)
os._exit(0)
""",
    "a child of a child": """
import os
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
if os.fork() == 0:
    if os.fork() == 0:
        os.write(fd, b"a\\n")
        os._exit(0)
    os.wait()
    os._exit(0)
os.wait()
os.write(fd, b"b\\n")
""",
    "by the child, after the parent closed": """
import os
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
read, write = os.pipe()
if os.fork() == 0:
    os.close(write)
    os.read(read, 1)
    os.write(fd, b"a\\n")
    os.write(fd, b"b\\n")
    os.close(fd)
    os._exit(0)
os.close(fd)
os.close(write)
os.wait()
""",
}


@pytest.mark.parametrize("code", PYTHON_CASES.values(), ids=PYTHON_CASES)
def test_python(mount, code):
    m = mount()
    m.warm()
    assert_sent_once(m, python(m, code), b"a\nb\n")


NODE_CASES = {
    "writeFileSync": "fs.writeFileSync('NEW', value)",
    "writeFile": "fs.writeFile('NEW', value, e => { if (e) throw e })",
    "stream": "s = fs.createWriteStream('NEW'); s.write(value.slice(0, 9));"
    "s.end(value.slice(9))",
    "never closed": "fs.writeSync(fs.openSync('NEW', 'w'), value)",
}


@pytest.mark.parametrize("code", NODE_CASES.values(), ids=NODE_CASES)
def test_node(mount, tmp_path, code):
    need_tools("node")
    m = mount()
    m.warm()
    content = tmp_path / "content"
    content.write_bytes(LINES)
    start = f"const fs = require('fs'); const value = fs.readFileSync('{content}'); let s;"
    done = m.sh(f'node -e "{start} {code}"')
    assert_sent_once(m, done, LINES)


@pytest.mark.parametrize("shell", BOTH)
def test_a_child_that_goes_on_alone(mount, shell):
    """Before it writes, what the shell wrote and closed looks like all; its end makes it so."""
    m = mount()
    done = m.sh("{ echo a; (sleep 0.1; echo b) & } > NEW; wait", shell=shell)
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == b"a\nb\n"


def test_a_descriptor_sent_to_another_process(mount):
    """The receiver is no relative of the opener's; that it wrote makes it count."""
    m = mount()
    m.warm()
    ours, theirs = socket.socketpair()
    code = """
import array, os, socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
_, [(_, _, data)], _, _ = s.recvmsg(1, socket.CMSG_SPACE(4))
fd = array.array("i", data)[0]
os.write(fd, b"a\\n")
s.send(b"x")
s.recv(1)
os.write(fd, b"b\\n")
os.close(fd)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(theirs.fileno())], pass_fds=[theirs.fileno()]
    )
    theirs.close()
    ours.settimeout(TOOL_TIMEOUT)
    with opened(m.secrets / "NEW") as fd:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        ours.sendmsg([b"x"], rights)
        assert ours.recv(1) == b"x"
    assert m.requests() == []  # it still holds the file
    ours.send(b"x")
    assert child.wait(TOOL_TIMEOUT) == 0
    ours.close()
    assert m.github.plaintext(NEW) == b"a\nb\n"
    assert m.requests() == [f"PUT {NEW}"]


def test_fsync_in_the_middle(mount):
    m = mount()
    m.warm()
    with opened(m.secrets / "NEW") as fd:
        os.write(fd, b"a\n")
        os.fsync(fd)
        assert m.github.plaintext(NEW) == b"a"
        os.write(fd, b"b\n")
        os.fsync(fd)
        assert m.github.plaintext(NEW) == b"a\nb\n"
        os.write(fd, b"c\n")
        assert m.github.writes(NEW) == 2
    assert m.github.plaintext(NEW) == b"a\nb\nc\n"
    assert m.requests() == [f"PUT {NEW}"] * 3


def test_fsync_while_a_child_holds_it(mount):
    m = mount()
    m.warm()
    code = """
import os, subprocess
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=fd)
os.write(fd, b"a\\n")
os.fsync(fd)
child.communicate(b"b\\n")
"""
    assert python(m, code).returncode == 0
    assert m.github.plaintext(NEW) == b"a\nb\n"
    assert m.requests() == [f"PUT {NEW}"] * 2


# One process with the secret open more than once: its descriptors can't be told apart.


def test_opened_twice(mount):
    m = mount()
    m.warm()
    path = m.secrets / "NEW"
    first, second = (os.open(path, os.O_WRONLY | os.O_CREAT) for _ in range(2))
    os.write(first, b"first")
    os.write(second, b"second")
    os.close(first)
    assert m.github.plaintext(NEW) == b"first"
    os.close(second)
    assert m.github.plaintext(NEW) == b"second"
    assert m.requests() == [f"PUT {NEW}"] * 2


def test_opened_twice_and_copied(mount):
    m = mount()
    path = m.secrets / "NEW"
    first, second = (os.open(path, os.O_WRONLY | os.O_CREAT) for _ in range(2))
    copy = os.dup(first)
    os.write(first, b"a\n")
    os.close(copy)
    os.write(first, b"b\n")
    os.close(first)
    os.close(second)
    assert m.github.plaintext(NEW) == b"a\nb\n"


NESTED = [
    "exec 5> NEW; echo value > NEW; exec 5>&-",
    "exec 5> NEW; /bin/echo value > NEW; exec 5>&-",
    "exec 5> NEW; (echo value > NEW); exec 5>&-",
    "exec 5> NEW; sh -c 'echo value > NEW'; exec 5>&-",
    "{ echo value > NEW; } 5> NEW",
    "exec 5> NEW; echo value | tee NEW; exec 5>&-",
    "exec 5> NEW; cp {file} NEW; exec 5>&-",
]


@pytest.mark.parametrize("shell", BOTH)
@pytest.mark.parametrize("command", NESTED)
def test_opened_again_by_a_child(mount, tmp_path, shell, command):
    """The child inherits the other descriptor; its own value must not be lost."""
    m = mount()
    content = tmp_path / "content"
    content.write_bytes(b"value")
    done = m.sh(command.replace("{file}", str(content)), shell=shell)
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == b"value"


def test_the_outer_value_comes_last(mount):
    m = mount()
    command = "exec 5> NEW; echo a >&5; (echo other > NEW); echo b >&5; exec 5>&-"
    assert m.sh(command).returncode == 0
    assert m.github.plaintext(NEW) == b"a\nb\n"


# execve with a dirty descriptor that it closes: the flush holds locks of the caller's.

EXEC = """
import os
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
os.write(fd, b"a\\n")
os.write(fd, b"b\\n")
os.execv("/bin/true", ["true"])
"""


def run_ps():
    need_tools("ps")
    done = subprocess.run(
        ["ps", "-ef"], capture_output=True, text=True, timeout=TOOL_TIMEOUT, check=False
    )
    assert done.returncode == 0 and done.stdout


@pytest.mark.parametrize("delay_ms", [0, 500])
def test_exec(mount, delay_ms):
    m = mount()
    m.warm()
    if delay_ms:
        m.github.fault(method="PUT", action="delay", ms=delay_ms)
    with subprocess.Popen([sys.executable, "-c", EXEC], cwd=m.secrets) as program:
        m.github.wait_for(lambda requests: requests)
        os.listdir(m.secrets)
        os.stat(m.secrets / "NPM_TOKEN")
        run_ps()
        assert program.wait(TOOL_TIMEOUT) == 0
    assert m.github.plaintext(NEW) == b"a\nb\n"
    assert m.requests() == [f"PUT {NEW}"]


def test_exec_with_a_hanging_upload(mount):
    m = mount(timeout=1)
    m.warm()
    m.github.fault(method="PUT", action="hang", count=-1)
    with subprocess.Popen([sys.executable, "-c", EXEC], cwd=m.secrets) as program:
        m.github.wait_for(lambda requests: requests)
        assert os.listdir(m.secrets)
        put_elsewhere = threading.Thread(target=os.listdir, args=(m.path / "repos/acme",))
        put_elsewhere.start()
        run_ps()
        put_elsewhere.join(TOOL_TIMEOUT)
        assert not put_elsewhere.is_alive()
        assert program.wait(TOOL_TIMEOUT) == 0
    assert m.github.plaintext(NEW) is None


def test_many_execs_at_once(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=200, count=-1)
    programs = [
        subprocess.Popen([sys.executable, "-c", EXEC.replace("NEW", f"NEW_{n}")], cwd=m.secrets)
        for n in range(8)
    ]
    for _ in range(3):
        run_ps()
    assert [program.wait(TOOL_TIMEOUT) for program in programs] == [0] * 8
    for n in range(8):
        assert m.github.plaintext(f"{LIST}/NEW_{n}") == b"a\nb\n"


# Writers whose processes can't be told


@pytest.mark.root("unshare")
def test_a_writer_of_another_pid_namespace(binary, github, env):
    """As the program sees it, the caller has no number: it is refused at open."""
    need_tools("unshare")
    with tempfile.TemporaryDirectory() as directory:
        wrapper = os.path.join(directory, "program")
        with open(wrapper, "w", encoding="ascii") as script:
            script.write(f'#!/bin/sh\nexec unshare --pid --fork -- "{binary}" "$@"\n')
        os.chmod(wrapper, 0o700)
        arguments = mounting.option_arguments({"api_url": github.url, "timeout": 5})
        m = mounting.Mount(wrapper, os.path.join(directory, "mount"), arguments, env())
        m.github = github
        try:
            assert "NPM_TOKEN" in os.listdir(m.secrets)
            for name in ("NPM_TOKEN", "NEW"):
                with fails("EACCES"):
                    put(m.secrets / name, b"value")
            assert "pid namespace" in "".join(m.errors())
            assert not github.requests("PUT")
        finally:
            m.stop()


def test_many_writers_through_one_handle(mount):
    m = mount()
    m.warm()
    code = """
import os
fd = os.open("NEW", os.O_WRONLY | os.O_CREAT)
for n in range(40):
    if os.fork() == 0:
        os.write(fd, b"%02d\\n" % n)
        os._exit(0)
    os.wait()
"""
    done = python(m, code)
    assert_sent_once(m, done, b"".join(b"%02d\n" % n for n in range(40)))
