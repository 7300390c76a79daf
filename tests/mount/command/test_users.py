"""Several users: who gets in, who may write, what they are told (contract §1.9, §3.17)."""

import ast
import os
import signal

import pytest

from kit.demo import LIST, WEB_SECRETS
from kit.mounting import wait_until
from kit.standin import TOKEN
from kit.users import Users

pytestmark = pytest.mark.root("makes users")

OLD = f"{LIST}/NPM_TOKEN"
NEW = f"{LIST}/NEW"
EVERYBODY = ("root", "ann", "bob")
REASON = "The moon is in the wrong house (M-17)"


@pytest.fixture
def users(binary, github):
    with Users(github) as made:
        yield made


def with_numbers(users, options):
    """{"uid": "bob"} as the program wants it."""
    return {
        name: users.ids[value] if name in ("uid", "gid") else value
        for name, value in options.items()
    }


HOLDS = ["cd {}; exec cat {}", "exec 5< {}/.ghsecretfs/errors; cat {}"]


@pytest.mark.parametrize("mounter", ["root", "ann"])
@pytest.mark.parametrize("hold", HOLDS)
def test_a_place_that_was_taken_over(users, mounter, hold):
    """A daemon that was unmounted lazily ends without the next mount of that directory."""
    m = users.mount(mounter)
    first = users.daemon()
    fifo = users.home(mounter) / "fifo"
    users.do(mounter, f"mkfifo {fifo}; ({hold.format(m, fifo)}) > /dev/null 2>&1 & sleep 0.3")
    users.do(mounter, f"fusermount3 -uz {m}")
    assert users.mounts() == [] and first in users.processes()
    assert users.try_mount(mounter, m).returncode == 0
    users.do("root", f"kill {first}")
    wait_until(lambda: first not in users.processes(), what="the first daemon's end")
    assert [where for where, *_ in users.mounts()] == [m]
    assert users.do(mounter, f"ls {m}").split() == WEB_SECRETS
    users.do(mounter, f": > {fifo}")


# Where a user can't mount


def assert_told(done, *words):
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ghsecretfs: ")
    for word in words:
        assert word in line


def test_mounting_twice(users):
    m = users.mount("ann")
    assert_told(users.try_mount("ann", m), str(m), "mounted already", "fusermount3 -u")
    assert users.do("ann", f"ls {m}").split() == WEB_SECRETS
    assert len(users.mounts()) == 1


@pytest.mark.parametrize(
    "owner, mode", [("root", "700"), ("root", "755"), ("root", "1777"), ("ann", "500")]
)
def test_a_directory_that_users_do_not_own(users, owner, mode):
    m = users.directory(owner, mode)
    assert_told(users.try_mount("ann", m), str(m), "own", mode)
    assert users.mounts() == []


def test_without_fusermount(users):
    m = users.directory("ann")
    program = users.do("root", "realpath $(command -v fusermount3)").strip()
    users.do("root", f"mount --bind /dev/null {program}")
    try:
        assert_told(users.try_mount("ann", m), "fusermount3", "install the package fuse3")
    finally:
        users.do("root", f"umount {program}")
    assert users.mounts() == []


# Who gets in

OTHERS = {"allow_other": True}
ROOT = {"allow_root": True}

# Who mounts, with which options; who can list the secrets, and who can write them.
ACCESS = [
    ("root", {}, "root", "root"),
    ("ann", {}, "ann", "ann"),
    ("ann", {"umask": "0"}, "ann", "ann"),
    ("ann", {"umask": "200"}, "ann", ""),
    ("ann", {"umask": "700"}, "", ""),
    ("ann", {"gid": "bob", "umask": "0"}, "ann", "ann"),
    ("root", OTHERS, "root", "root"),
    ("root", {**OTHERS, "uid": "ann"}, "root ann", "root ann"),
    ("root", {**OTHERS, "gid": "ann", "umask": "0"}, "root", "root"),
    ("ann", OTHERS, "root ann", "root ann"),
    ("ann", {**OTHERS, "umask": "0"}, "root ann", "root ann"),
    ("ann", {**OTHERS, "umask": "200"}, "root ann", "root"),
    ("ann", {**OTHERS, "umask": "400"}, "root", "root ann"),
    ("ann", {**OTHERS, "umask": "500"}, "root", "root"),
    ("ann", {**OTHERS, "uid": "bob"}, "root bob", "root bob"),
    ("ann", {**OTHERS, "gid": "bob", "umask": "0"}, "root ann", "root ann"),
    ("ann", ROOT, "root ann", "root ann"),
    ("ann", {**ROOT, "umask": "0"}, "root ann", "root ann"),
    ("ann", {**ROOT, "uid": "bob"}, "root", "root"),
    ("ann", {**ROOT, **OTHERS, "uid": "bob"}, "root", "root"),
]


def assert_works(users, user, m):
    users.do(user, f"printf {user} > {m}/NPM_TOKEN && printf {user} > {m}/NEW")
    assert users.github.plaintext(OLD) == users.github.plaintext(NEW) == user.encode()
    users.do(user, f"rm {m}/NEW")
    assert users.github.plaintext(NEW) is None


def assert_refused(users, user, command):
    done = users.run(user, command)
    assert done.returncode != 0 and done.stdout == "", f"{user}: {command}"
    assert "Permission denied" in done.stderr


@pytest.mark.parametrize("mounter, options, listed_by, written_by", ACCESS, ids=str)
def test_who_may(users, mounter, options, listed_by, written_by):
    m = users.mount(mounter, **with_numbers(users, options))
    for user in EVERYBODY:
        if user in listed_by.split():
            assert users.do(user, f"ls {m}").split() == WEB_SECRETS
        else:
            assert_refused(users, user, f"ls {m}")
        if user in written_by.split():
            assert_works(users, user, m)
            continue
        before = users.github.secrets()[LIST]
        assert_refused(users, user, f"echo {user} > {m}/NPM_TOKEN")
        assert_refused(users, user, f"echo {user} > {m}/NEW")
        assert_refused(users, user, f"rm -f {m}/NPM_TOKEN")
        assert users.github.secrets()[LIST] == before


@pytest.mark.parametrize("mounter, owner", [("root", "ann"), ("ann", "bob"), ("ann", "root")])
def test_whom_a_mount_is_for_must_get_in(users, mounter, owner):
    m = users.directory(mounter)
    number = users.ids.get(owner, 0)
    done = users.try_mount(mounter, m, uid=number)
    assert done.returncode == 1
    assert done.stderr.startswith(f"ghsecretfs: uid={number}: user {number} could not enter")
    assert "allow_other" in done.stderr and len(done.stderr.splitlines()) == 1
    assert users.mounts() == []


@pytest.mark.parametrize(
    "command",
    ["stat {}", "ls {}", "cd {}", "cat {}/.ghsecretfs/status", "stat {}/NPM_TOKEN", "touch {}/NEW"],
)
@pytest.mark.parametrize("mounter", ["root", "ann"])
def test_nothing_is_shown_to_others(users, mounter, command):
    m = users.mount(mounter, umask="0")
    users.do(mounter, f"ls {m}")
    users.github.clear_journal()
    for user in set(EVERYBODY) - {mounter}:
        assert_refused(users, user, command.format(m))
    assert users.github.journal() == []


MODES = [
    ({}, "700 ann ann", "200 ann ann"),
    ({"umask": "0"}, "700 ann ann", "200 ann ann"),
    ({"umask": "077"}, "700 ann ann", "200 ann ann"),
    ({"umask": "277"}, "500 ann ann", "0 ann ann"),
    ({"umask": "0777"}, "0 ann ann", "0 ann ann"),
    ({"uid": "bob"}, "700 bob ann", "200 bob ann"),
    ({"gid": "bob"}, "700 ann bob", "200 ann bob"),
    ({"uid": "bob", "gid": "bob", "umask": "0"}, "700 bob bob", "200 bob bob"),
]


@pytest.mark.parametrize("options, directory, secret", MODES, ids=str)
def test_what_stat_shows(users, options, directory, secret):
    m = users.mount("ann", allow_other=True, **with_numbers(users, options))
    shown = users.do("root", f"stat -c '%a %U %G' {m} {m}/NPM_TOKEN")
    assert shown.splitlines() == [directory, secret]


@pytest.mark.parametrize("command", ["chmod 777 {}", "chown bob {}", "touch {}", "mkdir {}/x"])
def test_what_is_refused_to_others_beside_secrets(users, command):
    """With allow_other they get as far as the root directory."""
    m = users.mount("ann", allow_other=True)
    before = users.do("root", f"stat -c '%a %U %Y' {m}")
    done = users.run("bob", command.format(m))
    assert done.returncode != 0
    assert "not permitted" in done.stderr or "Permission denied" in done.stderr
    assert users.do("root", f"stat -c '%a %U %Y' {m}") == before


# What the machine allows


@pytest.mark.parametrize("flags", ["-f", ""], ids=["in front", "in the background"])
@pytest.mark.parametrize("option", ["allow_other", "allow_root"])
def test_others_need_the_administrators_leave(users, option, flags):
    users.do("root", "sed -i /^user_allow_other/d /etc/fuse.conf")
    directory = users.directory("ann")
    done = users.try_mount("ann", directory, flags=flags, **{option: True})
    assert done.returncode == 1
    assert "user_allow_other" in done.stderr and "/etc/fuse.conf" in done.stderr
    assert users.mounts() == []
    users.mount("root", **{option: True})


@pytest.mark.parametrize("flags", ["-f", ""], ids=["in front", "in the background"])
def test_a_device_that_may_not_be_used(users, flags):
    users.do("root", "chmod 600 /dev/fuse")
    done = users.try_mount("ann", users.directory("ann"), flags=flags)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ghsecretfs: /dev/fuse: Permission denied: ")
    assert "root" in line and "chmod 666 /dev/fuse" in line
    assert users.mounts() == []


def test_a_helper_that_may_not_mount(users):
    """As where the package's set-user-id bit has been taken away."""
    copy = users.place / "fusermount3"
    users.do("root", f"cp /usr/bin/fusermount3 {copy}; chmod 755 {copy}")
    users.do("root", f"mount --bind {copy} /usr/bin/fusermount3")
    done = users.try_mount("ann", users.directory("ann"))
    assert done.returncode == 1
    assert "fusermount3: " in done.stderr and "not permitted" in done.stderr
    assert users.mounts() == []


@pytest.mark.parametrize(
    "owner, mode, why",
    [("bob", "755", "no write access"), ("bob", "700", "Permission denied")],
)
def test_a_mount_point_of_somebody_else(users, owner, mode, why):
    directory = users.directory(owner, mode)
    done = users.try_mount("ann", directory)
    assert done.returncode == 1
    assert why in done.stderr and str(directory) in done.stderr
    assert users.mounts() == []


def test_a_container_in_which_root_may_not_mount(users):
    less = "setpriv --bounding-set=-sys_admin"
    done = users.try_mount("root", users.directory("root"), before=less)
    assert done.returncode == 1
    assert "not permitted" in done.stderr and "--cap-add=SYS_ADMIN" in done.stderr
    assert users.mounts() == []


@pytest.mark.released("with sanitizers mlock does nothing")
@pytest.mark.parametrize("limit", [0, 512, 1000])
def test_too_little_lockable_memory(users, limit):
    directory = users.directory("ann")
    done = users.try_mount("ann", directory, before=f"ulimit -l {limit};")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ghsecretfs: only ") and "ulimit -l" in line
    assert users.mounts() == []


# Writes values without closing any until there is no memory; says how it went, name by name.
MANY_WRITERS = """
import errno, os, sys
held = {}
def said(call):
    try:
        call()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"
def write(name):
    held[name] = os.open(f"{sys.argv[1]}/{name}", os.O_WRONLY | os.O_CREAT)
    os.write(held[name], b"x" * 40000)
written = {}
for number in range(90):
    name = f"NEW_{number}"
    written[name] = said(lambda: write(name))
    if written[name] != "ok":
        break
closed = {name: said(lambda: os.close(fd)) for name, fd in held.items()}
print(written, closed, sep="\\n")
"""


@pytest.mark.released("with sanitizers mlock does nothing")
def test_lockable_memory_that_is_used_up(users):
    """What was closed without an error is stored, and what is given back can be used."""
    m = users.mount("ann", before="ulimit -l 2048;")
    script = users.tmp / "many_writers"
    users.outside(script).write_text(MANY_WRITERS, encoding="ascii")
    written, closed = map(ast.literal_eval, users.do("ann", f"python3 {script} {m}").splitlines())
    last = list(written)[-1]
    assert written.pop(last) == "ENOMEM" and closed.pop(last, "ENOMEM") == "ENOMEM"
    assert len(written) > 10 and set(written.values()) == {"ok"}
    assert set(closed.values()) <= {"ok", "ENOMEM"}
    stored = {name for name in users.github.secrets()[LIST] if name.startswith("NEW_")}
    assert stored == {name for name, result in closed.items() if result == "ok"} != set()
    assert_works(users, "ann", m)


# The token


def test_gh_is_asked_for_a_user(users):
    gh = users.outside(users.place / "bin/gh")
    gh.write_text(f'#!/bin/sh\necho "$@" > asked\necho {TOKEN}\n', encoding="ascii")
    gh.chmod(0o755)
    m = users.mount("ann", token=None)
    assert users.do("ann", f"ls {m}").split() == WEB_SECRETS
    assert users.do("ann", "cat asked") == "auth token --hostname 127.0.0.1\n"


def test_gh_has_no_token(users):
    gh = users.outside(users.place / "bin/gh")
    gh.write_text("#!/bin/sh\necho no oauth token >&2\nexit 1\n", encoding="ascii")
    gh.chmod(0o755)
    done = users.try_mount("ann", users.directory("ann"), token=None)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ghsecretfs: no token for 127.0.0.1: ")


# Who mounts, and whose file it is; what is said of it, or nothing.
TOKEN_FILES = [
    ("ann", "ann", None),
    ("ann", "root", "Permission denied"),
    ("ann", "bob", "Permission denied"),
    ("root", "root", None),
    ("root", "ann", "owned by uid"),
]


@pytest.mark.parametrize("mounter, owner, why", TOKEN_FILES)
def test_whose_a_token_file_is(users, mounter, owner, why):
    file = users.tmp / "token"
    users.do(owner, f"umask 077; echo {TOKEN} > {file}")
    directory = users.directory(mounter)
    done = users.try_mount(mounter, directory, token=None, token_file=file)
    if why:
        assert done.returncode == 1 and why in done.stderr and str(file) in done.stderr
        assert users.mounts() == [] and users.github.journal() == []
    else:
        assert done.returncode == 0, done.stderr
        assert users.do(mounter, f"ls {directory}").split() == WEB_SECRETS


# The process


def test_the_daemon_can_not_be_looked_into(users):
    """Not by its own user either, or another program of hers could take the token."""
    users.mount("ann")
    pid = users.daemon()
    for command in ("cat environ", "head -c 1 mem", "cat maps", "ls fd", "readlink cwd"):
        done = users.run("ann", f"cd /proc/{pid} && {command}")
        assert done.returncode != 0 and done.stdout == "", command
    assert TOKEN not in users.do("ann", f"cat /proc/{pid}/cmdline /proc/{pid}/status")


# Writers of other users


def refuse(users):
    users.github.fault(method="PUT", status=422, body={"message": REASON}, count=-1)


# Who mounts, whose the files are, and who writes.
STRANGERS = [("ann", "ann", "root"), ("ann", "bob", "bob"), ("root", "ann", "ann")]


@pytest.mark.parametrize("mounter, owner, writer", STRANGERS)
def test_no_notice_to_another_user(users, mounter, owner, writer):
    options = {} if owner == mounter else {"uid": users.ids[owner]}
    m = users.mount(mounter, allow_other=True, **options)
    before = users.github.plaintext(OLD)
    refuse(users)
    # By way of a pipe of the writer's own: nobody else may open the test's.
    said = users.do(writer, f"(echo v > {m}/NPM_TOKEN) 2>&1 | cat")
    assert said == ""
    assert REASON in users.do(writer, f"cat {m}/.ghsecretfs/errors")
    for command in (f"cp /proc/version {m}/NPM_TOKEN", f"sync {m}/NPM_TOKEN"):
        done = users.run(writer, command)
        assert done.returncode == 1 and "Invalid argument" in done.stderr
    assert users.github.plaintext(OLD) == before


def test_a_notice_to_the_mounter(users):
    m = users.mount("ann", allow_other=True)
    refuse(users)
    said = users.do("ann", f"(echo v > {m}/NPM_TOKEN) 2>&1 | cat")
    assert said == f"ghsecretfs: NPM_TOKEN not stored: {REASON}\n"


GROUP = "{{ echo a; /bin/echo b; echo c; }} > {}/NEW"


@pytest.mark.parametrize("mounter, owner, writer", STRANGERS)
def test_a_value_in_several_writes(users, mounter, owner, writer):
    """Of whom the daemon may not look at, each part looks like the last."""
    options = {} if owner == mounter else {"uid": users.ids[owner]}
    m = users.mount(mounter, allow_other=True, **options)
    users.do(writer, GROUP.format(m))
    assert users.github.plaintext(NEW) == b"a\nb\nc\n"
    if mounter == "root":
        assert users.github.writes(NEW) == 1


def test_a_failing_writer_of_another_user(users):
    """root sees how others end."""
    m = users.mount("root", allow_other=True, uid=users.ids["ann"])
    before = users.github.plaintext(OLD)
    assert users.run("ann", f"sh -c 'echo v; exit 3' > {m}/NPM_TOKEN").returncode == 3
    assert users.github.plaintext(OLD) == before
    assert_works(users, "ann", m)


def test_nothing_changes_for_another_user(users):
    m = users.mount("ann", allow_other=True)
    users.do("root", f"chmod 666 {m}/NPM_TOKEN; chown bob {m}/NPM_TOKEN; touch {m}/NPM_TOKEN")
    assert users.do("root", f"stat -c '%a %U' {m}/NPM_TOKEN") == "200 ann\n"
    assert_refused(users, "root", f"cat {m}/NPM_TOKEN")


# The end


def assert_ended(users):
    wait_until(lambda: not users.processes(), what="the daemon's end")
    assert users.mounts() == []


@pytest.mark.parametrize("options", [{}, {"auto_unmount": True}], ids=str)
@pytest.mark.parametrize(
    "mounter, user, command",
    [
        ("ann", "ann", "fusermount3 -u {}"),
        ("ann", "ann", "umount {}"),
        ("ann", "root", "umount {}"),
        ("ann", "root", "fusermount3 -u {}"),
        ("root", "root", "fusermount3 -u {}"),
        ("root", "root", "umount {}"),
    ],
)
def test_who_may_unmount(users, mounter, user, command, options):
    m = users.mount(mounter, **options)
    users.do(user, command.format(m))
    assert_ended(users)


@pytest.mark.parametrize("command", ["fusermount3 -u {}", "umount {}", "fusermount3 -uz {}"])
@pytest.mark.parametrize("mounter", ["ann", "root"])
def test_who_may_not_unmount(users, mounter, command):
    m = users.mount(mounter, allow_other=True)
    assert users.run("bob", command.format(m)).returncode != 0
    assert_works(users, mounter, m)


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
@pytest.mark.parametrize("options", [{}, {"auto_unmount": True}], ids=str)
def test_a_users_signal_ends_it(users, name, options):
    """The daemon of a user who may not unmount has fusermount3 do it."""
    users.mount("ann", **options)
    users.do("ann", f"kill -{name} {users.daemon()}")
    assert_ended(users)


def test_another_users_signal_does_not(users):
    m = users.mount("ann", allow_other=True)
    assert users.run("bob", f"kill {users.daemon()}").returncode != 0
    assert_works(users, "ann", m)


@pytest.mark.parametrize("command", ["fusermount3 -u {0}", "umount {0}"])
@pytest.mark.parametrize("busy", ["cd {0}", "exec 5> {0}/NEW"])
def test_a_busy_mount_of_a_user_stays(users, busy, command):
    m = users.mount("ann")
    done = users.run("ann", f"{busy}; {command}; exit $?".format(m))
    assert done.returncode != 0 and "busy" in done.stderr
    assert_works(users, "ann", m)


@pytest.mark.parametrize("options", [{}, {"auto_unmount": True}], ids=str)
def test_a_users_daemon_that_was_killed(users, options):
    """A dead mount that only its owner could look at stays. With auto_unmount libfuse clears it
    from 3.17 on; before, it could not look at it either."""
    m = users.mount("ann", **options)
    os.kill(users.daemon(), signal.SIGKILL)
    wait_until(lambda: not users.processes(), what="the end of fusermount3")
    if users.mounts() or not options:
        done = users.try_mount("ann", m)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert f"fusermount3 -u {m}" in line
        users.do("ann", f"fusermount3 -u {m}")
    assert users.mounts() == []
    assert users.try_mount("ann", m).returncode == 0
    assert users.do("ann", f"ls {m}").split() == WEB_SECRETS
