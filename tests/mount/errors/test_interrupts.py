"""Signals to callers that wait for the mount (contract §5.7)."""

import contextlib
import errno
import os
import pathlib
import pty
import select
import signal
import statistics
import subprocess
import sys
import time

import pytest

from kit.calls import fails, put
from kit.demo import LIST, WEB
from kit.mounting import environment, wait_until

OLD = f"{LIST}/NPM_TOKEN"
NEW = f"{LIST}/NEW"
KEY = f"{LIST}/public-key"
API = "repos/acme/api/actions/secrets"
CALLER = pathlib.Path(__file__).parents[1] / "kit" / "caller.py"
VALUE = b"a value of its own"  # of caller.py

CALLERS = 50
FREED_WITHIN = 1  # seconds; the aim is 0.05, and a busy machine is no failure
LONG = 60  # seconds of timeout=, so that no deadline of the mount's can be what frees a caller
STUCK_FOR = 0.3
DEADLY = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
CORE = [signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV]

parametrize = pytest.mark.parametrize


class Caller:
    """A run of caller.py: its call has begun, and is under way."""

    def __init__(self, m, operation, path, *arguments):
        command = [sys.executable, "-I", "-S", CALLER, operation, str(path), *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=m.path.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "calling\n"

    def signal(self, number):
        self.process.send_signal(number)

    def is_stuck(self):
        time.sleep(STUCK_FOR)
        return self.process.poll() is None

    def result(self):
        """("ok" or an error's name, number of signals caught)."""
        output, _ = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, (self.process.returncode, output)
        result, caught = output.split()
        return result, int(caught)


@pytest.fixture
def call():
    """Starts callers; none is left behind."""
    callers = []

    def start(*arguments):
        callers.append(Caller(*arguments))
        return callers[-1]

    yield start
    for caller in callers:
        if caller.process.poll() is None:
            caller.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            caller.process.wait(10)
        caller.process.stdout.close()


def times_to_end(processes, number):
    """Sends each the signal, and measures until it has gone: seconds, sorted."""
    sent, ended = {}, {}
    poll = select.poll()
    for process in processes:
        fd = os.pidfd_open(process.pid)
        poll.register(fd, select.POLLIN)
        sent[fd] = time.monotonic()
        process.send_signal(number)
    until = time.monotonic() + 5
    while len(ended) < len(sent) and time.monotonic() < until:
        for fd, _ in poll.poll(1000):
            ended[fd] = time.monotonic() - sent[fd]
            poll.unregister(fd)
    for fd in sent:
        os.close(fd)
    assert len(ended) == len(processes), f"{len(processes) - len(ended)} are still stuck"
    return sorted(ended.values())


def show(what, number, times):
    print(
        f"\n{what}, {signal.Signals(number).name}: median "
        f"{statistics.median(times) * 1000:.1f} ms, longest {times[-1] * 1000:.1f} ms"
    )


def hang(m, **which):
    """A fault that hangs, and a function that waits until requests do."""
    number = m.github.fault(action="hang", count=-1, **which)

    def wait(count=1):
        def hits():
            return next(f["hits"] for f in m.github.faults() if f["id"] == number) >= count

        wait_until(hits, 20, "requests that hang")

    return wait


def drop(m):
    """Lets the server go on, once it has seen that nobody waits for the changes that hang there.

    What several may wait for, a listing or the key, goes on for those who come next.
    """

    def dropped():
        changes = (r for r in m.github.journal() if r["method"] != "GET")
        return all(r["t_end_ms"] for r in changes)

    wait_until(dropped, 5, "the connections' ends")
    m.github.clear_faults()


def assert_works(m):
    """Nothing of what was interrupted is left."""
    drop(m)
    put(m.secrets / "NPM_TOKEN", b"afterwards")
    assert m.github.plaintext(OLD) == b"afterwards"
    assert "0 in flight, 0 queued" in m.status()["requests"]


# Deadly signals


@parametrize("number", DEADLY, ids=lambda n: n.name)
def test_many_callers_in_a_hanging_upload(mount, tmp_path, number):
    m = mount(timeout=LONG)
    m.warm()
    before = m.github.secrets()[LIST]
    content = tmp_path / "content"
    content.write_bytes(b"value")
    hanging = hang(m, method="PUT")
    targets = [f"NEW_{n}" for n in range(CALLERS)]
    callers = [subprocess.Popen(["cp", str(content), m.secrets / t]) for t in targets]
    hanging(CALLERS)
    times = times_to_end(callers, number)
    show(f"{CALLERS} callers in an upload", number, times)
    assert [c.wait(10) for c in callers] == [-number] * CALLERS
    assert times[-1] < FREED_WITHIN
    assert m.github.secrets()[LIST] == before
    assert_works(m)
    assert sorted(os.listdir(m.secrets)) == sorted(before)


OPERATIONS = [
    ("close", "NPM_TOKEN", {"method": "PUT"}),
    ("fsync", "NPM_TOKEN", {"method": "PUT"}),
    ("write", "NPM_TOKEN", {"method": "PUT"}),
    ("open", "NPM_TOKEN", {"path": KEY}),
    ("create", "NEW", {"path": KEY}),
    ("create", "NEW", {"path": LIST}),
    ("unlink", "NPM_TOKEN", {"method": "DELETE"}),
    ("list", "", {"path": LIST}),
    ("stat", "NO_SUCH", {"method": "GET", "path": f"{LIST}*"}),
]
operations = parametrize("operation, name, which", OPERATIONS, ids=lambda v: str(v) or "directory")


def stuck(call, m, operation, name, which, *arguments):
    """A caller whose request hangs."""
    os.stat(m.secrets)
    hanging = hang(m, **which)
    caller = call(m, operation, m.secrets / name, *arguments)
    hanging()
    return caller


def kill_some(call, m, operation, name, which, numbers, *arguments):
    """A caller for each signal, one after another."""
    os.stat(m.secrets)
    hanging = hang(m, **which)
    changes = which.get("method") in ("PUT", "DELETE")
    for round_, number in enumerate(numbers):
        caller = call(m, operation, m.secrets / name, *arguments)
        # What others may wait for as well is still being asked for since the first round.
        hanging(round_ + 1 if changes else 1)
        time.sleep(0.1)
        assert caller.process.poll() is None
        times = times_to_end([caller.process], number)
        assert caller.process.wait(10) == -number
        assert times[-1] < FREED_WITHIN, f"{number.name}: {times[-1]:.3f} s"
    drop(m)


def options_for(operation):
    return {"timeout": LONG, "commit": "write" if operation == "write" else "close"}


@operations
def test_deadly_signals_free_a_caller(mount, call, operation, name, which):
    m = mount(**options_for(operation))
    kill_some(call, m, operation, name, which, [*DEADLY, *CORE])
    assert m.github.writes(OLD) == 0
    assert m.github.plaintext(NEW) is None
    assert_works(m)


@operations
def test_deadly_signals_after_a_harmless_one(mount, call, operation, name, which):
    """The kernel tells us of the first signal alone."""
    m = mount(**options_for(operation))
    catch = ["--catch", "SIGALRM", "--every", "SIGALRM", "20"]
    kill_some(call, m, operation, name, which, [*DEADLY, *CORE], *catch)
    assert_works(m)


@parametrize("number", DEADLY, ids=lambda n: n.name)
def test_many_callers_after_a_harmless_signal(mount, call, number):
    m = mount(timeout=LONG)
    m.warm()
    hanging = hang(m, method="PUT")
    catch = ["--catch", "SIGALRM", "--every", "SIGALRM", "100"]
    callers = [call(m, "close", m.secrets / f"NEW_{n}", *catch) for n in range(10)]
    hanging(10)
    assert callers[0].is_stuck()
    times = times_to_end([c.process for c in callers], number)
    show("10 callers after SIGALRM", number, times)
    assert times[-1] < FREED_WITHIN
    assert [c.process.wait(10) for c in callers] == [-number] * 10
    assert_works(m)


def test_an_ignored_core_signal_frees_nobody(mount, call):
    m = mount(timeout=LONG)
    caller = stuck(call, m, "close", "NPM_TOKEN", {"method": "PUT"}, "--ignore", "SIGQUIT")
    caller.signal(signal.SIGQUIT)
    assert caller.is_stuck()
    m.github.clear_faults()
    assert caller.result() == ("ok", 0)
    assert m.github.plaintext(OLD) == VALUE


def test_an_interrupted_upload_is_in_the_errors(mount, call):
    m = mount(timeout=LONG)
    caller = stuck(call, m, "close", "NPM_TOKEN", {"method": "PUT"})
    caller.signal(signal.SIGTERM)
    assert caller.process.wait(10) == -signal.SIGTERM
    wait_until(lambda: any("EINTR" in e and "NPM_TOKEN" in e for e in m.errors()), 5, "the line")
    done = m.sh("sync NPM_TOKEN")
    assert done.returncode == 1
    assert os.strerror(errno.EINTR) not in done.stderr, "for who lives, and tries again for ever"
    assert_works(m)
    assert m.sh("sync NPM_TOKEN").returncode == 0


def test_an_interrupted_upload_is_not_sent_again(mount, call):
    m = mount(timeout=LONG)
    m.warm()
    caller = stuck(call, m, "close", "NPM_TOKEN", {"method": "PUT"})
    caller.signal(signal.SIGKILL)
    caller.process.wait(10)
    drop(m)
    time.sleep(STUCK_FOR)
    assert len(m.github.requests("PUT")) == 1
    assert m.github.writes(OLD) == 0


def test_the_next_writer_gets_its_turn(mount, call):
    """Of two uploads of one name the second waits for the first, and not for its ghost."""
    m = mount(timeout=LONG)
    m.warm()
    first = stuck(call, m, "close", "NPM_TOKEN", {"method": "PUT"})
    second = call(m, "close", m.secrets / "NPM_TOKEN")
    assert second.is_stuck()
    assert len(m.github.requests("PUT")) == 1
    m.github.fault(method="PUT", action="delay", ms=1)
    first.signal(signal.SIGKILL)
    first.process.wait(10)
    m.github.wait_for(lambda j: len([r for r in j if r["method"] == "PUT"]) == 2)
    m.github.clear_faults()
    assert second.result() == ("ok", 0)
    assert m.github.plaintext(OLD) == VALUE


def test_a_writer_that_waits_for_its_turn_can_be_killed(mount, call):
    m = mount(timeout=LONG)
    m.warm()
    first = stuck(call, m, "close", "NPM_TOKEN", {"method": "PUT"})
    second = call(m, "close", m.secrets / "NPM_TOKEN")
    assert second.is_stuck()
    times = times_to_end([second.process], signal.SIGTERM)
    assert times[-1] < FREED_WITHIN
    m.github.clear_faults()
    assert first.result() == ("ok", 0)
    assert m.github.writes(OLD) == 1


# Harmless signals


@operations
@parametrize(
    "arguments, number",
    [
        (["--catch", "SIGALRM"], signal.SIGALRM),
        (["--catch", "SIGCHLD"], signal.SIGCHLD),
        ([], signal.SIGCHLD),
        ([], signal.SIGWINCH),
        (["--catch", "SIGTERM"], signal.SIGTERM),
        (["--ignore", "SIGINT"], signal.SIGINT),
        (["--catch", "SIGQUIT"], signal.SIGQUIT),
    ],
    ids=lambda v: v.name if isinstance(v, signal.Signals) else "-".join(v) or "default",
)
def test_harmless_signals_change_nothing(mount, call, operation, name, which, arguments, number):
    m = mount(**options_for(operation))
    caller = stuck(call, m, operation, name, which, *arguments)
    for _ in range(5):
        caller.signal(number)
        time.sleep(0.02)
    assert caller.process.poll() is None
    m.github.clear_faults()
    result, caught = caller.result()
    assert result == ("ENOENT" if operation == "stat" else "ok")
    assert (caught > 0) == ("--catch" in arguments)
    if operation in ("close", "fsync", "write"):
        assert m.github.plaintext(OLD) == VALUE
        assert len(m.github.requests("PUT")) == 1
    if operation == "unlink":
        assert m.github.plaintext(OLD) is None
        assert len(m.github.requests("DELETE")) == 1


@parametrize("operation, name, which", OPERATIONS[3:6], ids=["open", "create-key", "create-list"])
@parametrize("number", [signal.SIGALRM, signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_open_never_gives_eintr(mount, call, operation, name, which, number):
    """Shells try again for ever: not even for a SIGINT that is caught."""
    m = mount(timeout=LONG)
    caller = stuck(call, m, operation, name, which, "--catch", number.name)
    looked_up = f"{LIST}/{name}"
    m.github.wait_for(lambda log: any(r["path"] == looked_up and r["t_end_ms"] for r in log))
    assert caller.is_stuck()  # in the open itself: a lookup is another call
    for _ in range(10):
        caller.signal(number)
        time.sleep(0.02)
    assert caller.process.poll() is None, caller.result()
    m.github.clear_faults()
    result, caught = caller.result()
    assert result == "ok" and caught > 0


@parametrize("what", ["close", "create"])
def test_a_failure_after_a_harmless_signal_is_that_failure(mount, call, what):
    m = mount(timeout=1)
    catch = ["--catch", "SIGALRM", "--every", "SIGALRM", "20"]
    name, which = ("NPM_TOKEN", {"method": "PUT"}) if what == "close" else ("NEW", {"path": KEY})
    caller = stuck(call, m, what, name, which, *catch)
    assert caller.result()[0] == "ETIMEDOUT"


# Ctrl-C that is caught


@operations
def test_sigint_that_is_caught(mount, call, operation, name, which):
    """ECANCELED, since dd and node take EINTR for success; but not from open, which goes on."""
    m = mount(**options_for(operation))
    caller = stuck(call, m, operation, name, which, "--catch", "SIGINT")
    caller.signal(signal.SIGINT)
    goes_on = operation in ("open", "create")
    if goes_on:
        assert caller.is_stuck()
        m.github.clear_faults()
    assert caller.result() == ("ok" if goes_on else "ECANCELED", 1)
    assert m.github.writes(OLD) == 0
    assert_works(m)


def test_sigint_that_is_caught_after_a_harmless_signal(mount, call):
    m = mount(timeout=LONG)
    catch = ["--catch", "SIGALRM", "--catch", "SIGINT"]
    caller = stuck(call, m, "close", "NPM_TOKEN", {"method": "PUT"}, *catch)
    caller.signal(signal.SIGALRM)
    assert caller.is_stuck()
    caller.signal(signal.SIGINT)
    assert caller.result() == ("ECANCELED", 2)
    assert_works(m)


def test_keyboard_interrupt_in_python(mount):
    m = mount(timeout=LONG)
    m.warm()
    hanging = hang(m, method="PUT")
    code = "import pathlib; pathlib.Path('NPM_TOKEN').write_text('value'); print('written')"
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", code],
        cwd=m.secrets,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    hanging()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert output == "" and process.returncode != 0
    assert_works(m)


# Ctrl-C at a terminal


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, m, command):
        self.fd, slave = pty.openpty()
        # setsid makes the terminal the controlling one, so that Ctrl-C is a signal.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            cwd=m.secrets,
            env={**environment(m.path.parent), "PS1": "prompt> ", "HISTFILE": "/dev/null"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self.text = ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self):
        ready, _, _ = select.select([self.fd], [], [], 0.05)
        if ready:
            try:
                self.text += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:
                pass  # the other side has gone
        return self.text

    def wait_for(self, what):
        wait_until(lambda: what in self.read(), 20, f"{what!r} in {self.text!r}")

    def close(self):
        os.close(self.fd)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


@pytest.fixture
def terminal():
    terminals = []

    def start(m, *command):
        terminals.append(Terminal(m, command))
        return terminals[-1]

    yield start
    for made in terminals:
        made.close()


SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "dash": ["dash", "-i"],
}


@parametrize("shell", SHELLS)
@parametrize(
    "command, which",
    [
        ("echo value > NPM_TOKEN", {"method": "PUT"}),
        ("printf 'a\\nb\\n' > NPM_TOKEN", {"method": "PUT"}),
        ("cp /proc/version NPM_TOKEN", {"method": "PUT"}),
        ("rm NPM_TOKEN", {"method": "DELETE"}),
        ("ls ../../../api/actions/secrets", {"path": f"/{API}"}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_ctrl_c_at_a_prompt(mount, terminal, shell, command, which):
    m = mount(timeout=LONG)
    m.warm()
    os.stat(m.path / API)
    t = terminal(m, *SHELLS[shell])
    t.type("echo at the $((40 + 2))th\n")
    t.wait_for("at the 42th")
    hanging = hang(m, **which)
    t.type(f"{command}\n")
    hanging()
    began = time.monotonic()
    t.type("\x03")
    t.type("\necho status $?. is $((40 + 3))\n")
    t.wait_for("is 43")
    print(f"\n{shell}: {command}: {(time.monotonic() - began) * 1000:.0f} ms")
    assert t.process.poll() is None, "the shell has ended"
    assert m.github.writes(OLD) == 0
    assert_works(m)


@parametrize("shell", ["bash", "dash"])
def test_ctrl_c_in_a_script(mount, terminal, shell):
    m = mount(timeout=LONG)
    m.warm()
    hanging = hang(m, method="PUT")
    t = terminal(m, shell, "-c", "echo value > NPM_TOKEN; echo went on")
    hanging()
    t.type("\x03")
    t.process.wait(10)
    assert t.process.returncode == -signal.SIGINT
    assert "went on" not in t.read()
    assert m.github.writes(OLD) == 0
    assert_works(m)


def test_ctrl_backslash(mount, terminal):
    m = mount(timeout=LONG)
    m.warm()
    hanging = hang(m, method="PUT")
    t = terminal(m, "sh", "-c", "ulimit -c 0; exec cp /proc/version NPM_TOKEN")
    hanging()
    t.type("\x1c")
    assert t.process.wait(10) == -signal.SIGQUIT
    assert_works(m)


# What a stuck request delays: nothing else


def look_around(m):
    """What needs no request: names and attributes held, and existing files with the key held."""
    assert m.sh("ls -l", cwd=m.path / API).returncode == 0
    assert os.stat(m.secrets / "DEPLOY_KEY").st_size == 0
    os.stat(m.path)
    os.statvfs(m.secrets)
    os.close(os.open(m.secrets / "DEPLOY_KEY", os.O_WRONLY))
    assert m.errors() is not None


BESIDE = [
    ("close", "NPM_TOKEN", {"path": OLD, "method": "PUT"}),
    ("fsync", "NPM_TOKEN", {"path": OLD, "method": "PUT"}),
    ("unlink", "NPM_TOKEN", {"path": OLD, "method": "DELETE"}),
]


@parametrize("operation, name, which", BESIDE, ids=lambda v: str(v))
def test_a_stuck_request_delays_nothing_else(mount, call, operation, name, which):
    m = mount(timeout=LONG, cache_ttl=60)
    os.listdir(m.path / API)
    for known in ("DEPLOY_KEY", "NPM_TOKEN"):
        os.close(os.open(m.secrets / known, os.O_WRONLY))
    caller = stuck(call, m, operation, name, which)
    before = len(m.github.journal())
    look_around(m)
    assert len(m.github.journal()) == before
    put(m.path / API / "NEW", b"elsewhere")
    put(m.secrets / "DEPLOY_KEY", b"beside it")
    assert m.github.plaintext(f"{LIST}/DEPLOY_KEY") == b"beside it"
    assert caller.process.poll() is None
    m.github.clear_faults()
    assert caller.result()[0] == "ok"


def test_uploads_run_in_parallel(mount):
    m = mount()
    m.warm()
    m.github.config(latency_ms=200)
    writers = [
        subprocess.Popen(["sh", "-c", f"echo value {n} > NAME_{n}"], cwd=m.secrets)
        for n in range(16)
    ]
    assert [w.wait(60) for w in writers] == [0] * 16
    puts = m.github.requests("PUT")
    assert len(puts) == 16
    # Every one was there before the first had its answer.
    assert max(r["t_start_ms"] for r in puts) < min(r["t_end_ms"] for r in puts)
    assert max(r["in_flight"] for r in puts) == 16


# More callers than requests at once


def test_callers_in_the_queue_can_be_killed(mount, call):
    m = mount(timeout=LONG, max_requests=2)
    m.warm()
    hanging = hang(m, method="PUT")
    callers = [call(m, "close", m.secrets / f"NEW_{n}") for n in range(6)]
    hanging(2)
    times = times_to_end([c.process for c in callers], signal.SIGTERM)
    assert times[-1] < FREED_WITHIN
    assert_works(m)


def test_one_of_several_that_wait_for_one_request(mount, call):
    """The others still get its answer."""
    m = mount(timeout=LONG)
    os.stat(m.secrets)
    hanging = hang(m, path=KEY)
    callers = [call(m, "open", m.secrets / "NPM_TOKEN") for _ in range(4)]
    hanging()
    assert callers[0].is_stuck()
    for victim, number in ((callers[0], signal.SIGKILL), (callers[2], signal.SIGTERM)):
        times = times_to_end([victim.process], number)
        assert times[-1] < FREED_WITHIN
    m.github.clear_faults()
    assert callers[1].result()[0] == "ok"
    assert callers[3].result()[0] == "ok"
    assert len(m.github.requests("GET", KEY)) == 1


def test_with_a_directory_that_the_kernel_holds(mount, call):
    """Of two creations in one directory the kernel makes the second wait; both end."""
    m = mount(timeout=LONG)
    first = stuck(call, m, "create", "NEW_1", {"path": KEY})
    second = call(m, "create", m.secrets / "NEW_2")
    assert second.is_stuck()
    first.signal(signal.SIGKILL)
    assert first.process.wait(10) == -signal.SIGKILL
    m.github.clear_faults()
    assert second.result()[0] == "ok"
    with fails("ENOENT"):
        os.stat(m.path / WEB / "NEW_1")


def test_a_killed_rm_says_nothing_of_the_value(mount):
    m = mount(timeout=LONG)
    m.warm()
    m.github.fault(method="DELETE", action="hang", count=-1)
    assert m.sh("timeout -s KILL 1 rm NPM_TOKEN").returncode != 0
    m.github.clear_faults()
    assert m.sh("sync NPM_TOKEN").returncode == 0
