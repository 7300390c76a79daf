"""What stat shows, what can't be read, what can't be changed (contract §3.1 to §3.5, §3.27)."""

import ctypes
import datetime
import os
import stat
import struct
import time

import pytest

from kit.calls import exists, fails, put
from kit.demo import LIST, WEB, WEB_SECRETS

AT_FDCWD = -100
RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4


def seconds(text):
    """The API's time as Unix seconds."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def times(m, name="SENTRY_DSN"):
    """(created_at, updated_at) as the server has them."""
    secret = m.github.secrets()[LIST][name]
    return secret["created_at"], secret["updated_at"]


# stat


def test_a_secret(mount):
    m = mount()
    created, updated = times(m)
    assert created != updated
    seen = os.stat(m.secrets / "SENTRY_DSN")
    assert seen.st_mode == stat.S_IFREG | 0o200
    assert (seen.st_uid, seen.st_gid) == (os.geteuid(), os.getegid())
    assert seen.st_nlink == 1
    assert seen.st_size == 0
    assert seen.st_blksize == 65536
    assert seen.st_mtime == seen.st_ctime == seconds(updated)


@pytest.mark.parametrize("path", [".", "repos", "repos/acme", "repos/acme/web", WEB, ".ghsecretfs"])
def test_a_directory(mount, path):
    seen = os.stat(mount().path / path)
    assert seen.st_mode == stat.S_IFDIR | 0o700
    assert (seen.st_uid, seen.st_gid) == (os.geteuid(), os.getegid())


def test_umask(mount):
    m = mount(umask="022")
    assert stat.S_IMODE(os.stat(m.secrets).st_mode) == 0o700
    m = mount(umask="200")
    assert stat.S_IMODE(os.stat(m.secrets / "SENTRY_DSN").st_mode) == 0


def test_inodes(mount):
    m = mount()
    inodes = [os.stat(m.secrets / name).st_ino for name in WEB_SECRETS]
    assert len(set(inodes)) == len(WEB_SECRETS)
    assert all(inode >= 1 << 56 for inode in inodes)
    with os.scandir(m.secrets) as entries:
        assert {entry.inode() for entry in entries} == set(inodes)


def test_ls_l(mount):
    m = mount()
    done = m.sh("ls -l --time-style=+%s SENTRY_DSN")
    mode, links, _, _, size, when, name = done.stdout.split()
    assert (mode, links, size, name) == ("--w-------", "1", "0", "SENTRY_DSN")
    assert int(when) == seconds(times(m)[1])


def test_birth_time(mount):
    m = mount()
    created = seconds(times(m)[0])
    assert int(m.sh("stat -c %W SENTRY_DSN").stdout) == created
    line = m.sh("ls -l --time=birth --time-style=+%s SENTRY_DSN").stdout.split()
    assert int(line[5]) == created


def test_birth_time_of_a_new_secret(mount):
    m = mount()
    put(m.secrets / "NEW", b"value")
    created, updated = map(seconds, times(m, "NEW"))
    assert int(m.sh("stat -c %W NEW").stdout) == created
    assert os.stat(m.secrets / "NEW").st_mtime == updated


def test_statx_of_directories(mount):
    m = mount()
    done = m.sh("stat -c '%F %a' . repos .ghsecretfs/errors", cwd=m.path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["directory 700"] * 2


def test_times_after_a_write(mount):
    """The server's clock counts, not ours."""
    m = mount(cache_ttl=0)
    m.github.config(clock_offset=7200)
    put(m.secrets / "SENTRY_DSN", b"value")
    assert abs(os.stat(m.secrets / "SENTRY_DSN").st_mtime - (time.time() + 7200)) < 60
    os.listdir(m.secrets)
    assert os.stat(m.secrets / "SENTRY_DSN").st_mtime == seconds(times(m)[1])


NONSENSE = [None, "", "yesterday", 5, "2024-13-45T99:99:99Z"]


@pytest.mark.parametrize("updated", NONSENSE, ids=str)
def test_nonsense_for_updated_at(mount, updated):
    created = "2022-03-04T05:06:07Z"
    m = mount()
    os.stat(m.secrets)
    row = {"name": "A", "created_at": created, "updated_at": updated}
    m.github.fault(path=LIST, body={"total_count": 1, "secrets": [row]})
    os.listdir(m.secrets)
    assert os.stat(m.secrets / "A").st_mtime == seconds(created)


@pytest.mark.parametrize("nonsense", NONSENSE, ids=str)
def test_nonsense_for_both_times(mount, nonsense):
    m = mount()
    os.stat(m.secrets)
    row = {"name": "A", "created_at": nonsense, "updated_at": nonsense}
    m.github.fault(path=LIST, body={"total_count": 1, "secrets": [row]})
    os.listdir(m.secrets)
    assert abs(os.stat(m.secrets / "A").st_mtime - time.time()) < 60


def test_find_by_time(mount):
    m = mount()
    put(m.secrets / "NEW", b"value")
    recent = m.sh("find . -type f -mtime -1").stdout.split()
    old = m.sh("find . -type f -mtime +30").stdout.split()
    assert recent == ["./NEW"]
    assert sorted(old) == [f"./{name}" for name in WEB_SECRETS]
    assert m.sh("find . -newer SENTRY_DSN -name NEW").stdout == "./NEW\n"


# Extended attributes


@pytest.mark.root("of a write-only file only root may read attributes")
def test_extended_attributes(mount):
    m = mount()
    m.warm()
    secret = m.secrets / "SENTRY_DSN"
    assert sorted(os.listxattr(secret)) == ["user.created_at", "user.updated_at"]
    created, updated = times(m)
    assert os.getxattr(secret, "user.created_at").decode() == created
    assert os.getxattr(secret, "user.updated_at").decode() == updated
    assert os.listxattr(m.secrets) == []
    assert m.requests() == []


# As cp -a sets it: the kernel refuses a malformed one by itself.
ACL = struct.pack("<I" + "HHI" * 3, 2, 1, 6, 0xFFFFFFFF, 4, 0, 0xFFFFFFFF, 32, 0, 0xFFFFFFFF)


@pytest.mark.parametrize(
    "name, value",
    [("security.selinux", b"x"), ("security.capability", None), ("system.posix_acl_access", ACL)],
)
def test_attributes_of_the_system(mount, name, value):
    m = mount()
    with fails("EOPNOTSUPP"):
        os.getxattr(m.secrets / "SENTRY_DSN", name)
    if value:
        with fails("EOPNOTSUPP"):
            os.setxattr(m.secrets / "SENTRY_DSN", name, value)


@pytest.mark.parametrize("name", ["user.created_at", "user.mine"])
def test_attributes_can_not_be_set(mount, name):
    m = mount()
    with fails("EOPNOTSUPP"):
        os.setxattr(m.secrets / "SENTRY_DSN", name, b"x")
    with fails("EOPNOTSUPP"):
        os.removexattr(m.secrets / "SENTRY_DSN", name)


@pytest.mark.root("of a write-only file only root may read attributes")
def test_an_unknown_attribute(mount):
    with fails("ENODATA"):
        os.getxattr(mount().secrets / "SENTRY_DSN", "user.mine")


# statfs


def test_statfs(mount):
    m = mount()
    os.stat(m.secrets)
    before = os.statvfs(m.secrets)
    assert (before.f_files, before.f_ffree) == (100, 100)
    m.warm()
    after = os.statvfs(m.secrets)
    assert (after.f_files, after.f_ffree) == (100, 100 - len(WEB_SECRETS))
    put(m.secrets / "NEW", b"value")
    assert os.statvfs(m.secrets).f_ffree == 100 - len(WEB_SECRETS) - 1
    os.unlink(m.secrets / "NEW")
    assert os.statvfs(m.secrets).f_ffree == 100 - len(WEB_SECRETS)
    assert after.f_namemax == 255
    assert m.sh("df -i .").returncode == 0


# What is accepted, and changes nothing


@pytest.mark.parametrize(
    "command",
    [
        "chmod 644 NPM_TOKEN",
        "chmod u+r NPM_TOKEN",
        "chown $(id -u):$(id -g) NPM_TOKEN",
        "touch NPM_TOKEN",
        "touch -c NPM_TOKEN",
        "touch -d 2001-01-01 NPM_TOKEN",
        "touch -m NPM_TOKEN",
    ],
)
def test_accepted_and_ignored(mount, command):
    m = mount()
    m.warm()
    before = os.stat(m.secrets / "NPM_TOKEN")
    done = m.sh(command)
    assert done.returncode == 0, done.stderr
    after = os.stat(m.secrets / "NPM_TOKEN")
    assert (after.st_mode, after.st_mtime, after.st_uid) == (
        before.st_mode,
        before.st_mtime,
        before.st_uid,
    )
    assert m.requests() == []


@pytest.mark.root("chown")
def test_chown_to_another_user(mount):
    m = mount()
    os.chown(m.secrets / "NPM_TOKEN", 12345, 12345)
    assert os.stat(m.secrets / "NPM_TOKEN").st_uid == 0


# Reading is refused, to root too


@pytest.mark.parametrize(
    "flags", [os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_CREAT, os.O_RDWR | os.O_TRUNC]
)
def test_open_for_reading(mount, flags):
    m = mount()
    m.warm()
    with fails("EACCES"):
        os.open(m.secrets / "NPM_TOKEN", flags)
    assert m.requests() == []


@pytest.mark.parametrize(
    "command",
    [
        "cat NPM_TOKEN",
        "cp NPM_TOKEN {to}",
        "mv NPM_TOKEN {to}",
        "md5sum NPM_TOKEN",
        "tar -cf {to}.tar NPM_TOKEN",
        "grep -r x .",
        "sed -i s/a/b/ NPM_TOKEN",
        "read line < NPM_TOKEN",
    ],
)
def test_tools_that_read(mount, tmp_path, command):
    m = mount()
    before = m.github.secrets()[LIST]
    done = m.sh(command.format(to=tmp_path / "elsewhere"))
    assert done.returncode != 0
    assert "Permission denied" in done.stderr
    assert m.github.secrets()[LIST] == before
    assert not m.github.requests("DELETE") + m.github.requests("PUT")
    assert exists(m.secrets / "NPM_TOKEN")


def test_a_writer_can_not_read(mount):
    m = mount()
    fd = os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY)
    with fails("EBADF"):
        os.read(fd, 10)
    os.close(fd)


# What is never possible


def rename2(old, new, flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, bytes(old), AT_FDCWD, bytes(new), flags) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


@pytest.mark.parametrize("target", ["NEW", "DEPLOY_KEY", "npm_token2", "../NEW", "MY-NAME"])
def test_rename(mount, target):
    m = mount()
    with fails("EPERM"):
        os.rename(m.secrets / "NPM_TOKEN", m.secrets / target)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert not m.github.requests("PUT") + m.github.requests("DELETE")


@pytest.mark.parametrize(
    "flags, target, error",
    [
        (RENAME_NOREPLACE, "NEW", "EPERM"),
        (RENAME_NOREPLACE, "DEPLOY_KEY", "EEXIST"),
        (RENAME_EXCHANGE, "DEPLOY_KEY", "EPERM"),
    ],
)
def test_rename_with_flags(mount, flags, target, error):
    m = mount()
    with fails(error):
        rename2(m.secrets / "NPM_TOKEN", m.secrets / target, flags)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


def test_rename_to_another_repository(mount):
    m = mount()
    with fails("EPERM"):
        os.rename(
            m.secrets / "NPM_TOKEN", m.path / "repos/acme/api/actions/secrets/NPM_TOKEN"
        )


@pytest.mark.parametrize("target", ["NEW", "DEPLOY_KEY"])
def test_mv_loses_nothing(mount, target):
    m = mount()
    before = m.github.secrets()[LIST]
    done = m.sh(f"mv NPM_TOKEN {target}")
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr
    assert m.github.secrets()[LIST] == before


def test_rename_of_a_directory(mount):
    m = mount()
    with fails("EPERM"):
        os.rename(m.path / "repos/acme/web", m.path / "repos/acme/web2")


@pytest.mark.parametrize("directory", [".", "repos", "repos/acme", "repos/acme/web/actions", WEB])
def test_what_can_not_be_made(mount, directory):
    m = mount()
    new, secret = m.path / directory / "NEW", m.secrets / "NPM_TOKEN"
    with fails("EPERM"):
        os.mkdir(new)
    with fails("EPERM"):
        os.symlink("target", new)
    with fails("EPERM"):
        os.mkfifo(new)
    with fails("EPERM"):
        os.link(secret, new)
    assert not exists(new)
    assert not m.github.requests("PUT")


def test_mkdir_by_name(mount):
    done = mount().sh("mkdir prod")
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr
