"""mount(8) and /etc/fstab, for root and for ordinary users (contract §1.2)."""

import itertools
import os
import shlex

import pytest

from kit.demo import LIST, WEB, WEB_SECRETS
from kit.mounting import wait_until
from kit.standin import TOKEN
from kit.users import TYPE, Users

pytestmark = pytest.mark.root("writes an fstab")

SOURCE = f"github.com:{WEB}"
OLD = f"{LIST}/NPM_TOKEN"


@pytest.fixture
def users(binary, github):
    with Users(github) as made:
        yield made


@pytest.fixture
def token_file(users):
    """Makes one: token_file(owner)."""

    def make(owner, token=TOKEN):
        path = users.home(owner) / "token"
        users.do(owner, f"umask 077; echo {token} > {path}")
        return path

    return make


@pytest.fixture
def fstab(users, token_file):
    """Writes a line, and makes the directory: fstab(owner, options)."""

    def write(owner, options, kind=TYPE, source=SOURCE):
        directory = users.directory(owner)
        options = f"{options},api_url={users.github.url},token_file={token_file(owner)}"
        line = f"{source} {directory} {kind} {options} 0 0"
        users.do("root", f"echo '{line}' > /etc/fstab")
        return directory

    return write


def assert_mounted(users, user, directory, *options):
    """By that user, with these options, and what is in it can be written."""
    ((where, source, seen),) = users.mounts()
    assert (where, source) == (directory, SOURCE)
    number = users.ids.get(user, 0)
    assert {"nosuid", "nodev", "noexec", "default_permissions", *options} <= seen
    assert {f"user_id={number}", f"group_id={number}"} <= seen
    assert users.do(user, f"ls {directory}").split() == WEB_SECRETS
    assert users.do(user, f"stat -c %u {directory}/NPM_TOKEN") == f"{number}\n"
    if "ro" not in options:
        users.do(user, f"printf {user} > {directory}/NPM_TOKEN")
        assert users.github.plaintext(OLD) == user.encode()


def assert_unmounted(users):
    wait_until(lambda: not users.processes(), what="the daemon's end")
    assert users.mounts() == []


# mount -t


def test_mount(users, token_file):
    m = users.directory("root")
    options = f"api_url={users.github.url},token_file={token_file('root')}"
    users.do("root", f"mount -t {TYPE} {SOURCE} {m} -o {options}")
    assert_mounted(users, "root", m, "rw")
    users.do("root", f"umount {m}")
    assert_unmounted(users)


@pytest.mark.parametrize("order", itertools.permutations(range(3)), ids=str)
def test_arguments_in_any_order(users, token_file, order):
    m = users.directory("root")
    options = [f"token_file={token_file('root')}", f"api_url={users.github.url}", "ro"]
    given = ",".join(options[i] for i in order)
    words = [f"-t {TYPE}", f"-o {given}", f"{SOURCE} {m}"]
    users.do("root", " ".join(["mount", *(words[i] for i in order)]))
    assert_mounted(users, "root", m, "ro")


@pytest.mark.parametrize("flag", ["-r", "-o ro", "--read-only"])
def test_read_only(users, token_file, flag):
    m = users.directory("root")
    options = f"api_url={users.github.url},token_file={token_file('root')}"
    users.do("root", f"mount {flag} -t {TYPE} {SOURCE} {m} -o {options}")
    assert_mounted(users, "root", m, "ro")
    for command in (f"echo v > {m}/NEW", f"rm {m}/NPM_TOKEN", f"echo v > {m}/NPM_TOKEN"):
        done = users.run("root", command)
        assert done.returncode != 0 and "Read-only file system" in done.stderr
    assert not users.github.requests("PUT") + users.github.requests("DELETE")


def test_the_program_named_in_the_source(users, token_file):
    """As fstab had it before types had a part of their own."""
    m = users.directory("root")
    options = f"api_url={users.github.url},token_file={token_file('root')}"
    users.do("root", f"mount -t fuse ghsecretfs#{SOURCE} {m} -o {options}")
    assert_mounted(users, "root", m)


def test_lent_to_a_user(users, token_file):
    """root's token, used by ann."""
    m = users.directory("root")
    options = f"api_url={users.github.url},token_file={token_file('root')}"
    more = f"allow_other,uid={users.ids['ann']},gid={users.ids['ann']},umask=077"
    users.do("root", f"mount -t {TYPE} {SOURCE} {m} -o {more},{options}")
    users.do("ann", f"printf ann > {m}/NPM_TOKEN")
    assert users.github.plaintext(OLD) == b"ann"
    assert users.do("ann", f"stat -c '%a %U %G' {m}") == "700 ann ann\n"
    assert users.run("bob", f"ls {m}").returncode != 0


@pytest.mark.parametrize(
    "options, status, why",
    [
        ("token_file=/nowhere", 1, "/nowhere"),
        ("no_such_option", 1, "no_such_option"),
        ("remount", 1, "remount"),
        ("token_command=echo${IFS}wrong", 2, "refused the token"),
    ],
)
def test_failures_are_mounts(users, options, status, why):
    m = users.directory("root")
    given = f"api_url={users.github.url},{options}"
    done = users.run("root", f"mount -t {TYPE} {SOURCE} {m} -o '{given}'")
    assert done.returncode == status
    assert why in done.stderr and done.stderr.startswith("ghsecretfs: ")
    assert users.mounts() == []


# What mount.fuse3 and the shell that it runs make of a command: nothing.
COMMANDS = [
    rf"printf '%s\n' {TOKEN}",
    rf"printf '%s\054\n' {TOKEN} | tr -d '\,'",
    rf'echo "x${{x:-}}{TOKEN}" | sed "s/\(.\)\(.*\)/\2/"',
]


def escaped(command):
    return command.replace("\\,", "\\\\,").replace(",", "\\,")


@pytest.mark.parametrize("command", COMMANDS)
def test_token_command(users, command):
    m = users.directory("root")
    options = f"api_url={users.github.url},ro,token_command={escaped(command)}"
    users.do("root", f"mount -t {TYPE} {SOURCE} {m} -o {shlex.quote(options)}")
    assert_mounted(users, "root", m, "ro")


# fstab


@pytest.mark.parametrize("command", COMMANDS)
def test_token_command_in_fstab(users, command):
    m = users.directory("root")
    escapes = {ord("\\"): "\\134", ord(" "): "\\040", ord('"'): "\\042"}
    given = escaped(command).translate(escapes)
    options = f"api_url={users.github.url},ro,token_command={given}"
    line = shlex.quote(f"{SOURCE} {m} {TYPE} {options} 0 0")
    users.do("root", f"printf '%s\\n' {line} > /etc/fstab")
    users.do("root", f"mount {m}")
    assert_mounted(users, "root", m, "ro")


ROOTS = ["noauto", "defaults,noauto,_netdev", "auto,nofail,x-systemd.automount", "ro,noauto"]


@pytest.mark.parametrize("options", ROOTS)
def test_fstab(users, fstab, options):
    m = fstab("root", options)
    users.do("root", f"mount {m}")
    assert_mounted(users, "root", m, "ro" if "ro," in options else "rw")
    users.do("root", f"umount {m}")
    assert_unmounted(users)
    assert users.do("root", f"mount {m} && umount {m}") == ""


@pytest.mark.parametrize("options, mounts", [("defaults", 1), ("noauto", 0)])
def test_mount_all(users, fstab, options, mounts):
    fstab("root", options)
    users.do("root", f"mount --all --types {TYPE}")
    assert len(users.mounts()) == mounts
    users.do("root", f"umount --all --types {TYPE}")
    assert_unmounted(users)


@pytest.mark.parametrize("options", ["user,noauto", "users,noauto", "noauto,rw,user"])
@pytest.mark.parametrize("command", ["umount {}", "fusermount3 -u {}"])
def test_fstab_for_users(users, fstab, options, command):
    m = fstab("ann", options)
    users.do("ann", f"mount {m}")
    assert_mounted(users, "ann", m)
    users.do("ann", command.format(m))
    assert_unmounted(users)


def test_a_users_mount_is_not_anothers(users, fstab):
    m = fstab("ann", "user,noauto")
    users.do("ann", f"mount {m}")
    for user in ("bob", "root"):
        done = users.run(user, f"ls {m}")
        assert done.returncode != 0 and "Permission denied" in done.stderr
    assert users.run("bob", f"umount {m}").returncode != 0
    assert_mounted(users, "ann", m)


def test_only_with_the_token_of_the_line(users, fstab):
    """Who can't read the token file can't mount."""
    m = fstab("root", "user,noauto")
    users.do("root", f"chown ann {m}; chmod 755 {users.home('root')}")
    done = users.run("ann", f"mount {m}")
    assert done.returncode == 1
    assert "token_file" in done.stderr and "Permission denied" in done.stderr
    assert users.mounts() == []


def test_no_token_in_any_table(users, fstab):
    m = fstab("ann", "user,noauto")
    users.do("ann", f"mount {m}")
    for user in ("root", "ann"):
        tables = users.do(user, "cat /proc/mounts /proc/self/mountinfo /run/mount/utab; ps -ef")
        assert str(m) in tables and TOKEN not in tables
