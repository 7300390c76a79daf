"""The end of the program, with writers in all states (contract §5.14)."""

import os
import signal
import subprocess
import sys
import time

import pytest

from kit import mounting, strangers
from kit.calls import exists, fails, put
from kit.demo import LIST, WEB_SECRETS
from kit.mounting import abort_connection, is_mounted, mount_entry, wait_until
from kit.needs import need_tools

OLD = f"{LIST}/NPM_TOKEN"
NEW = f"{LIST}/NEW"
ENDS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
SLOW_MS = 500
WRITERS = 4
LONG = 60  # seconds; no test waits for it
SHORT = 2
SLACK = 8  # seconds that a busy machine may take on top

ends = pytest.mark.parametrize("number", ENDS, ids=lambda n: n.name)


@pytest.fixture
def writers(tmp_path):
    """Starts cp for some new names: writers(m, names)."""
    started = []
    content = tmp_path / "content"
    content.write_bytes(b"value")

    def start(m, names):
        made = [
            subprocess.Popen(
                ["cp", str(content), m.secrets / name], stderr=subprocess.PIPE, text=True
            )
            for name in names
        ]
        started.extend(made)
        m.github.wait_for(lambda j: len([r for r in j if r["method"] == "PUT"]) >= len(names))
        return made

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stderr.close()


def results(started):
    """Exit statuses, and what was said."""
    said = [process.communicate(timeout=20)[1] for process in started]
    return [process.returncode for process in started], "".join(said)


NAMES = [f"NEW_{n}" for n in range(WRITERS)]


def assert_stored(m, names=NAMES):
    assert [m.github.plaintext(f"{LIST}/{n}") for n in names] == [b"value"] * len(names)


# Unmounting


@pytest.mark.parametrize("command", [["umount"], ["fusermount3", "-u"]], ids=" ".join)
def test_a_busy_mount_stays(mount, command):
    m = mount()
    m.warm()
    fd = os.open(m.secrets / "NEW", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"val")
    done = subprocess.run(
        [*command, str(m.path)], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode != 0 and "busy" in done.stderr
    os.write(fd, b"ue")
    os.close(fd)
    assert m.github.plaintext(NEW) == b"value"


def test_a_mount_with_uploads_under_way_is_busy(mount, writers):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS, count=-1)
    started = writers(m, NAMES)
    assert mounting.unmount(m.path).returncode != 0
    assert results(started) == ([0] * WRITERS, "")
    assert_stored(m)


@pytest.mark.parametrize("command", [["umount", "-l"], ["fusermount3", "-uz"]], ids=" ".join)
def test_a_lazy_unmount_with_uploads_under_way(mount, writers, command):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS, count=-1)
    started = writers(m, NAMES)
    subprocess.run([*command, str(m.path)], timeout=20, check=True)
    assert not is_mounted(m.path)
    assert results(started) == ([0] * WRITERS, "")
    assert m.wait_for_end() == 0
    assert_stored(m)


def test_a_lazy_unmount_while_an_upload_fails(mount, writers):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS, status=409, count=-1)
    started = writers(m, ["NEW"])
    assert mounting.unmount(m.path, lazy=True).returncode == 0
    status, said = results(started)
    assert status == [1] and "busy" in said
    assert m.wait_for_end() == 0
    assert m.github.secrets()[LIST] == before


# Signals


@ends
def test_uploads_under_way_end(mount, writers, number):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS, count=-1)
    started = writers(m, NAMES)
    m.signal(number)
    assert m.wait_for_end() == 0
    assert_stored(m)
    assert results(started) == ([0] * WRITERS, ""), "stored, and told to have failed"
    assert not is_mounted(m.path)


@ends
def test_uploads_that_fail_are_told(mount, writers, number):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS, status=422, count=-1)
    started = writers(m, ["NEW"])
    m.signal(number)
    assert m.wait_for_end() == 0
    assert results(started)[0] == [1]
    assert m.github.secrets()[LIST] == before


def test_uploads_are_tried_again_at_the_end(mount, writers):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS, status=500)
    started = writers(m, ["NEW"])
    m.signal(signal.SIGTERM)
    assert m.wait_for_end() == 0
    assert results(started) == ([0], "")
    assert_stored(m, ["NEW"])


def test_uploads_in_the_queue_end_too(mount, writers):
    m = mount(max_requests=1)
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=100, count=-1)
    first = writers(m, ["NEW_0"])
    others = [
        subprocess.Popen(["cp", "/proc/version", m.secrets / name]) for name in NAMES[1:]
    ]
    wait_until(lambda: "3 queued" in m.status()["requests"] or others[0].poll() == 0, 5, "cp")
    m.signal(signal.SIGTERM)
    assert m.wait_for_end() == 0
    assert results(first) == ([0], "")
    assert [process.wait(10) for process in others] == [0] * 3
    assert m.github.plaintext(f"{LIST}/{NAMES[-1]}") is not None


@ends
def test_a_second_signal_ends_it_at_once(mount, writers, number):
    m = mount(timeout=LONG)
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", action="hang", count=-1)
    started = writers(m, ["NPM_TOKEN"])
    m.signal(number)
    time.sleep(0.3)
    assert m.process.poll() is None, "it did not wait for the upload"
    began = time.monotonic()
    m.signal(number)
    assert m.wait_for_end() == 0
    assert time.monotonic() - began < SLACK
    assert results(started)[0] == [1]
    assert not is_mounted(m.path)
    assert m.github.secrets()[LIST] == before


@ends
def test_an_upload_that_hangs_holds_it_no_longer_than_timeout(mount, writers, number):
    m = mount(timeout=SHORT)
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", action="hang", count=-1)
    started = writers(m, ["NPM_TOKEN"])
    began = time.monotonic()
    m.signal(number)
    assert m.wait_for_end() == 0
    assert time.monotonic() - began < SHORT + SLACK
    assert results(started)[0] == [1]
    assert m.github.secrets()[LIST] == before


def test_callers_that_wait_for_something_else_are_let_go(mount):
    """A listing is worth no delay."""
    m = mount(timeout=LONG)
    os.stat(m.secrets)
    m.github.fault(path=LIST, action="hang", count=-1)
    listing = subprocess.Popen(["ls", m.secrets], stderr=subprocess.DEVNULL)
    m.github.wait_for(lambda j: any(r["path"].startswith(LIST) for r in j))
    began = time.monotonic()
    m.signal(signal.SIGTERM)
    assert m.wait_for_end() == 0
    assert time.monotonic() - began < SLACK
    assert listing.wait(10) != 0


@ends
def test_what_was_not_flushed_is_not_sent(mount, number):
    m = mount()
    m.warm()
    with subprocess.Popen(
        ["bash", "-c", "exec 5> NEW; echo value >&5; echo written; read; exec 5>&-"],
        cwd=m.secrets,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as shell:
        assert shell.stdout.readline() == b"written\n"
        m.signal(number)
        assert m.wait_for_end() == 0
        shell.stdin.write(b"\n")
    assert not m.github.requests("PUT")
    assert not is_mounted(m.path)


UNSENT = {
    "a new name": ("NEW", "echo value >&5", "NEW"),
    "a secret": ("NPM_TOKEN", "echo value >&5", "NPM_TOKEN"),
    "many": (".env", "echo A=value >&5", ".env"),
    "a temporary file": (".x", "echo value >&5", ".x"),
    "a list": ("{access}/visibility", "printf al >&5", "visibility"),
}


@pytest.mark.parametrize(("name", "write", "told"), UNSENT.values(), ids=UNSENT)
@ends
def test_what_was_not_flushed_is_told(mount, number, name, write, told):
    """The shell's close fails, and the shell says nothing of that."""
    m = mount()
    m.warm()
    name = name.format(access=m.path / "orgs/acme/actions/access/PAGERDUTY_KEY")
    with subprocess.Popen(
        ["bash", "-c", f"exec 5> {name}; {write}; echo written; read; exec 5>&-"],
        cwd=m.secrets,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as shell:
        assert shell.stdout.readline() == "written\n"
        m.signal(number)
        assert m.wait_for_end() == 0
        _, said = shell.communicate("\n", timeout=20)
    assert f"ghsecretfs: {told} not stored: " in said
    assert said.count("ghsecretfs: ") == 1
    (line,) = (line for line in m.log().splitlines() if "ECANCELED" in line)
    assert f"/{told}: ECANCELED: " in line
    assert not m.github.requests("PUT")


LEFT = {
    "a temporary file": ("echo value > .x", "/.x: ECANCELED: wiped, and never sent: "),
    "a word": ("echo all > {access}/PAGERDUTY_KEY/visibility",
               "/PAGERDUTY_KEY/visibility: ECANCELED: lost: "),
    "a policy": ("mkdir {access}/NEW", "mkdir orgs/acme/actions/access/NEW: ECANCELED: lost: "),
    "nothing": ("touch NEW; : > .x", None),
}


@pytest.mark.parametrize(("command", "told"), LEFT.values(), ids=LEFT)
def test_what_is_lost_is_told(mount, command, told):
    m = mount()
    m.warm()
    assert m.sh(command.format(access=m.path / "orgs/acme/actions/access")).returncode == 0
    m.stop()
    lines = [line for line in m.log().splitlines() if "ECANCELED" in line]
    assert len(lines) == (told is not None)
    assert all(told in line for line in lines)


def test_a_writer_beside_an_upload(mount, writers):
    """What is being uploaded is; what is only written is not."""
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS)
    fd = os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY)
    os.write(fd, b"not flushed")
    started = writers(m, ["NEW"])
    m.signal(signal.SIGTERM)
    assert m.wait_for_end() == 0
    with fails("ENOTCONN", "ECONNABORTED"):
        os.close(fd)
    assert results(started) == ([0], "")
    assert [r["path"] for r in m.github.requests("PUT")] == [NEW]


# DELETEs that are held

UNLINKS = """
import os, sys
open("/proc/self/comm", "w").write("tar")
os.unlink(sys.argv[1])
print("unlinked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def replacing():
    """Starts what looks like tar, and has removed a file so far."""
    started = []

    def start(path):
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", UNLINKS, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout.readline() == b"unlinked\n"

    yield start
    for process in started:
        process.communicate(timeout=10)


@pytest.mark.parametrize("how", ["unmount", "lazily", *ENDS], ids=str)
def test_held_deletes_are_sent(mount, replacing, how):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", action="delay", ms=200)
    replacing(m.secrets / "NPM_TOKEN")
    assert not exists(m.secrets / "NPM_TOKEN")
    if how in ("unmount", "lazily"):
        assert mounting.unmount(m.path, lazy=how == "lazily").returncode == 0
    else:
        m.signal(how)
    assert m.wait_for_end() == 0
    assert m.github.plaintext(OLD) is None
    assert len(m.github.requests("DELETE")) == 1


def test_a_held_delete_that_hangs(mount, replacing):
    m = mount(timeout=SHORT)
    m.warm()
    m.github.fault(method="DELETE", action="hang", count=-1)
    replacing(m.secrets / "NPM_TOKEN")
    began = time.monotonic()
    m.signal(signal.SIGTERM)
    assert m.wait_for_end() == 0
    assert time.monotonic() - began < SHORT + SLACK
    assert m.github.plaintext(OLD) is not None


@pytest.mark.parametrize("first", ["delete", "release"])
def test_a_released_env_behind_a_delete_that_hangs(mount, replacing, first):
    m = mount(timeout=LONG)
    m.warm()
    m.github.fault(method="DELETE", action="hang", count=-1)
    m.github.fault(method="PUT", action="hang", count=-1)
    if first == "delete":
        replacing(m.secrets / "NPM_TOKEN")
        m.github.wait_for(lambda j: [r for r in j if r["method"] == "DELETE"])
    with strangers.released(m.secrets / ".env", "NPM_TOKEN=value\n"):
        time.sleep(0.2)
        m.signal(signal.SIGTERM)
        time.sleep(0.2)
        m.signal(signal.SIGTERM)
        assert m.wait_for_end() == 0


LAST_WORDS = {
    "dd": "dd if={content} of=NEW",
    "node": "node -e 'require(\"fs\").writeFileSync(\"NEW\", \"value\")'",
    "fsync": "dd if={content} of=NEW conv=fsync",
    "mv": "cp {content} .NEW.x; mv .NEW.x NEW",
    "rm": "rm NPM_TOKEN",
}


@pytest.mark.parametrize("command", LAST_WORDS.values(), ids=LAST_WORDS)
def test_what_is_not_acknowledged_is_an_error(mount, tmp_path, command):
    """EIO, and never EINTR, which dd and node take for success."""
    need_tools(command.split()[0])
    m = mount(timeout=LONG)
    m.warm()
    (tmp_path / "content").write_bytes(b"value")
    m.github.fault(method="PUT", action="hang", count=-1)
    m.github.fault(method="DELETE", action="hang", count=-1)
    with subprocess.Popen(
        ["bash", "-c", command.format(content=tmp_path / "content")],
        cwd=m.secrets,
        stderr=subprocess.PIPE,
        text=True,
    ) as writer:
        m.github.wait_for(lambda j: [r for r in j if r["method"] in ("PUT", "DELETE")])
        m.signal(signal.SIGTERM)
        time.sleep(0.2)
        m.signal(signal.SIGTERM)
        _, said = writer.communicate(timeout=20)
    assert m.wait_for_end() == 0
    assert writer.returncode != 0
    assert "Input/output error" in said or "EIO" in said or "not connected" in said


# Ends that nobody wants


def test_killed_and_mounted_again(mount, run, writers):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", action="hang", count=-1)
    started = writers(m, ["NPM_TOKEN"])
    fd = os.open(m.secrets / "DEPLOY_KEY", os.O_WRONLY)
    os.write(fd, b"not flushed")
    m.process.kill()
    m.process.wait(20)
    try:
        status, said = results(started)
        assert status == [1] and said
        with fails("ENOTCONN", "ECONNABORTED"):
            os.close(fd)
        with fails("ENOTCONN", "ECONNABORTED"):
            os.listdir(m.path)
        for flags in (["-f"], []):
            done = run(*flags, "-o", f"api_url={m.github.url}", m.path)
            assert done.returncode == 1
            (line,) = done.stderr.splitlines()
            assert f"fusermount3 -u {m.path}" in line
        assert mounting.unmount(m.path).returncode == 0
    finally:
        while is_mounted(m.path):
            assert mounting.unmount(m.path, lazy=True).returncode == 0
        m.forget()
    m.github.clear_faults()
    assert m.github.secrets()[LIST] == before
    again = mount()
    put(again.secrets / "NPM_TOKEN", b"again")
    assert again.github.plaintext(OLD) == b"again"


def test_the_same_mount_point_after_a_kill(binary, mount, env):
    m = mount()
    m.process.kill()
    m.process.wait(20)
    assert mounting.unmount(m.path).returncode == 0
    m.forget()
    process = subprocess.Popen(
        [str(binary), "-f", "-o", f"api_url={m.github.url}", str(m.path)], env=env()
    )
    try:
        wait_until(lambda: is_mounted(m.path), 30, "the mount")
        assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
        assert mounting.unmount(m.path).returncode == 0
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        if is_mounted(m.path):
            mounting.unmount(m.path, lazy=True)


@pytest.mark.parametrize(
    "how", ["abort", pytest.param("umount -f", marks=pytest.mark.root("umount"))]
)
def test_an_aborted_connection(mount, writers, how):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=SLOW_MS, count=-1)
    started = writers(m, ["NEW"])
    if how == "abort":
        abort_connection(mount_entry(m.path))
    else:
        subprocess.run(["umount", "-f", str(m.path)], timeout=20, check=False)
    status, said = results(started)
    assert status == [1] and said, "cp was not told"
    assert m.wait_for_end() == 0
    # libfuse leaves a dead mount, as if the program had been killed.
    if is_mounted(m.path):
        assert mounting.unmount(m.path).returncode == 0
    assert m.github.plaintext(NEW) in (None, b"value")
