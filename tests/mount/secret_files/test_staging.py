"""Staging files and rename (contract §3.29, §3.30): how write-then-rename tools work."""

import contextlib
import ctypes
import os
import tempfile
import time

import pytest

from kit.calls import exists, fails, opened, put
from kit.demo import LIST, WEB_SECRETS

EXCLUSIVE = os.O_RDWR | os.O_CREAT | os.O_EXCL
STAGING_MAX = 256 << 10
VALUE_MAX = 48 << 10
FILES_MAX = 64

RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4
AT_FDCWD = -100

OLD = f"{LIST}/NPM_TOKEN"


def stage(path, value=b"value"):
    put(path, value, EXCLUSIVE)
    return path


def rename(old, new, flags):
    """renameat2(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, bytes(old), AT_FDCWD, bytes(new), flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(new))


# Names


@pytest.mark.parametrize(
    "name", [".x", ".NAME.a1B2c3", ".NAME.swp", ".ansible_tmpx1NAME", ".e", ".en"]
)
def test_a_name_with_a_dot_is_staged(mount, name):
    m = mount()
    put(m.secrets / name, b"value")
    assert name in os.listdir(m.secrets)
    assert m.github.requests("PUT") == []


@pytest.mark.parametrize("name", ["tmp.a1B2c3", "tmp.a1B2c3D4e5", "tmpab12_9xz"])
def test_temporary_names_are_staged_when_created_exclusively(mount, name):
    m = mount()
    put(m.secrets / name, b"value", EXCLUSIVE)
    assert name in os.listdir(m.secrets)
    assert m.github.requests("PUT") == []
    put(m.secrets / name, b"another")  # opened again: still the same file
    assert m.github.requests("PUT") == []
    os.unlink(m.secrets / name)
    assert m.github.requests("DELETE") == []


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("tmp.a1B2c3", os.O_WRONLY | os.O_CREAT),
        ("tmp.a1B2c", EXCLUSIVE),
        ("tmp.a1-2c3", EXCLUSIVE),
        ("MY-TOKEN", EXCLUSIVE),
        ("NAME.a1B2c3", EXCLUSIVE),
        (".envrc", EXCLUSIVE),
        (".ENVRC", EXCLUSIVE),
        (".env.production", EXCLUSIVE),
        (".x%2", EXCLUSIVE),
    ],
)
def test_other_names_are_refused(mount, name, flags):
    m = mount()
    with fails("EINVAL"):
        os.open(m.secrets / name, flags)
    assert m.requests()[-1] != "PUT"
    assert any(f"/{name}: EINVAL" in line for line in m.errors())


def test_a_secret_may_be_called_as_a_temporary_file(mount):
    m = mount()
    put(m.secrets / "tmpabcdefgh", b"value")
    assert m.github.plaintext(f"{LIST}/TMPABCDEFGH") == b"value"
    with fails("EEXIST"):
        os.open(m.secrets / "tmpabcdefgh", EXCLUSIVE)


MADE_AS_MKSTEMP = [
    "NPM_TOKEN123456",  # Go's os.CreateTemp(dir, "NPM_TOKEN")
    "npm_tokenaB_9xz",  # Emacs
    "NPM_TOKEN1234567890",
    "NPM-TOKEN-123",
    "NPM_TOKEN20261128-17-x1y2",  # Ruby's Tempfile
    "NPM_TOKEN.a1B2c3",
    "key.pem",
    "1ST",
    "GITHUB_X",
    "tmp",
    "Tmp12",
    "TMPFILE",
    "zia1B2c3",  # zip
    ".env.a1B2c3",
    ".envrc",
]


@pytest.mark.parametrize("name", MADE_AS_MKSTEMP)
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o277], ids=oct)
def test_what_is_made_as_mkstemp_does_is_staged(mount, umask, name):
    m = mount()
    before = os.umask(umask)
    try:
        fd = os.open(m.secrets / name, EXCLUSIVE, 0o600)
    finally:
        os.umask(before)
    os.write(fd, b"value")
    os.fsync(fd)
    os.close(fd)
    assert name in os.listdir(m.secrets)
    assert m.github.requests("PUT") == []
    os.rename(m.secrets / name, m.secrets / "NPM_TOKEN")
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert m.github.plaintext(OLD) == b"value"
    assert [r["path"] for r in m.github.requests("PUT")] == [OLD]


@pytest.mark.parametrize(
    ("flags", "mode"),
    [
        (os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
        (os.O_RDWR | os.O_CREAT, 0o600),
        (EXCLUSIVE, 0o644),
        (EXCLUSIVE, 0o666),
        (EXCLUSIVE, 0o700),
    ],
)
@pytest.mark.parametrize("umask", [0o022, 0o077], ids=oct)
def test_what_is_made_in_another_way_is_no_staging_file(mount, flags, mode, umask):
    m = mount()
    before = os.umask(umask)
    try:
        for name in ("NPM_TOKEN123456", "tmpfile", "zia1B2c3"):
            with opened(m.secrets / name, flags, mode) as fd:
                os.write(fd, b"value")
            assert m.github.plaintext(f"{LIST}/{name.upper()}") == b"value"
        for name in ("key.pem", "1ST", ".env.a1B2c3"):
            with fails("EINVAL"):
                os.open(m.secrets / name, flags, mode)
    finally:
        os.umask(before)


def test_a_name_that_is_after_none_that_is_there_is_a_secrets(mount):
    m = mount()
    for name in ("NEW123456", "NPM_TOKEN12345", "ANPM_TOKEN123456"):
        with opened(m.secrets / name, EXCLUSIVE, 0o600) as fd:
            os.write(fd, b"value")
        assert m.github.plaintext(f"{LIST}/{name}") == b"value"
    with fails("EEXIST"):
        os.open(m.secrets / "NEW123456", EXCLUSIVE, 0o600)


TAKEN = {
    "noclobber": ("set -C; echo v > tmp12345678", "tmp12345678"),
    "perl": (
        "perl -MFcntl -e 'sysopen(F, \"DEPLOY_KEY_2024Q4\", O_RDWR|O_CREAT|O_EXCL, 0600) or die;"
        "print F \"v\"; close F or die'",
        "DEPLOY_KEY_2024Q4",
    ),
    "python": (
        "/usr/bin/python3 -c 'import os; os.write(os.open(\"TMP_DB_PASSWORD\","
        "os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), b\"v\")'",
        "TMP_DB_PASSWORD",
    ),
}


@pytest.mark.parametrize(("command", "name"), TAKEN.values(), ids=TAKEN)
def test_a_secrets_name_that_is_taken_for_a_temporary_one_is_told(mount, command, name):
    """It is on standard error, for whose end sh() waits."""
    m = mount()
    done = m.sh(command)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ghsecretfs: {name} not stored: taken for a temporary file: rename it")
    assert any(f"/{name}: ECANCELED: taken for " in line for line in m.errors())
    os.rename(m.secrets / name, m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW").startswith(b"v")
    assert m.failures() == 1


@pytest.mark.parametrize(
    "command",
    [
        "set -C; echo v > tmp12345678; mv tmp12345678 NEW",
        "set -C; echo v > tmp12345678; mv tmp12345678 .x",
        "set -C; echo v > tmp12345678; rm tmp12345678",
        "set -C; : > tmp12345678",
        "echo v > .x; sleep 2.5; echo more >> .x",
    ],
)
def test_one_that_is_used_is_not_told_of(mount, command):
    m = mount()
    done = m.sh(command)
    assert done.returncode == 0, done.stderr
    time.sleep(2.5)
    assert (done.stderr, m.errors()) == ("", [])


def test_one_that_is_open_is_not_told_of_yet(mount):
    m = mount()
    done = m.sh("set -C; exec 5> tmp12345678; echo v >&5; sleep 2.5; mv tmp12345678 NEW")
    assert (done.returncode, done.stderr, m.errors()) == (0, "", [])
    assert m.github.plaintext(f"{LIST}/NEW") == b"v"


# A file


def test_attributes(mount):
    m = mount()
    path = m.secrets / ".file"
    with opened(path, EXCLUSIVE) as fd:
        os.write(fd, b"five!")
        assert os.fstat(fd).st_size == 5
        os.ftruncate(fd, 3)
        assert os.fstat(fd).st_size == 3
        os.ftruncate(fd, 1000)
        os.pwrite(fd, b"end", 2000)
        os.fchmod(fd, 0o640)
        os.utime(fd, (1, 1))
        with fails("EACCES"):
            os.read(fd, 1)
    assert os.stat(path).st_size == 2003
    os.truncate(path, 7)
    assert os.stat(path).st_size == 7
    assert m.sh("stat -c %s .file").stdout == "7\n"
    assert oct(os.stat(path).st_mode) == "0o100200"


def test_it_cannot_be_read(mount):
    m = mount()
    path = stage(m.secrets / ".file")
    with fails("EACCES"):
        os.open(path, os.O_RDONLY)
    # Who is not root does not get as far as the read.
    with fails("EACCES"), opened(path, os.O_RDWR) as fd:
        os.read(fd, 1)


def test_it_is_opened_again(mount):
    m = mount()
    path = stage(m.secrets / ".file", b"first")
    with opened(path, os.O_WRONLY | os.O_APPEND) as fd:
        os.write(fd, b" and second")
    os.rename(path, m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") == b"first and second"
    put(path, b"longer than that what comes")
    put(path, b"short")
    os.rename(path, m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") == b"short"


def test_it_has_a_limit(mount):
    m = mount()
    with opened(m.secrets / ".file", EXCLUSIVE) as fd:
        for at in range(0, STAGING_MAX, 64 << 10):
            os.pwrite(fd, bytes(64 << 10), at)
        with fails("EFBIG"):
            os.ftruncate(fd, STAGING_MAX + 1)
        with fails("EFBIG"):
            os.pwrite(fd, b"x", STAGING_MAX)
        with fails("EFBIG"):  # what is not whole is not renamed onto a secret
            os.rename(m.secrets / ".file", m.secrets / "NEW")
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"v", 0)
    os.rename(m.secrets / ".file", m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") == b"v"


def test_a_writer_that_fails_at_the_limit_leaves_what_is_there(mount):
    """It is no value of his alone that he spoilt; and it is not to be sent."""
    m = mount()
    program = """
import contextlib, os
fd = os.open(".file", os.O_RDWR | os.O_CREAT | os.O_EXCL)
os.pwrite(fd, b"value", 0)
with contextlib.suppress(OSError):
    os.pwrite(fd, b"x", 256 << 10)
os._exit(1)
"""
    assert m.sh(f"/usr/bin/python3 -c '{program}'").returncode == 1
    assert os.stat(m.secrets / ".file").st_size == 5
    with fails("EFBIG"):
        os.rename(m.secrets / ".file", m.secrets / "NPM_TOKEN")
    assert m.github.requests("PUT") == []


def test_so_many_and_no_more(mount):
    m = mount()
    for number in range(FILES_MAX):
        stage(m.secrets / f".{number}")
    with fails("ENOSPC"):
        stage(m.secrets / ".more")
    os.unlink(m.secrets / ".0")
    stage(m.secrets / ".more")
    os.rename(m.secrets / ".1", m.secrets / "NEW")
    stage(m.secrets / ".again")
    assert sorted(os.listdir(m.secrets)) == sorted(
        [*WEB_SECRETS, "NEW", ".more", ".again", *(f".{n}" for n in range(2, FILES_MAX))]
    )


def test_it_outlives_the_cache(mount):
    m = mount(cache_ttl=0)
    stage(m.secrets / ".file")
    m.github.seed(repo="acme/web", secrets=1)
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "SECRET_0001", ".file"])
    os.rename(m.secrets / ".file", m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"


def test_a_removed_one_is_usable_while_it_is_open(mount):
    """As tempfile.TemporaryFile does it."""
    m = mount()
    with opened(m.secrets / ".file", EXCLUSIVE) as fd:
        os.unlink(m.secrets / ".file")
        os.write(fd, b"value")
        assert os.fstat(fd).st_size == 5
        assert not exists(m.secrets / ".file")


def test_it_is_gone_after_the_mount(mount, github):
    stage(mount().secrets / ".file")
    m = mount()
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert github.requests("PUT") == []


def test_a_write_in_a_scope_that_refuses_fails_at_creation(mount):
    m = mount()
    m.github.fault(path=f"{LIST}/*", method="PUT", status=403, count=1)
    with fails("EACCES"):
        put(m.secrets / "NEW", b"value")
    with fails("EACCES"):
        os.open(m.secrets / ".file", EXCLUSIVE)


def test_elsewhere_there_are_none(mount):
    m = mount()
    with fails("EPERM"):
        os.open(m.secrets.parent / ".file", EXCLUSIVE)
    with fails("EPERM"):
        os.open(m.path / ".file", EXCLUSIVE)


# Rename


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN", "npm_token"])
@pytest.mark.parametrize(
    "value", [b"v", b"two\nlines\n", bytes(range(256)) * 188], ids=["one", "lines", "long"]
)
def test_rename_uploads(mount, name, value):
    m = mount()
    path = stage(m.secrets / ".file", value)
    m.warm()
    os.rename(path, m.secrets / name)
    assert m.requests() == [f"PUT {LIST}/{name.upper()}"]
    assert m.github.plaintext(f"{LIST}/{name.upper()}") == value
    assert sorted(os.listdir(m.secrets)) == sorted({*WEB_SECRETS, name.upper()})
    assert os.stat(m.secrets / name).st_size == len(value)


def test_the_newline_rule_holds(mount):
    m = mount()
    os.rename(stage(m.secrets / ".file", b"value\n"), m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"


def test_too_long_for_a_secret(mount):
    m = mount()
    path = stage(m.secrets / ".file", b"x" * (VALUE_MAX + 1))
    with fails("EFBIG"):
        os.rename(path, m.secrets / "NPM_TOKEN")
    assert m.github.writes(OLD) == 0
    os.truncate(path, VALUE_MAX)
    os.rename(path, m.secrets / "NPM_TOKEN")
    assert m.github.plaintext(OLD) == b"x" * VALUE_MAX


@pytest.mark.parametrize(
    ("status", "error"), [(403, "EACCES"), (404, "EACCES"), (409, "EBUSY"), (422, "EINVAL")]
)
@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
def test_a_failed_upload_is_the_renames_error(mount, status, error, name):
    m = mount()
    old = m.github.plaintext(OLD)
    path = stage(m.secrets / ".file", b"value")
    m.github.fault(method="PUT", status=status)
    with fails(error):
        os.rename(path, m.secrets / name)
    assert m.github.plaintext(OLD) == old
    assert exists(path), "the staging file stays"
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, ".file"]), "no ghost"
    assert any(f"/{name}: {error}" in line for line in m.errors())
    if error != "EACCES":  # which is open's answer for 10 s
        os.rename(path, m.secrets / name)
        assert m.github.plaintext(f"{LIST}/{name}") == b"value"


def test_nothing_written_is_nothing_sent(mount):
    m = mount()
    old = m.github.plaintext(OLD)
    os.rename(stage(m.secrets / ".file", b""), m.secrets / "NPM_TOKEN")
    assert m.github.plaintext(OLD) == old
    assert m.github.requests("PUT") == []
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


@pytest.mark.parametrize("name", ["MY-TOKEN", "key.pem", "1ST", "GITHUB_X", ".env.x"])
def test_onto_a_name_that_cannot_be_a_secrets(mount, name):
    m = mount()
    path = stage(m.secrets / ".file")
    with fails("EINVAL"):
        os.rename(path, m.secrets / name)
    assert exists(path)
    assert m.github.requests("PUT") == []


def test_of_a_secret(mount):
    m = mount()
    stage(m.secrets / ".file")
    for name in ("NEW", "DEPLOY_KEY", ".file", ".other", ".env"):
        with fails("EPERM"):
            os.rename(m.secrets / "NPM_TOKEN", m.secrets / name)
    assert m.sh("mv NPM_TOKEN DEPLOY_KEY").returncode == 1
    assert m.sh("mv NPM_TOKEN NEW").returncode == 1
    assert m.github.requests("PUT") == m.github.requests("DELETE") == []
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, ".file"])


def test_to_another_temporary_name(mount):
    m = mount()
    stage(m.secrets / ".one", b"one")
    stage(m.secrets / ".two", b"two")
    os.rename(m.secrets / ".one", m.secrets / ".three")
    os.rename(m.secrets / ".three", m.secrets / ".two")
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, ".two"])
    os.rename(m.secrets / ".two", m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") == b"one"


def test_into_another_directory(mount):
    m = mount()
    other = m.path / "orgs/acme/actions/secrets"
    path = stage(m.secrets / ".file", b"one")
    os.rename(path, other / "NEW")
    assert m.github.plaintext("/orgs/acme/actions/secrets/NEW") == b"one"
    path = stage(m.secrets / ".file", b"two")
    os.rename(path, other / ".moved")
    assert exists(other / ".moved") and not exists(path)
    os.rename(other / ".moved", other / "NEW")
    assert m.github.plaintext("/orgs/acme/actions/secrets/NEW") == b"two"
    path = stage(m.secrets / ".file")
    with fails("EPERM"):
        os.rename(path, m.path / "NEW")


def test_into_a_directory_that_is_gone(mount):
    m = mount(cache_ttl=0)
    environment = m.path / "repos/acme/web/environments/staging"
    assert "staging" in os.listdir(environment.parent)
    staged = stage(environment / "secrets/.lost")
    path = stage(m.secrets / ".file")
    gone = os.open(environment / "secrets", os.O_RDONLY | os.O_DIRECTORY)
    try:
        body = {"total_count": 0, "environments": []}
        m.github.fault(method="GET", path="/repos/acme/web/environments", body=body)
        assert os.listdir(environment.parent) == []
        with fails("ESTALE"):
            os.rename(path, ".moved", dst_dir_fd=gone)
    finally:
        os.close(gone)
    assert exists(path)
    assert any("/.lost: " in line and "its directory is gone" in line for line in m.errors())
    assert not exists(staged)  # it is there again, and empty


def test_flags(mount):
    m = mount()
    path = stage(m.secrets / ".file")
    stage(m.secrets / ".other")
    for name in ("NPM_TOKEN", ".other"):
        with fails("EEXIST"):
            rename(path, m.secrets / name, RENAME_NOREPLACE)
    with fails("EINVAL"):
        rename(path, m.secrets / ".other", RENAME_EXCHANGE)
    with fails("EINVAL"):
        rename(path, m.secrets / "NPM_TOKEN", RENAME_WHITEOUT)
    rename(path, m.secrets / "NEW", RENAME_NOREPLACE)
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"


def test_noreplace_where_somebody_else_was_faster(mount):
    """The kernel does not know of it, and a listing would not have it for a while."""
    m = mount(cache_ttl=0)
    path = stage(m.secrets / ".file")
    m.github.seed(repo="acme/web", secrets=9)
    with fails("EEXIST"):
        rename(path, m.secrets / "SECRET_0009", RENAME_NOREPLACE)
    assert m.github.writes(f"{LIST}/SECRET_0009") == 0


def test_an_open_file_is_renamed(mount):
    """Atomic writers rename before they close; what they write after that would be lost."""
    m = mount()
    with opened(m.secrets / ".file", EXCLUSIVE) as fd:
        os.write(fd, b"value")
        os.rename(m.secrets / ".file", m.secrets / "NEW")
        with fails("ESTALE"):
            os.write(fd, b"more")
        for length in (0, 3):
            with fails("ESTALE"):
                os.ftruncate(fd, length)
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"
    assert m.github.writes(f"{LIST}/NEW") == 1


def test_onto_a_held_name(mount):
    """install -b and its kin: unlink, then a rename. One update (contract §3.26)."""
    m = mount()
    path = stage(m.secrets / ".file", b"new")
    m.warm()
    script = (
        "import os; open('/proc/self/comm', 'w').write('mv');"
        "os.unlink('NPM_TOKEN'); os.rename('.file', 'NPM_TOKEN')"
    )
    assert m.sh(f'/usr/bin/python3 -c "{script}"').returncode == 0
    assert m.requests() == [f"PUT {LIST}/NPM_TOKEN"]
    assert m.github.plaintext(OLD) == b"new"
    assert not exists(path)


def test_in_an_organization_the_policy_is_kept(mount):
    m = mount()
    path = m.path / "orgs/acme/actions/secrets"
    scope = "/orgs/acme/actions/secrets"
    before = m.github.secrets()[scope]["PAGERDUTY_KEY"]
    os.rename(stage(path / ".file", b"new"), path / "PAGERDUTY_KEY")
    after = m.github.secrets()[scope]["PAGERDUTY_KEY"]
    assert m.github.plaintext(f"{scope}/PAGERDUTY_KEY") == b"new"
    for member in ("visibility", "selected_repository_ids"):
        assert after[member] == before[member]


def test_the_limit_on_secrets(mount):
    m = mount()
    m.github.seed(repo="acme/web", secrets=100)
    path = stage(m.secrets / ".file", b"new")  # it may be meant for one that exists
    with fails("EDQUOT"):
        os.rename(path, m.secrets / "NEW")
    os.rename(path, m.secrets / "NPM_TOKEN")
    assert m.github.plaintext(OLD) == b"new"


def test_pythons_temporary_files(mount):
    m = mount()
    with tempfile.NamedTemporaryFile(dir=m.secrets, delete=False) as file:
        file.write(b"value")
    os.replace(file.name, m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"
    with tempfile.TemporaryFile(dir=m.secrets) as file, contextlib.suppress(OSError):
        file.write(b"value")
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "NEW"])


def test_a_killed_rename_leaves_both(mount):
    m = mount()
    old = m.github.plaintext(OLD)
    stage(m.secrets / ".file", b"new")
    m.github.fault(method="PUT", action="hang")
    done = m.sh("timeout -s KILL 1 mv .file NPM_TOKEN")
    assert done.returncode != 0
    assert m.github.plaintext(OLD) == old
    m.github.clear_faults()
    assert m.sh("mv .file NPM_TOKEN").returncode == 0
    assert m.github.plaintext(OLD) == b"new"
