"""Without -f: to the background once the mount answers; and what it costs to be idle."""

import ctypes
import os
import signal
import time

import pytest

from kit import mounting
from kit.demo import WEB
from kit.mounting import find_children, is_mounted, wait_until

PR_SET_CHILD_SUBREAPER = 36
IDLE_SECONDS = 5
RESIDENT_MAX_KB = 14 * 1024


@pytest.fixture
def adopt():
    """Makes the daemon our child when its parent has gone, so that its status can be seen."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def reap(pid):
    """The exit status of an adopted process."""

    def ended():
        done, status = os.waitpid(pid, os.WNOHANG)
        return [os.waitstatus_to_exitcode(status)] if done else None

    return wait_until(ended, 20, "the daemon's end")[0]


@pytest.fixture
def daemon(adopt, run, github, tmp_path):
    """A mount in the background: (directory, pid)."""
    directory = tmp_path / "mnt"
    directory.mkdir()
    logs = tmp_path / "sanitizer"
    options = {"ASAN_OPTIONS": f"log_path={logs}"}
    done = run("-o", f"api_url={github.url}", WEB, directory, environment=options)
    mounted = is_mounted(directory)
    pids = find_children(os.getpid(), str(directory))
    try:
        assert done.returncode == 0, done.stderr
        assert done.stderr == "" and done.stdout == ""
        assert mounted, "it returned before the mount was there"
        assert len(pids) == 1
        yield directory, pids[0]
    finally:
        if is_mounted(directory):
            mounting.unmount(directory, lazy=True)
        # Not killed: a leak check cut short is reported as a failure of its own.
        for pid in find_children(os.getpid(), str(directory)):
            assert reap(pid) == 0
    assert not [log.read_text() for log in tmp_path.glob("sanitizer*")]


def test_returns_when_the_mount_answers(daemon):
    directory, pid = daemon
    assert "NPM_TOKEN" in os.listdir(directory)
    assert mounting.unmount(directory).returncode == 0
    assert reap(pid) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_it(daemon, number):
    directory, pid = daemon
    os.kill(pid, number)
    assert reap(pid) == 0
    assert not is_mounted(directory)


@pytest.mark.root("looks into a process that is not dumpable")
def test_is_a_daemon(daemon):
    directory, pid = daemon
    assert os.getsid(pid) == pid
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    for fd in range(3):
        assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    assert mounting.unmount(directory).returncode == 0
    assert reap(pid) == 0


def test_writes_work(daemon, github):
    directory, _ = daemon
    (directory / "NEW").write_bytes(b"value")
    assert github.plaintext(f"/{WEB}/NEW") == b"value"


# Idle


def context_switches(pid):
    """Of all threads, by thread."""
    counts = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as status:
            counts[task] = [int(l.split()[1]) for l in status if "ctxt_switches" in l]
    return counts


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_idle(mount, has_sanitizers):
    m = mount()
    assert m.sh("ls -l && echo v > NEW").returncode == 0
    # What was begun by these may go on for a moment: releases, libcurl's resolver.
    time.sleep(1)
    before = context_switches(m.pid)
    time.sleep(IDLE_SECONDS)
    assert context_switches(m.pid) == before
    if not has_sanitizers:
        assert resident_kb(m.pid) < RESIDENT_MAX_KB
