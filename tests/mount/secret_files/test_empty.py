"""A name made empty is there for a while, and nothing is sent for it (contract §3.13)."""

import os
import stat
import time

import pytest

from kit.calls import exists, fails, opened, put
from kit.demo import LIST, WEB_SECRETS
from kit.needs import need_tools

NEW = f"{LIST}/NEW"
MINUTE = 60

# What makes an empty file. The value of NEW, where it is in $VALUE, is for what comes after.
MAKING = {
    "touch": "touch NEW",
    ":": ": > NEW",
    "append": ": >> NEW",
    "install": "install -m 600 /dev/null NEW",
    "cp": "cp /dev/null NEW",
    "truncate": "truncate -s 0 NEW",
    "dd": "dd status=none if=/dev/null of=NEW",
    "mknod": "/usr/bin/python3 -c 'import os; os.mknod(\"NEW\")'",
    "newline": "echo > NEW",
}
SETTING = {
    "cat": "echo value | cat > NEW",
    "append": "echo value >> NEW",
    "cp": "cp {file} NEW",
    "cp -p": "cp -p {file} NEW",
    "mv": "cp {file} moved; mv moved NEW",
    "rename": "cp {file} .new && mv .new NEW",
    "install": "install -m 600 {file} NEW",
    "O_RDWR": "/usr/bin/python3 -c 'import os; f = os.open(\"NEW\", 2); os.write(f, b\"value\")'",
}


def known(m):
    return int(m.status()["cache"].split()[0])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "value"
    path.write_bytes(b"value\n")
    return path


@pytest.mark.parametrize("making", MAKING)
def test_it_is_an_empty_file(mount, making):
    m = mount()
    done = m.sh(MAKING[making])
    assert done.returncode == 0, done.stderr
    path = m.secrets / "NEW"
    found = os.stat(path)
    assert stat.S_ISREG(found.st_mode) and found.st_size == 0 and found.st_nlink == 1
    assert abs(found.st_mtime - time.time()) < 5
    assert os.stat(m.secrets / "new").st_ino == found.st_ino
    os.chmod(path, 0o640)
    os.chown(path, os.geteuid(), -1)
    os.utime(path, (1, 1))
    os.truncate(path, 0)
    assert os.listxattr(path) == []
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    with fails("EACCES"):
        os.open(path, os.O_RDONLY)
    with fails("EEXIST"):
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.unlink(path)
    assert not exists(path)
    with fails("ENOENT"):
        os.unlink(path)
    assert m.github.requests("PUT") == m.github.requests("DELETE") == []


@pytest.mark.parametrize("making", ["touch", ":", "install"])
@pytest.mark.parametrize("setting", SETTING)
def test_a_value_can_follow(mount, file, making, setting):
    m = mount()
    setting = SETTING[setting].format(file=file).replace("moved", f"{file}.moved")
    done = m.sh(f"{MAKING[making]} && chmod 600 NEW && {setting}")
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == b"value"
    assert m.requests().count(f"PUT {NEW}") == 1
    assert m.github.requests("DELETE") == []
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "NEW"])


def test_java_makes_a_file_first(mount, tmp_path):
    need_tools("java")
    m = mount()
    (tmp_path / "Make.java").write_text(
        "import java.nio.file.*; class Make { public static void main(String[] a) throws Exception"
        '{ Path p = Path.of("NEW"); Files.createFile(p); Files.writeString(p, "value"); } }',
        encoding="ascii",
    )
    done = m.sh(f"java -XX:-UsePerfData {tmp_path}/Make.java")
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(NEW) == b"value"


def test_the_old_value_stays(mount):
    m = mount()
    old = m.github.plaintext(f"{LIST}/NPM_TOKEN")
    for making in MAKING.values():
        if not making.startswith((": >>", "/usr")):
            m.sh(making.replace("NEW", "NPM_TOKEN"))
    assert m.github.plaintext(f"{LIST}/NPM_TOKEN") == old
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert m.github.requests("PUT") == m.github.requests("DELETE") == []


@pytest.mark.parametrize("status, error", [(403, "EACCES"), (409, "EBUSY"), (422, "EINVAL")])
def test_a_failed_write_leaves_no_ghost(mount, status, error):
    m = mount()
    m.github.fault(method="PUT", status=status, count=-1)
    with fails(error):
        put(m.secrets / "NEW", b"value")
    assert not exists(m.secrets / "NEW")
    if error == "EACCES":
        return  # which is open's answer for a while
    m.sh("touch NEW")
    assert exists(m.secrets / "NEW")
    with fails(error):
        put(m.secrets / "NEW", b"value")
    assert not exists(m.secrets / "NEW")


@pytest.mark.parametrize(
    "command",
    [
        "/usr/bin/python3 -c 'import os; os.write(1, b\"x\"); os._exit(3)' > NEW",
        "timeout -s KILL 0.3 /usr/bin/python3 -c 'print(1, flush=True); input()' < /dev/zero > NEW",
        "exec /usr/bin/python3 -c 'import os; os.write(1, bytes(60000))' > NEW",
        "exec /usr/bin/python3 -c 'import os; os.pwrite(1, b\"x\", 9)' > NEW",
    ],
)
def test_a_writer_that_failed_leaves_none(mount, command):
    m = mount()
    m.sh(command)
    assert m.github.requests("PUT") == []
    assert not exists(m.secrets / "NEW")


def test_it_was_made_by_another_hand_meanwhile(mount):
    m = mount(cache_ttl=0)
    m.sh("touch SECRET_0001")
    m.github.seed(repo="acme/web", secrets=1)
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "SECRET_0001"])
    os.unlink(m.secrets / "SECRET_0001")
    assert len(m.github.requests("DELETE")) == 1


def test_who_may_use_it_is_read_before_the_value(mount):
    """It was made by another hand meanwhile, for fewer."""
    m = mount(cache_ttl=60, visibility="all")
    directory = m.path / "orgs/acme/actions/secrets"
    m.sh("touch NEW", cwd=directory)
    m.github.seed(org="acme", org_secret="NEW", visibility="private")
    time.sleep(1.1)
    put(directory / "NEW", b"value")
    assert m.github.secrets()["/orgs/acme/actions/secrets"]["NEW"]["visibility"] == "private"


def test_a_full_repository(mount):
    m = mount(cache_ttl=0)
    m.sh("touch NEW")
    m.github.seed(repo="acme/web", secrets=100)
    with fails("EDQUOT"):
        os.open(m.secrets / "NEW", os.O_WRONLY)


def test_a_policy_can_be_prepared_for_it(mount):
    m = mount()
    store = m.path / "orgs/acme/actions"
    m.sh("touch NEW", cwd=store / "secrets")
    os.mkdir(store / "access/NEW")
    put(store / "access/NEW/visibility", b"all\n")
    put(store / "secrets/NEW", b"value")
    assert m.github.secrets()["/orgs/acme/actions/secrets"]["NEW"]["visibility"] == "all"


def test_so_many_and_no_more(mount):
    """As many as there could be secrets; then the oldest goes."""
    m = mount()
    for number in range(102):
        os.close(os.open(m.secrets / f"NEW_{number}", os.O_WRONLY | os.O_CREAT))
    names = [n for n in range(102) if exists(m.secrets / f"NEW_{n}")]
    assert names == list(range(2, 102))
    assert m.github.requests("PUT") == []


def test_making_and_removing_leaves_nothing(mount):
    m = mount()
    m.sh("touch NEW; rm NEW")
    before = known(m)
    for _ in range(50):
        os.close(os.open(m.secrets / "NEW", os.O_WRONLY | os.O_CREAT))
        os.unlink(m.secrets / "NEW")
    assert known(m) <= before + 1  # the kernel may know the last one still
    for _ in range(50):
        os.close(os.open(m.secrets / "NEW", os.O_WRONLY | os.O_CREAT))
    assert known(m) <= before + 2


def test_its_minute(mount):
    """From the last close, and longer while it is open."""
    m = mount(cache_ttl=0)
    os.listdir(m.secrets)
    before = known(m)
    m.sh("touch NEW OPEN")
    began = time.monotonic()
    with opened(m.secrets / "OPEN", os.O_WRONLY) as fd:
        while time.monotonic() < began + MINUTE - 5:
            assert exists(m.secrets / "NEW")
            time.sleep(1)
        while time.monotonic() < began + MINUTE + 1:
            time.sleep(0.1)
        assert not exists(m.secrets / "NEW")
        assert exists(m.secrets / "OPEN")
        os.write(fd, b"value")
    assert m.github.plaintext(f"{LIST}/OPEN") == b"value"
    assert known(m) <= before + 2
    assert m.github.requests("DELETE") == []
