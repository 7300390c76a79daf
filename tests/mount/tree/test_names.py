"""Names: odd ones from the server, without case, encoded, and those that are refused."""

import os

import pytest

from kit.calls import exists, fails, put
from kit.demo import LIST, WEB, secrets_body

# What the server says, and the file it is; None: it is left out, with a line in `errors`.
SERVER_NAMES = [
    ("PLAIN", "PLAIN"),
    ("with space", "with space"),
    ("100%", "100%25"),
    ("A%2FB", "A%252FB"),
    ("A/B", "A%2FB"),
    ("../../etc", "..%2F..%2Fetc"),
    (".", "%2E"),
    ("..", "%2E%2E"),
    ("...", "..."),
    (".git", ".git"),
    ("line\nend", "line%0Aend"),
    ("esc\x1b[31m", "esc%1B[31m"),
    ("del\x7f", "del%7F"),
    ("caf\u00e9", "caf\u00e9"),
    ("L" * 255, "L" * 255),
    ("%" * 85, "%25" * 85),
    ("M" * 256, None),
    ("%" * 86, None),
    ("", None),
]


@pytest.mark.parametrize("name, file", SERVER_NAMES, ids=[ascii(n)[:20] for n, _ in SERVER_NAMES])
def test_name_from_the_server(mount, name, file):
    m = mount()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, body=secrets_body(["FIRST", name, "LAST"]))
    shown = os.listdir(m.secrets)
    assert sorted(shown) == sorted(["FIRST", "LAST"] + ([file] if file else []))
    if file:
        assert os.stat(m.secrets / file).st_mode
        assert m.sh("ls -la").returncode == 0
        assert m.errors() == []
    else:
        assert len(m.errors()) == 1
        assert "left out" in m.errors()[0]


def test_all_odd_names_together(mount):
    m = mount()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, body=secrets_body([n for n, _ in SERVER_NAMES]))
    assert sorted(os.listdir(m.secrets)) == sorted(f for _, f in SERVER_NAMES if f)
    assert len(m.errors()) == sum(f is None for _, f in SERVER_NAMES)


def test_the_second_of_two_without_case_is_left_out(mount):
    m = mount()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, body=secrets_body(["TOKEN", "OTHER", "Token"]))
    assert sorted(os.listdir(m.secrets)) == ["OTHER", "TOKEN"]
    assert len(m.errors()) == 1
    assert "Token" in m.errors()[0] and "left out" in m.errors()[0]


@pytest.mark.parametrize("file", ["%50LAIN", "PL%41IN", "%", "%2", "%zz", "%00", "A%2fB%"])
def test_one_name_has_one_spelling(mount, file):
    m = mount()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, body=secrets_body(["PLAIN"]))
    os.listdir(m.secrets)
    assert not exists(m.secrets / file)


def test_an_odd_secret_can_be_removed(mount):
    """Its name is encoded once in the request."""
    m = mount()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, body=secrets_body(["A/B%C"]))
    os.listdir(m.secrets)
    m.github.fault(method="DELETE", path="*", status=204, body="")
    os.unlink(m.secrets / "A%2FB%25C")
    assert [r["path"] for r in m.github.requests("DELETE")] == [f"{LIST}/A%2FB%25C"]


# Without case


def test_one_inode_for_all_spellings(mount):
    m = mount()
    inodes = {os.stat(m.secrets / n).st_ino for n in ("NPM_TOKEN", "npm_token", "Npm_Token")}
    assert len(inodes) == 1
    assert os.stat(m.path / "repos/ACME/WEB").st_ino == os.stat(m.path / "repos/acme/web").st_ino


def test_written_in_lower_case_is_shown_in_upper_case(mount):
    m = mount()
    m.warm()
    put(m.secrets / "new_secret", b"value")
    assert m.github.plaintext(f"{LIST}/NEW_SECRET") == b"value"
    names = os.listdir(m.secrets)
    assert "NEW_SECRET" in names and "new_secret" not in names
    put(m.secrets / "New_Secret", b"another")
    assert m.github.plaintext(f"{LIST}/NEW_SECRET") == b"another"
    assert exists(m.secrets / "NEW_SECRET") and exists(m.secrets / "new_secret")


def test_exclusive_creation_knows_all_spellings(mount):
    m = mount()
    with fails("EEXIST"):
        os.open(m.secrets / "npm_token", os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def test_directories_keep_the_servers_spelling(mount):
    m = mount()
    m.github.seed(repos=["acme/MixedCase"], secrets=1)
    assert exists(m.path / "repos/acme/mixedcase/actions/secrets/SECRET_0001")
    assert "MixedCase" in os.listdir(m.path / "repos/acme")


# Names that can't be a secret's

REFUSED_NAMES = [
    "MY-TOKEN",
    "key.pem",
    "1ST",
    "0",
    "with space",
    "GITHUB_TOKEN",
    "github_token",
    "Github_x",
    "-",
    "%41",
    "caf\u00e9",
    "A" * 200 + "!",
]


@pytest.mark.parametrize("name", REFUSED_NAMES)
def test_refused_name(mount, name):
    m = mount()
    m.warm()
    with fails("EINVAL"):
        put(m.secrets / name, b"value")
    assert not m.github.requests("PUT")
    line = m.errors()[-1]
    assert "EINVAL" in line and WEB in line
    assert "name" in line  # the rule
    assert "value" not in line


@pytest.mark.parametrize("name", ["_", "A", "A1", "_1", "githubtoken", "GITHUB", "A" * 200])
def test_accepted_name(mount, name):
    m = mount()
    put(m.secrets / name, b"value")
    assert m.github.plaintext(f"{LIST}/{name.upper()}") == b"value"


def test_the_shell_tells_a_refused_name(mount):
    m = mount()
    done = m.sh("echo v > MY-TOKEN")
    assert done.returncode != 0
    assert "Invalid argument" in done.stderr
    done = m.sh("cp /etc/hostname key.pem")
    assert done.returncode == 1
    assert "Invalid argument" in done.stderr


@pytest.mark.parametrize("directory", [".", "repos", "repos/acme", WEB])
def test_a_name_of_256_bytes(mount, directory):
    m = mount()
    path = m.path / directory / ("A" * 256)
    with fails("ENAMETOOLONG"):
        os.stat(path)
    with fails("ENAMETOOLONG"):
        put(path, b"value")
    assert not m.github.requests("PUT")


@pytest.mark.parametrize("directory", [".", "repos", "repos/acme", "repos/acme/web/actions"])
def test_files_are_made_in_directories_of_secrets_only(mount, directory):
    m = mount()
    with fails("EPERM", "EACCES"):
        put(m.path / directory / "NEW", b"value")
    assert not m.github.requests("PUT")
