"""What the program holds of files and directories ends with them: no crash, and no leak."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time

import pytest

from kit import mounting
from kit.calls import fails, put
from kit.demo import LIST
from kit.late_writer import late_writer

EXCLUSIVE = os.O_RDWR | os.O_CREAT | os.O_EXCL
REPOSITORY = "/repos/acme/web"
ACCESS = "orgs/acme/actions/access"
LONG = 60  # seconds; no test waits for it
MS_NOSUID, MS_NODEV, MS_REMOUNT = 2, 4, 32  # of mount(2)


def known(m):
    """How many nodes there are."""
    return int(m.status()["cache"].split()[0])


def pipes(m):
    """The pipes that the program has open: standard errors of others."""
    names = [os.readlink(f"/proc/{m.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{m.pid}/fd")]
    return [name for name in names if name.startswith("pipe:")]


def drop_dentries(m):
    """Has the kernel forget what nobody uses of this mount; of others, tests count requests.

    The system call itself: for FUSE, newer mount(8) has none that would change nothing.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.mount(None, os.fsencode(m.path), None, MS_REMOUNT | MS_NOSUID | MS_NODEV, None)
    assert done == 0, os.strerror(ctypes.get_errno())


# A directory that goes


def deny(m, status):
    m.github.clear_faults()
    m.github.fault(path=REPOSITORY, status=status, count=-1)
    m.github.fault(path=f"{REPOSITORY}/*", status=status, count=-1)


def make_go(m, statuses):
    """The repository answers nothing else from here on, and is looked for."""
    done = m.sh("ls -R repos/acme/web", cwd=m.path)
    assert done.returncode == 0, done.stderr
    deny(m, 404)
    with fails("ENOENT"):
        os.listdir(m.secrets)  # what holds the directory is doubted from here on
    for status in statuses:
        deny(m, status)
        time.sleep(1.1)  # a failure is everybody's answer for a second
        with fails("ENOENT", "EACCES", "ESTALE"):
            os.stat(m.path / "repos/acme/web")


@pytest.mark.parametrize("statuses", [[404], [403, 404], [403, 403, 404]], ids=str)
@pytest.mark.parametrize("names", [[".one"], [".one", ".two", ".three"]], ids=len)
def test_staging_files_go_with_their_repository(mount, names, statuses):
    m = mount(cache_ttl=0)
    for name in names:
        put(m.secrets / name, b"value", EXCLUSIVE)
    put(m.path / "repos/acme/web/environments/staging/secrets/.four", b"value", EXCLUSIVE)
    make_go(m, statuses)
    for name in [*names, ".four"]:
        assert any(f"/{name}: " in line and "is gone" in line for line in m.errors())
    m.github.clear_faults()
    assert ".one" not in os.listdir(m.secrets)
    assert m.github.requests("PUT") == []


@pytest.mark.parametrize("name", [".open", "NEW", "NPM_TOKEN", ".env"])
@pytest.mark.parametrize("statuses", [[404], [403, 404]], ids=str)
def test_files_open_in_a_directory_that_goes(mount, name, statuses):
    m = mount(cache_ttl=0)
    fd = os.open(m.secrets / name, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(fd, b"KEY=value\n")
    make_go(m, statuses)
    m.github.clear_faults()
    os.listdir(m.secrets)
    os.pwrite(fd, b"KEY=other\n", 0)
    with contextlib.suppress(OSError):
        os.close(fd)
    os.listdir(m.secrets)


HOLDER = """
import os, sys
open("/proc/self/comm", "w").write("tar")
os.unlink(sys.argv[1])
print("unlinked", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holding(path):
    """What looks like tar has removed the file, and does nothing else."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"unlinked\n"
        yield process


def test_a_held_delete_in_a_directory_that_goes(mount):
    m = mount(cache_ttl=0)
    os.listdir(m.secrets)
    with holding(m.secrets / "NPM_TOKEN"):
        make_go(m, [403, 404])
        m.github.wait_for(lambda _: m.github.requests("DELETE"))
        m.github.clear_faults()
        os.listdir(m.secrets)


def test_a_held_policy_in_an_organization_that_goes(mount):
    m = mount(cache_ttl=0)
    put(m.path / ACCESS / "SONAR_TOKEN/visibility", b"all\n")
    for status in (404, 403, 404):
        m.github.clear_faults()
        m.github.fault(path="/orgs/acme*", status=status, count=-1)
        with fails("ENOENT", "EACCES"):
            os.listdir(m.path / "orgs/acme/actions/secrets")
        time.sleep(1.1)
    m.github.clear_faults()
    os.listdir(m.path / ACCESS)
    put(m.path / "orgs/acme/actions/secrets/SONAR_TOKEN", b"value")


# The end of the program



def write_after_close(path, text):
    subprocess.run(late_writer(path, text), timeout=20, check=True)


@pytest.mark.parametrize("name, text", [("NEW", "value"), (".env", "NEW=value")])
def test_what_a_release_finds_unsent_is_sent(mount, name, text):
    m = mount()
    write_after_close(m.secrets / name, text)
    mounting.wait_until(lambda: m.github.plaintext(f"{LIST}/NEW") == b"value", what="the PUT")


def test_a_released_bulk_file_that_waits_for_a_held_delete_at_the_end(mount):
    m = mount(timeout=LONG)
    m.warm()
    m.github.fault(method="DELETE", action="hang", count=-1)
    with holding(m.secrets / "NPM_TOKEN") as tar:
        tar.stdin.close()
        tar.wait(10)
        m.github.wait_for(lambda _: m.github.requests("DELETE"))
        write_after_close(m.secrets / ".env", "NPM_TOKEN=new\nNEW=value\n")
        mounting.wait_until(lambda: m.github.plaintext(f"{LIST}/NEW"), what="the other PUT")
        m.signal(signal.SIGTERM)
        time.sleep(0.3)
        assert m.process.poll() is None, "it did not wait for the DELETE"
        m.signal(signal.SIGTERM)
        assert m.wait_for_end() == 0
    assert m.github.plaintext(f"{LIST}/NPM_TOKEN") != b"new"


# Leaks


@pytest.mark.parametrize("name", ["repositories", "visibility"])
def test_killed_readers_of_a_control_file_leave_nothing(mount, name):
    m = mount(cache_ttl=0)
    directory = m.path / ACCESS / "PAGERDUTY_KEY"
    asked, skip = {
        "repositories": ("PAGERDUTY_KEY/repositories", 0),
        "visibility": ("", 1),  # the directory is looked up, and the file opened
    }[name]
    before = None
    for _ in range(4):
        path = f"/orgs/acme/actions/secrets{asked and '/'}{asked}"
        m.github.fault(path=path, action="hang", skip=skip, count=-1)
        reader = subprocess.Popen(
            ["cat", str(directory / name)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        time.sleep(0.3)
        reader.kill()
        reader.communicate(timeout=10)
        assert reader.returncode == -signal.SIGKILL
        m.github.clear_faults()
        os.listdir(directory)
        now = (pipes(m), known(m))
        assert before in (None, now)
        before = now


@pytest.mark.root("it has the kernel forget")
def test_a_walk_leaves_nothing(mount):
    """The kernel has forgotten it all; nor is a listing kept for the directory beside it."""
    m = mount(cache_ttl=0)
    os.listdir(m.path)
    before = known(m)
    for number in range(10):
        m.github.seed(org=f"org{number}", repos_count=1)
        m.github.seed(org=f"org{number}", org_secrets=20, every_third_selected=True)
        done = m.sh(f"ls -lR orgs/org{number} repos/org{number}", cwd=m.path)
        assert done.returncode == 0, done.stderr
        os.stat(m.path / f"orgs/org{number}/actions/access/ORG_SECRET_0003/repositories")
    assert known(m) > before + 200

    def forgotten():
        drop_dentries(m)
        return known(m) <= before + 5  # what leads to .ghsecretfs/status, and to nothing else

    mounting.wait_until(forgotten, what="the nodes to go")
