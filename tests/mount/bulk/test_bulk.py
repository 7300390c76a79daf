"""`.env`: many secrets at once (contract §6). What its lines mean is in test_dotenv.py."""

import os

import pytest

from kit.calls import exists, fails, opened, put
from kit.demo import LIST, WEB_SECRETS
from kit.needs import need_tools

ORG = "orgs/acme/actions/secrets"
BULK_MAX = 1 << 20
VALUE_MAX = 48 << 10


def env_file(count, first=1):
    """Text, and the values in it."""
    values = {f"KEY_{n:03}": f"value {n}".encode() for n in range(first, first + count)}
    text = "".join(f"{name}='{value.decode()}'\n" for name, value in values.items())
    return text.encode(), values


def stored(github, scope, values):
    """Those of `values` that the server has."""
    have = github.secrets()[scope]
    return [name for name in values if name in have and plain(github, scope, name) == values[name]]


def plain(github, scope, name):
    return github.plaintext(f"{scope}/{name}")


@pytest.mark.parametrize("path", [ORG, "repos/acme/api/actions/secrets"])
def test_a_hundred_at_once(mount, path):
    m = mount()
    scope = f"/{path}"
    if path != ORG:  # there is room for a hundred
        for name in os.listdir(m.path / path):
            os.unlink(m.path / path / name)
    text, values = env_file(100)
    os.listdir(m.path / path)
    m.github.config(latency_ms=50)
    m.github.clear_journal()
    put(m.path / path / ".env", text)
    assert len(stored(m.github, scope, values)) == 100
    assert len(m.github.requests("GET", f"{scope}/public-key")) == 1
    assert len(m.github.requests("PUT")) == 100
    assert len(m.requests()) == 101
    assert max(r["in_flight"] for r in m.github.journal()) > 32
    assert set(values) <= set(os.listdir(m.path / path))
    assert ".env" not in os.listdir(m.path / path)


def test_max_requests_is_kept(mount):
    m = mount(max_requests=5)
    m.github.config(latency_ms=20)
    text, values = env_file(40)
    put(m.secrets / ".env", text)
    assert len(stored(m.github, LIST, values)) == 40
    assert max(r["in_flight"] for r in m.github.journal()) == 5


def test_three_are_refused(mount):
    m = mount()
    text, values = env_file(90)
    m.warm()
    for name in ("KEY_007", "KEY_042", "KEY_090"):
        m.github.fault(method="PUT", path=f"{LIST}/{name}", status=422)
    with fails("EINVAL"):
        put(m.secrets / ".env", text)
    assert len(stored(m.github, LIST, values)) == 87
    lines = m.errors()
    for name in ("KEY_007", "KEY_042", "KEY_090"):
        assert len([line for line in lines if f"/{name}: EINVAL" in line]) == 1
        assert name not in os.listdir(m.secrets)
    assert "3 of 90 secrets were not stored: KEY_0" in lines[-1]
    done = m.sh("sync .env")
    assert done.returncode == 1
    put(m.secrets / ".env", b"KEY_007=x\n")
    assert m.sh("sync .env").returncode == 0


def test_the_writer_is_told(mount):
    m = mount()
    m.github.fault(method="PUT", path=f"{LIST}/TWO", status=422)
    m.warm()
    done = m.sh("printf 'ONE=1\\nTWO=2\\n' > .env")
    assert "1 of 2 secrets were not stored: TWO: " in done.stderr


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("BAD-NAME=x", "letters, digits"),
        ("GITHUB_TOKEN=x", "GITHUB_"),
        ("BAD.NAME=x", "letters, digits"),
        (f"LONG={'x' * (VALUE_MAX + 1)}", "48 KiB"),
        ("OPEN='no end", ""),
        (f"{'N' * 256}=x", "255 bytes"),
        (f"{'N' * 70_000}=x", "255 bytes"),
    ],
    ids=["dash", "reserved", "dot", "long", "open", "name", "long name"],
)
def test_a_bad_line_sends_nothing(mount, line, problem):
    m = mount()
    lines = [f"KEY_{n:03}=value" for n in range(1, 100)]
    lines[56] = line
    m.warm()
    with fails("EINVAL"):
        put(m.secrets / ".env", "\n".join(lines).encode())
    assert m.requests() == []
    assert "line 57" in m.errors()[-1] and problem in m.errors()[-1]
    assert line.split("=")[0] not in m.errors()[-1], "it may be the rest of a value"


def test_more_than_there_is_room_for(mount):
    m = mount()
    m.warm()
    text, _ = env_file(96)
    with fails("EDQUOT"):
        put(m.secrets / ".env", text)
    assert m.requests() == []
    text, values = env_file(95)
    put(m.secrets / ".env", text + b"NPM_TOKEN=new\n")
    assert len(stored(m.github, LIST, values)) == 95
    assert m.github.plaintext(f"{LIST}/NPM_TOKEN") == b"new"


def test_a_value_is_sent_as_it_is(mount):
    """No newline rule; and an empty one is one (contract §6.2)."""
    m = mount()
    put(m.secrets / ".env", b'EMPTY=\nLINE="ends in one\\n"\n')
    assert m.github.plaintext(f"{LIST}/EMPTY") == b""
    assert m.github.plaintext(f"{LIST}/LINE") == b"ends in one\n"


@pytest.mark.parametrize("text", [b"", b"\n", b"# nothing\n\n  \n"])
def test_nothing_in_it(mount, text):
    m = mount()
    m.warm()
    put(m.secrets / ".env", text)
    assert m.requests() == []


def test_the_largest(mount):
    m = mount()
    text, values = env_file(20)
    padding = b"# " + b"x" * (BULK_MAX - len(text) - 3) + b"\n"
    put(m.secrets / ".env", text + padding)
    assert len(stored(m.github, LIST, values)) == 20
    with fails("EFBIG"):
        put(m.secrets / ".env", text + padding + b"\n")


def test_it_is_a_file_that_was_written(mount):
    m = mount()
    assert not exists(m.secrets / ".env")
    put(m.secrets / ".env", b"ONE=1\n", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert exists(m.secrets / ".env")
    assert oct(os.stat(m.secrets / ".env").st_mode) == "0o100200"
    with fails("EEXIST"):
        os.open(m.secrets / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with fails("EACCES"):
        os.open(m.secrets / ".env", os.O_RDONLY)
    os.utime(m.secrets / ".env", (1, 1))
    os.chmod(m.secrets / ".env", 0o600)
    put(m.secrets / ".env", b"TWO=2\n", os.O_WRONLY | os.O_APPEND)
    os.unlink(m.secrets / ".env")
    assert not exists(m.secrets / ".env")
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "ONE", "TWO"])
    assert m.github.requests("DELETE") == []


def test_removed_while_it_is_open(mount):
    m = mount()
    with opened(m.secrets / ".env") as fd:
        os.write(fd, b"ONE=1\n")
        os.unlink(m.secrets / ".env")
    assert m.github.requests("PUT") == []


@pytest.mark.parametrize("name", [".ENV", ".Env"])
def test_its_name_in_another_case(mount, name):
    """It is the same file, and no staging file that would never be sent."""
    m = mount()
    put(m.secrets / name, b"ONE=1\n")
    put(m.secrets / ".env", b"TWO=2\n")
    assert m.github.plaintext(f"{LIST}/ONE") == b"1"
    assert m.github.plaintext(f"{LIST}/TWO") == b"2"
    put(m.secrets / ".x", b"THREE=3\n")
    os.rename(m.secrets / ".x", m.secrets / name)
    assert m.github.plaintext(f"{LIST}/THREE") == b"3"


def test_a_name_that_a_staging_file_has(mount):
    m = mount()
    put(m.secrets / "tmpabcdefgh", b"staged", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    with fails("EEXIST"):
        put(m.secrets / ".env", b"TMPABCDEFGH=1\nONE=1\n")
    assert m.github.plaintext(f"{LIST}/ONE") == b"1"
    assert m.github.plaintext(f"{LIST}/TMPABCDEFGH") is None


def test_an_interrupt_names_what_was_not_sent(mount, tmp_path):
    m = mount(max_requests=4)
    text, values = env_file(20)
    (tmp_path / "prod.env").write_bytes(text)
    m.warm()
    m.github.fault(method="PUT", action="hang", count=-1)
    assert m.sh(f"timeout -s KILL 1 cp {tmp_path}/prod.env .env").returncode != 0
    lines = "\n".join(m.errors())
    assert all(f"/{name}: EINTR" in lines for name in values)
    assert lines.count("it was not sent") == 16


def test_a_staging_file_is_renamed_onto_it(mount):
    m = mount()
    put(m.secrets / ".bulk", b"ONE=1\nTWO=2\n")
    m.github.fault(method="PUT", path=f"{LIST}/TWO", status=422)
    with fails("EINVAL"):
        os.rename(m.secrets / ".bulk", m.secrets / ".env")
    assert exists(m.secrets / ".bulk")
    os.rename(m.secrets / ".bulk", m.secrets / ".env")
    assert not exists(m.secrets / ".bulk")
    assert m.github.plaintext(f"{LIST}/TWO") == b"2"


@pytest.mark.parametrize(
    "command",
    ["mv {} .env", "install {} .env", "cp -a {} .env", "rsync -I {} .env"]
    + ["rsync -I --inplace {} .env"],
)
def test_tools_that_replace(mount, tmp_path, command):
    need_tools(command.split()[0])
    m = mount()
    for value in (b"ONE=1\n", b"ONE=2\n"):
        (tmp_path / "prod.env").write_bytes(value)
        assert m.sh(command.format(tmp_path / "prod.env")).returncode == 0
    assert m.github.plaintext(f"{LIST}/ONE") == b"2"
    assert m.github.requests("DELETE") == []


def test_a_failed_writer_sends_nothing(mount):
    m = mount()
    m.warm()
    done = m.sh("exec /usr/bin/python3 -c 'import os; os.write(1, b\"ONE=1\\n\"); os._exit(3)' > .env")
    assert done.returncode == 3
    assert m.github.requests("PUT") == []


def test_policies_are_kept(mount):
    m = mount()
    scope = f"/{ORG}"
    before = m.github.secrets()[scope]
    names = list(before)
    put(m.path / ORG / ".env", "".join(f"{name}=new\n" for name in names).encode())
    after = m.github.secrets()[scope]
    for name in names:
        assert m.github.plaintext(f"{scope}/{name}") == b"new"
        assert after[name]["visibility"] == before[name]["visibility"]
        assert after[name].get("selected_repository_ids") == before[name].get(
            "selected_repository_ids"
        )


def test_a_prepared_policy_is_used(mount):
    m = mount()
    access = m.path / "orgs/acme/actions/access/NEW"
    os.mkdir(access)
    put(access / "visibility", b"all\n", os.O_WRONLY)
    put(m.path / ORG / ".env", b"NEW=1\nOTHER=2\n")
    secrets = m.github.secrets()[f"/{ORG}"]
    assert secrets["NEW"]["visibility"] == "all"
    assert secrets["OTHER"]["visibility"] == "private"


def test_an_interrupt_ends_it(mount, tmp_path):
    m = mount()
    text, values = env_file(50)
    (tmp_path / "prod.env").write_bytes(text)
    m.warm()
    m.github.fault(method="PUT", path=f"{LIST}/KEY_03*", action="hang", count=-1)
    done = m.sh(f"timeout -s INT 1 cp {tmp_path}/prod.env .env")
    assert done.returncode != 0
    m.github.clear_faults()
    assert sorted(os.listdir(m.secrets))  # it answers
    assert len(stored(m.github, LIST, values)) >= 40


def test_commit_on_write_waits_for_the_whole_file(mount):
    m = mount(commit="write")
    with open(m.secrets / ".env", "wb", buffering=0) as file:
        file.write(b"ONE='two\n")
        file.write(b"lines'\n")
    assert m.github.plaintext(f"{LIST}/ONE") == b"two\nlines"
