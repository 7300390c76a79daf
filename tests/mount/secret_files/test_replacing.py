"""Tools that replace a file by unlink and create don't lose the old value (contract §3.26)."""

import contextlib
import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest

from kit import mounting
from kit.calls import exists, fails, put
from kit.demo import LIST, WEB_SECRETS
from kit.needs import need_tools

OLD = f"{LIST}/NPM_TOKEN"
OTHER = f"{LIST}/DEPLOY_KEY"
TOOL_TIMEOUT = 30  # seconds; only so that what hangs fails
BEFORE_A_SECOND = 0.7

# What the tools are called, what they run, and whether they see an error of close.
TOOLS = {
    "mv": ("mv", "mv {new}/NPM_TOKEN NPM_TOKEN", True),
    "mv -f": ("mv", "mv -f {new}/NPM_TOKEN .", True),
    "install": ("install", "install -m 600 {new}/NPM_TOKEN NPM_TOKEN", True),
    "cp": ("cp", "cp --remove-destination {new}/NPM_TOKEN NPM_TOKEN", True),
    "cp -a": ("cp", "cp -a --remove-destination {new}/NPM_TOKEN .", True),
    "tar": ("tar", "tar -xf {new}/tar", True),
    "tar -p": ("tar", "tar -xpf {new}/tar", True),
    "unzip": ("unzip", "unzip -qo {new}/zip", False),
    "cpio": ("cpio", "cpio --quiet -iu < {new}/cpio", True),
    "bsdtar": ("bsdtar", "bsdtar -xf {new}/tar", False),
    "bsdcpio": ("bsdcpio", "bsdcpio -i --quiet -u < {new}/cpio", False),
    "pax": ("pax", "pax -r < {new}/tar", False),
    "7z": ("7z", "7z x -y -bd {new}/zip", True),
    "7za": ("7za", "7za x -y -bd {new}/zip", True),
    "7zr": ("7zr", "7zr x -y -bd {new}/new.7z", True),
    "7zz": ("7zz", "7zz x -y -bd {new}/zip", True),
    "git": ("git", "git --git-dir={new}/git --work-tree=. checkout -q -f -- NPM_TOKEN", False),
}
if not shutil.which("7zz"):  # not every Debian has the one program under all its names
    del TOOLS["7zz"]
TOOL_ROWS = [pytest.param(*row, id=name) for name, row in TOOLS.items()]


@pytest.fixture
def new(tmp_path):
    """A directory with a new value, and archives of it as far as the tools are there."""
    directory = tmp_path / "new"
    directory.mkdir()
    (directory / "NPM_TOKEN").write_bytes(b"new value")

    def pack(tool, command):
        if not shutil.which(tool):
            return
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=directory,
            env=mounting.environment(tmp_path),
            capture_output=True,
            timeout=TOOL_TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    pack("tar", "tar -cf tar NPM_TOKEN")
    pack("7zr", "7zr a -bd new.7z NPM_TOKEN")
    pack("cpio", "echo NPM_TOKEN | cpio --quiet -o > cpio")
    pack(
        "git",
        "git init -q . && git add NPM_TOKEN && "
        "git -c user.name=x -c user.email=x@example.com commit -qm x && mv .git git",
    )
    make_zip = "import sys, zipfile; zipfile.ZipFile('zip', 'w').write('NPM_TOKEN')"
    subprocess.run(
        [sys.executable, "-c", make_zip], cwd=directory, timeout=TOOL_TIMEOUT, check=True
    )
    return directory


class Actor:
    """A process of a name, which makes one system call after another."""

    PROGRAM = """
import os, sys
open("/proc/self/comm", "w").write(sys.argv[1])
for line in sys.stdin:
    try:
        exec(line)
        print("ok", flush=True)
    except OSError as error:
        print(type(error).__name__, error.errno, flush=True)
"""

    def __init__(self, name, directory):
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def start(self, code):
        self.process.stdin.write(code + "\n")
        self.process.stdin.flush()

    def do(self, code):
        """Python code; {} in it is the directory of secrets."""
        self.start(code.replace("{}", str(self.directory)))
        ready, _, _ = select.select([self.process.stdout], [], [], TOOL_TIMEOUT)
        assert ready, f"no answer to {code}"
        answer = self.process.stdout.readline().strip()
        assert answer == "ok", f"{code}: {answer}"

    def unlink(self, name):
        self.do(f"os.unlink('{{}}/{name}')")

    def create(self, name):
        self.do(f"fd = os.open('{{}}/{name}', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)")

    def write(self, value):
        self.do(f"os.write(fd, {value!r})")

    def close(self):
        self.do("os.close(fd)")

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(TOOL_TIMEOUT)
        self.process.stdout.close()


@pytest.fixture
def actor():
    """Starts processes: actor(mount, name)."""
    actors = []

    def start(m, name="mv"):
        actors.append(Actor(name, m.secrets))
        return actors[-1]

    yield start
    for each in actors:
        each.end()


def assert_as_before(m, before, mtime):
    """The old value is there, and to be seen as it was."""
    assert m.github.secrets()[LIST] == before
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert os.stat(m.secrets / "NPM_TOKEN").st_mtime == mtime


def wait_for_delete(m, path=OLD):
    mounting.wait_until(lambda: m.github.plaintext(path) is None, what="the DELETE")
    m.github.wait_for(lambda _: m.github.requests("DELETE", path)[0]["t_end_ms"] is not None)


def assert_not_held(m, path=OLD):
    """The DELETE is sent before its second is over."""
    mounting.wait_until(
        lambda: m.github.requests("DELETE", path), BEFORE_A_SECOND, f"the DELETE of {path}"
    )


# Tools


@pytest.mark.parametrize("tool, command, _sees", TOOL_ROWS)
def test_replaced(mount, new, tool, command, _sees):
    need_tools(tool)
    m = mount()
    m.warm()
    done = m.sh(command.format(new=new))
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(OLD) == b"new value"
    assert m.requests() == [f"PUT {OLD}"]
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    m.stop()
    assert not m.github.requests("DELETE")
    assert m.github.plaintext(OLD) == b"new value"


@pytest.mark.parametrize("tool", ["mv", "install", "tar"])
def test_replaced_in_a_cold_directory(mount, new, tool):
    m = mount()
    done = m.sh(TOOLS[tool][1].format(new=new))
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(OLD) == b"new value"
    m.stop()
    assert [r["path"] for r in m.github.requests("PUT")] == [OLD]
    assert not m.github.requests("DELETE")


@pytest.mark.parametrize("tool, command, sees", TOOL_ROWS)
def test_refused(mount, new, tool, command, sees):
    need_tools(tool)
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    m.github.fault(method="PUT", count=-1, status=403)
    done = m.sh(command.format(new=new))
    assert not sees or done.returncode != 0
    assert m.github.requests("PUT")
    assert_as_before(m, before, mtime)
    assert any("NPM_TOKEN" in line for line in m.errors())
    m.stop()
    assert not m.github.requests("DELETE")
    assert m.github.secrets()[LIST] == before


# The file can't even be made. These are the errors of open.
AT_CREATE = {
    "no key": {"path": f"{LIST}/public-key", "status": 500},
    "no permission": {"path": f"{LIST}/public-key", "status": 403},
    "no token": {"path": f"{LIST}/public-key", "status": 401},
    "no answer": {"path": f"{LIST}/public-key", "action": "hang"},
}


AT_CREATE_ROWS = [
    *((tool, "no permission") for tool in ("mv", "install", "cp", "tar")),
    *(("mv", fault) for fault in ("no key", "no token", "no answer")),
]


@pytest.mark.parametrize("tool, fault", AT_CREATE_ROWS)
def test_not_created_anew(mount, new, tool, fault):
    """The old value must not go because the new one could not even be opened."""
    m = mount(timeout=1)
    os.listdir(m.secrets)
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    m.github.fault(count=-1, **AT_CREATE[fault])
    done = m.sh(TOOLS[tool][1].format(new=new))
    assert done.returncode != 0
    m.github.clear_faults()
    # Whatever was held would be sent by now, or at the end.
    m.sh("sleep 0.2")
    assert_as_before(m, before, mtime)
    assert any("/NPM_TOKEN: ECANCELED: kept: " in line for line in m.errors())
    m.stop()
    assert not m.github.requests("DELETE")


@pytest.mark.parametrize("tool", ["mv", "install", "cp", "tar"])
def test_refused_again(mount, new, tool):
    """For some seconds after a refusal open fails at once: the value must outlive that too."""
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    m.github.fault(method="PUT", count=-1, status=403)
    for _ in range(3):
        assert m.sh(TOOLS[tool][1].format(new=new)).returncode != 0
        assert_as_before(m, before, mtime)
    m.stop()
    assert not m.github.requests("DELETE")
    assert m.github.secrets()[LIST] == before


@pytest.mark.parametrize("tool", ["mv", "install", "cp"])
def test_a_full_repository(mount, new, tool):
    m = mount()
    m.github.seed(repos=["acme/full"], secrets=100)
    directory = m.path / "repos/acme/full/actions/secrets"
    command = TOOLS[tool][1].replace("NPM_TOKEN NPM_TOKEN", "NPM_TOKEN SECRET_0001")
    done = m.sh(command.format(new=new), cwd=directory)
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext("/repos/acme/full/actions/secrets/SECRET_0001") == b"new value"
    assert len(os.listdir(directory)) == 100
    assert not m.github.requests("DELETE")


# What is no regular file, and so refused, whatever the tool: {there} has it as NPM_TOKEN.
OTHER_FILES = {
    "symlink": "ln -s ..data/NPM_TOKEN {there}/NPM_TOKEN",
    "fifo": "mkfifo {there}/NPM_TOKEN",
    "socket": "cd {there} && python3 -c 'import socket; socket.socket(1).bind(\"NPM_TOKEN\")'",
    "directory": "mkdir {there}/NPM_TOKEN",
    "hard link": "echo value > {there}/A && ln {there}/A {there}/NPM_TOKEN",
}
REPLACED_BY_OTHERS = [
    *((kind, "cp -a --remove-destination {there}/NPM_TOKEN .") for kind in ("symlink", "fifo")),
    *((kind, "cp -a {there}/NPM_TOKEN .") for kind in ("symlink", "fifo", "socket")),
    *((kind, "cp -af {there}/NPM_TOKEN .") for kind in ("symlink", "fifo")),
    *((kind, "mv -f {there}/NPM_TOKEN .") for kind in ("symlink", "fifo", "socket")),
    *((kind, "tar -C {there} -cf {there}/tar NPM_TOKEN; tar -xf {there}/tar")
      for kind in ("symlink", "fifo", "directory")),
    ("hard link", "tar -C {there} -cf {there}/tar A NPM_TOKEN;"
                  "tar -xf {there}/tar A; tar -xf {there}/tar NPM_TOKEN"),
]


@pytest.mark.parametrize(("kind", "command"), REPLACED_BY_OTHERS)
def test_replaced_by_what_is_no_regular_file(mount, tmp_path, kind, command):
    """The tool has removed the secret by then; nothing takes its place."""
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    there = tmp_path / "there"
    there.mkdir()
    assert m.sh(OTHER_FILES[kind].format(there=there)).returncode == 0
    done = m.sh(command.format(there=there))
    assert done.returncode != 0
    assert os.stat(m.secrets / "NPM_TOKEN").st_mtime == mtime
    m.stop()
    assert not m.github.requests("DELETE")
    after = m.github.secrets()[LIST]
    assert {name: after[name] for name in before} == before


REFUSALS = {
    "symlink": "os.symlink('x', '{}/NPM_TOKEN')",
    "link": "os.link('{}/DEPLOY_KEY', '{}/NPM_TOKEN')",
    "mkfifo": "os.mkfifo('{}/NPM_TOKEN')",
    "mkdir": "os.mkdir('{}/npm_token')",
    "rename": "os.rename('{}/DEPLOY_KEY', '{}/NPM_TOKEN')",
    "rename of a directory": "os.rename('{}/../../environments', '{}/NPM_TOKEN')",
}


@pytest.mark.parametrize("call", REFUSALS.values(), ids=REFUSALS)
def test_what_is_refused_brings_the_secret_back(mount, actor, call):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    with actor(m) as tool:
        tool.unlink("NPM_TOKEN")
        with pytest.raises(AssertionError, match="PermissionError"):
            tool.do(call)
        assert_as_before(m, before, mtime)
        assert any("/NPM_TOKEN: ECANCELED: kept: " in line for line in m.errors())
    m.stop()
    assert not m.github.requests("DELETE")
    assert m.github.secrets()[LIST] == before


# The tool fails after it removed the secret, and the kernel tells us nothing of that.
FAILURES = {
    "a link from elsewhere": "exec cp -al --remove-destination {there}/NPM_TOKEN .",
    "no descriptor": "ulimit -n 4; exec mv -f {there}/NPM_TOKEN .",
}


@pytest.mark.parametrize("command", FAILURES.values(), ids=FAILURES)
def test_a_tool_that_fails_brings_the_secret_back(mount, tmp_path, command):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    (tmp_path / "NPM_TOKEN").write_text("value")
    tool = subprocess.Popen(["bash", "-c", command.format(there=tmp_path)], cwd=m.secrets)
    os.waitid(os.P_PID, tool.pid, os.WEXITED | os.WNOWAIT)  # its status can be seen still
    mounting.wait_until(lambda: exists(m.secrets / "NPM_TOKEN"), what="the name")
    assert tool.wait(TOOL_TIMEOUT) != 0
    assert_as_before(m, before, mtime)
    assert any("/NPM_TOKEN: ECANCELED: kept: the program" in line for line in m.errors())
    m.stop()
    assert not m.github.requests("DELETE")


def test_a_refusal_elsewhere_is_none_of_its(mount, actor):
    m = mount()
    m.warm()
    with actor(m) as tool:
        tool.unlink("NPM_TOKEN")
        with pytest.raises(AssertionError, match="PermissionError"):
            tool.do("os.symlink('x', '{}/DEPLOY_KEY2')")
        assert_not_held(m)
        wait_for_delete(m)
    assert m.requests() == [f"DELETE {OLD}"]


def test_a_secret_with_a_temporary_name_is_replaced(mount, new):
    m = mount()
    put(m.secrets / "tmpabcdefgh", b"value")
    m.github.clear_journal()
    done = m.sh(f"mv {new}/NPM_TOKEN tmpabcdefgh")
    assert done.returncode == 0, done.stderr
    assert m.requests() == [f"PUT {LIST}/TMPABCDEFGH"]
    assert m.github.plaintext(f"{LIST}/TMPABCDEFGH") == b"new value"


@pytest.mark.parametrize(
    "command", ["install -m 600 /dev/null NPM_TOKEN", "mv {empty} NPM_TOKEN"]
)
def test_replaced_by_nothing(mount, tmp_path, command):
    """Nothing written is nothing sent."""
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    (tmp_path / "empty").touch()
    m.sh(command.format(empty=tmp_path / "empty"))
    assert_as_before(m, before, mtime)
    m.stop()
    assert not m.github.requests("DELETE") + m.github.requests("PUT")


def test_several_in_one_go(mount, new):
    """Each unlink but the last is followed by a create of that name."""
    m = mount()
    m.warm()
    for name in WEB_SECRETS:
        (new / name).write_bytes(b"new " + name.encode())
    done = m.sh(f"mv {new}/[A-Z]* .")
    assert done.returncode == 0, done.stderr
    for name in WEB_SECRETS:
        assert m.github.plaintext(f"{LIST}/{name}") == b"new " + name.encode()
    assert sorted(m.requests()) == sorted(f"PUT {LIST}/{name}" for name in WEB_SECRETS)


def test_what_a_listing_says_meanwhile_counts(mount):
    """Between the unlink and the create another hand's change is seen, and not undone."""
    m = mount(cache_ttl=1)
    directory = m.path / "orgs/acme/actions/secrets"
    scope = "/orgs/acme/actions/secrets"
    os.listdir(directory)
    with Actor("mv", directory) as mv:
        mv.unlink("CODECOV_TOKEN")
        m.github.seed(org="acme", org_secret="CODECOV_TOKEN", visibility="private")
        mounting.wait_until(
            lambda: os.listdir(directory) and len(m.github.requests("GET", scope)) > 1
        )
        mv.create("CODECOV_TOKEN")
        mv.write(b"new")
        mv.close()
    after = m.github.secrets()[scope]["CODECOV_TOKEN"]
    assert (after["value"], after["visibility"]) == (b"new", "private")


def test_refused_after_a_look_at_the_old_one(mount):
    """Who may use the old secret is read before the PUT, which then fails: `ls` still has it."""
    m = mount()
    directory = m.path / "orgs/acme/actions/secrets"
    names = sorted(os.listdir(directory))
    m.github.fault(method="PUT", count=-1, status=409)
    time.sleep(1.1)  # what the listing said of it is too old by now (contract §3.20)
    with Actor("mv", directory) as mv:
        mv.unlink("CODECOV_TOKEN")
        mv.create("CODECOV_TOKEN")
        mv.write(b"new")
        with pytest.raises(AssertionError, match=str(errno.EBUSY)):
            mv.close()
        assert m.github.requests("GET", "/orgs/acme/actions/secrets/CODECOV_TOKEN")
        assert sorted(os.listdir(directory)) == names


# What sends a held DELETE


def test_a_tool_that_only_removes(mount, tmp_path):
    m = mount()
    m.warm()
    shutil.copy("/bin/rm", tmp_path / "mv")
    assert m.sh(f"{tmp_path}/mv NPM_TOKEN").returncode == 0
    assert not exists(m.secrets / "NPM_TOKEN")
    wait_for_delete(m)
    assert m.requests() == [f"DELETE {OLD}"]
    assert not exists(m.secrets / "NPM_TOKEN")


def test_nothing_follows(mount, actor):
    """The processes live on; the time that they are given ends."""
    m = mount()
    names = ["mv", "install", "cp", "tar", "unzip", "cpio", "git", "zstd", "bsdtar", "bsdcpio"]
    names += ["pax", "star", "7z", "7za", "7zr", "7zz", "borg"]
    names = [f"A_{name}" for name in names]
    for name in names:
        put(m.secrets / name, b"value")
    m.github.clear_journal()
    tools = [actor(m, name.removeprefix("A_")) for name in names]
    for tool, name in zip(tools, names):
        tool.unlink(name)
    for tool, name in zip(tools, names):
        wait_for_delete(m, f"{LIST}/{name.upper()}")
        assert tool.process.poll() is None
    assert sorted(m.requests()) == sorted(f"DELETE {LIST}/{name.upper()}" for name in names)


LONG_NAME = "a-name-that-the-kernel-cuts-off"


@pytest.mark.parametrize("name", ["java", "tclsh", LONG_NAME])
def test_names_that_are_given(mount, actor, name):
    m = mount(replacers=f"java:tclsh:{LONG_NAME}")
    m.warm()
    with actor(m, name) as tool:
        tool.unlink("NPM_TOKEN")
        tool.create("NPM_TOKEN")
        tool.write(b"new")
        tool.close()
    assert m.requests() == [f"PUT {OLD}"]
    assert m.github.plaintext(OLD) == b"new"


@pytest.mark.parametrize("name", ["ruby", "jav", "javac", "java:tclsh", "a", "rm", "find"])
def test_names_that_are_not_given(mount, actor, name):
    m = mount(replacers=f"java:tclsh:{LONG_NAME}")
    m.warm()
    with actor(m, name) as tool:
        tool.unlink("NPM_TOKEN")
        assert m.requests() == [f"DELETE {OLD}"]


def test_a_thread_of_a_name_of_its_own(mount, actor):
    """As Java's are, and others': it is the program that was named."""
    m = mount(replacers="java")
    m.warm()
    with actor(m, "java") as tool:
        tool.do(
            "import threading; threading.Thread(target=lambda: ("
            "open('/proc/thread-self/comm', 'w').write('worker'),"
            "os.unlink('{}/NPM_TOKEN'))).start()"
        )
        mounting.wait_until(lambda: not exists(m.secrets / "NPM_TOKEN"))
        tool.create("NPM_TOKEN")
        tool.write(b"new")
        tool.close()
    assert m.requests() == [f"PUT {OLD}"]


def test_other_names_wait_for_the_server(mount, actor):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", action="delay", ms=100, count=-1)
    for name, secret in zip(("rm", "mvx", "bash", "xmv"), WEB_SECRETS):
        actor(m, name).unlink(secret)
        (request,) = m.github.requests("DELETE", f"{LIST}/{secret}")
        assert request["status"] == 204
        assert m.github.plaintext(f"{LIST}/{secret}") is None


def test_the_next_unlink(mount, actor):
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    tool.unlink("DEPLOY_KEY")
    assert_not_held(m)
    assert not m.github.requests("DELETE", OTHER)
    wait_for_delete(m, OLD)
    wait_for_delete(m, OTHER)
    assert m.requests() == [f"DELETE {OLD}", f"DELETE {OTHER}"]


def test_the_next_create_of_another_name(mount, actor):
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    tool.create("NEW")
    assert_not_held(m)
    wait_for_delete(m)
    tool.write(b"value")
    tool.close()
    assert m.requests() == [f"DELETE {OLD}", f"PUT {LIST}/NEW"]
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"
    assert not exists(m.secrets / "NPM_TOKEN")


def test_a_rename(mount, actor):
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    with pytest.raises(AssertionError, match="PermissionError"):
        tool.do("os.rename('{}/DEPLOY_KEY', '{}/NEW')")
    assert_not_held(m)
    wait_for_delete(m)
    assert m.requests() == [f"DELETE {OLD}"]


@pytest.mark.parametrize("how", ["end", "kill"])
def test_the_end_of_the_process(mount, actor, how):
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    if how == "end":
        tool.end()
    else:
        tool.process.kill()
        tool.process.wait(TOOL_TIMEOUT)
    assert_not_held(m)
    wait_for_delete(m)
    assert m.requests() == [f"DELETE {OLD}"]


def test_two_processes(mount, actor):
    """What one does next says nothing about what another is up to."""
    m = mount()
    m.warm()
    first, second = actor(m), actor(m)
    first.unlink("NPM_TOKEN")
    second.unlink("DEPLOY_KEY")
    first.create("NPM_TOKEN")
    first.write(b"first")
    first.close()
    second.create("DEPLOY_KEY")
    second.write(b"second")
    second.close()
    assert m.github.plaintext(OLD) == b"first"
    assert m.github.plaintext(OTHER) == b"second"
    assert m.requests() == [f"PUT {OLD}", f"PUT {OTHER}"]


# What makes the two one update


@pytest.mark.parametrize("name", ["NPM_TOKEN", "npm_token"])
def test_created_by_another_process(mount, actor, name):
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    put(m.secrets / name, b"new", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    tool.end()
    assert m.github.plaintext(OLD) == b"new"
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    m.stop()
    assert m.requests() == [f"PUT {OLD}"]


def test_written_by_a_spelling_that_the_kernel_knows(mount, actor):
    m = mount()
    for spelling in ("NPM_TOKEN", "npm_token"):
        os.stat(m.secrets / spelling)
    m.warm()
    with actor(m) as tool:
        tool.unlink("NPM_TOKEN")
        put(m.secrets / "npm_token", b"new")
    assert m.requests() == [f"PUT {OLD}"]
    assert m.github.plaintext(OLD) == b"new"


def test_by_another_spelling(mount, actor):
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("npm_token")
    tool.create("NPM_TOKEN")
    tool.write(b"new")
    tool.close()
    tool.end()
    assert m.requests() == [f"PUT {OLD}"]
    assert m.github.plaintext(OLD) == b"new"


def test_a_writer_that_takes_its_time(mount, actor):
    """The second is for the create; the value may come later."""
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    tool.create("NPM_TOKEN")
    tool.write(b"new ")
    tool.do("import time; time.sleep(1.3)")
    assert m.requests() == []
    tool.write(b"value")
    tool.close()
    assert m.github.plaintext(OLD) == b"new value"
    assert m.requests() == [f"PUT {OLD}"]


def test_killed_before_the_value_is_whole(mount, actor):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    tool.create("NPM_TOKEN")
    tool.write(b"half a val")
    tool.process.send_signal(signal.SIGKILL)
    tool.process.wait(TOOL_TIMEOUT)
    mounting.wait_until(lambda: exists(m.secrets / "NPM_TOKEN"), what="the name")
    assert_as_before(m, before, mtime)
    m.stop()
    assert m.requests() == []


def test_removed_again_before_the_value_is_whole(mount, actor):
    m = mount()
    m.warm()
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    tool.create("NPM_TOKEN")
    tool.write(b"half a val")
    assert m.sh("rm NPM_TOKEN").returncode == 0
    tool.close()
    assert m.requests() == [f"DELETE {OLD}"]
    assert m.github.plaintext(OLD) is None
    assert not exists(m.secrets / "NPM_TOKEN")


@pytest.mark.parametrize("status", [204, 409])
def test_created_while_the_delete_is_under_way(mount, actor, status):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", action="delay", ms=400)
    if status != 204:
        m.github.clear_faults()
        m.github.fault(method="DELETE", action="delay", ms=400, status=status)
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    tool.end()
    m.github.wait_for(lambda requests: requests)
    put(m.secrets / "NPM_TOKEN", b"new")
    delete, upload = m.github.journal()
    assert (delete["method"], upload["method"]) == ("DELETE", "PUT")
    assert delete["status"] == status
    assert delete["t_end_ms"] <= upload["t_start_ms"]
    assert m.github.plaintext(OLD) == b"new"
    assert exists(m.secrets / "NPM_TOKEN")


# Meanwhile, and when it fails


def test_absent_for_all(mount, actor):
    m = mount(cache_ttl=0)
    before = set(os.listdir(m.secrets))
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    for _ in range(3):
        assert set(os.listdir(m.secrets)) == before - {"NPM_TOKEN"}
        for name in ("NPM_TOKEN", "npm_token"):
            assert not exists(m.secrets / name)
            with fails("ENOENT"):
                os.open(m.secrets / name, os.O_WRONLY)
            with fails("ENOENT"):
                os.unlink(m.secrets / name)
    assert m.sh("ls -l NPM_TOKEN").returncode != 0
    tool.create("NPM_TOKEN")
    tool.write(b"new")
    tool.close()
    assert set(os.listdir(m.secrets)) == before
    assert not m.github.requests("DELETE")


def test_absent_where_no_listing_is_held(mount, actor):
    m = mount(cache_ttl=0)
    os.stat(m.secrets / "NPM_TOKEN")
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    for name in ("NPM_TOKEN", "npm_token"):
        assert not exists(m.secrets / name)
    assert "NPM_TOKEN" not in os.listdir(m.secrets)


FAULTS = {
    "403": ({"status": 403}, "EACCES"),
    "409": ({"status": 409}, "EBUSY"),
    "500": ({"status": 500}, "EIO"),
    "hang": ({"action": "hang"}, "ETIMEDOUT"),
}


@pytest.mark.parametrize("fault, error", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("looks", [True, False])
def test_a_delete_that_fails(mount, actor, fault, error, looks):
    m = mount(timeout=1)
    m.warm()
    before = m.github.secrets()[LIST]
    mtime = os.stat(m.secrets / "NPM_TOKEN").st_mtime
    m.github.fault(method="DELETE", count=-1, **fault)
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    if looks:  # the kernel may keep that it is not there
        assert not exists(m.secrets / "NPM_TOKEN")
        assert "NPM_TOKEN" not in os.listdir(m.secrets)
    tool.end()
    mounting.wait_until(m.errors, what="the line in errors")
    (line,) = m.errors()
    assert "unlink" in line and "NPM_TOKEN" in line and error in line
    assert exists(m.secrets / "NPM_TOKEN")
    assert_as_before(m, before, mtime)
    # What still hangs there would take effect when it is let go.
    mounting.wait_until(
        lambda: all(r["t_end_ms"] for r in m.github.requests("DELETE")), what="their ends"
    )
    m.github.clear_faults()
    put(m.secrets / "NPM_TOKEN", b"new")
    assert m.github.plaintext(OLD) == b"new"


def test_rm_tells(mount):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", status=403)
    done = m.sh("rm NPM_TOKEN")
    assert done.returncode == 1
    assert "Permission denied" in done.stderr
    assert exists(m.secrets / "NPM_TOKEN")


# The end of the program


@pytest.mark.parametrize("how", ["unmount", "lazy", "SIGTERM", "SIGINT", "SIGHUP"])
def test_held_at_the_end(mount, actor, how):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", action="delay", ms=300, count=-1)
    tool = actor(m)
    tool.unlink("NPM_TOKEN")
    second = actor(m, "tar")
    second.unlink("DEPLOY_KEY")
    if how in ("unmount", "lazy"):
        done = mounting.unmount(m.path, lazy=how == "lazy")
        assert done.returncode == 0, done.stderr
    else:
        m.signal(signal.Signals[how])
    assert m.wait_for_end() == 0
    assert tool.process.poll() is None
    assert sorted(m.requests()) == sorted([f"DELETE {OLD}", f"DELETE {OTHER}"])
    assert m.github.plaintext(OLD) is None
    assert m.github.plaintext(OTHER) is None


def test_one_that_fails_at_the_end(mount, actor):
    m = mount(timeout=1)
    m.warm()
    m.github.fault(method="DELETE", action="hang", count=-1)
    actor(m).unlink("NPM_TOKEN")
    m.stop()
    assert m.github.requests("DELETE", OLD)
    assert m.github.plaintext(OLD) is not None
    assert "NPM_TOKEN" in m.log()


def test_a_name_that_comes_back_counts_once(mount, new):
    m = mount()
    m.warm()
    for _ in range(2):
        m.github.fault(method="PUT", status=422)
        assert m.sh(f"cp --remove-destination {new}/NPM_TOKEN .").returncode != 0
        with contextlib.suppress(OSError):
            os.close(os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY))
    counts = os.statvfs(m.secrets)
    assert counts.f_files - counts.f_ffree == len(WEB_SECRETS)
