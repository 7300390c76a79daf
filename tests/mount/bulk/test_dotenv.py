"""A dotenv file copied to `.env` stores what all its readers take from it (contract §6.2).

What becomes of the secrets then is in test_bulk.py.
"""

import json
import random
import re
import subprocess

import pytest

from bulk.dotenv_cases import ALIKE, MARKED, MOST, NO_DOTENV, UNSURE, random_file
from kit.calls import fails, put
from kit.demo import LIST

GH_TIMEOUT = 60
RANDOM_FILES = 150
SEED = 20230227

# Reads a list of texts, as JSON, and says what is in each.
PYTHON_DOTENV = [
    "/usr/bin/python3",
    "-c",
    "import dotenv, io, json, sys\n"
    "texts = [io.StringIO(t.replace('\\r\\n', '\\n')) for t in json.load(sys.stdin)]\n"
    "print(json.dumps([dotenv.dotenv_values(stream=t) for t in texts]))",
]


class Peers:
    """gh and the mount, on repositories of their own for each file."""

    def __init__(self, root, github, gh_environment, directory):
        self._root = root
        self._github = github
        self._gh_environment = gh_environment
        self._file = directory / "peers.env"
        github.config(rate_limit=False)

    @staticmethod
    def _repository(who, number):
        return f"acme/{who}-{number}"

    def seed(self, count):
        names = [self._repository(who, n) for who in ("gh", "mount") for n in range(count)]
        self._github.seed(repos=names, secrets=0)

    def gh_set(self, number, text):
        """The exit status."""
        self._file.write_bytes(text)
        host = self._gh_environment["GH_HOST"]
        return subprocess.run(
            ["gh", "secret", "set", "-f", self._file]
            + ["-R", f"{host}/{self._repository('gh', number)}"],
            env=self._gh_environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GH_TIMEOUT,
            check=False,
        ).returncode

    def path(self, number):
        repository = self._repository("mount", number)
        return self._root / "repos" / repository / "actions/secrets/.env"

    def stored(self, count):
        """What the server has of each file: [(by gh, by the mount)]."""
        scopes = self._github.secrets()

        def values(who, number):
            scope = scopes[f"/repos/{self._repository(who, number)}/actions/secrets"]
            return {name: secret["value"] for name, secret in scope.items()}

        return [(values("gh", n), values("mount", n)) for n in range(count)]


@pytest.fixture
def peers(mount, github, gh_environment, tmp_path):
    return Peers(mount().path, github, gh_environment, tmp_path)


def python_reads(texts):
    """What python-dotenv takes from each file, by name in upper case."""
    done = subprocess.run(
        PYTHON_DOTENV,
        input=json.dumps([text.decode() for text in texts]),
        capture_output=True,
        text=True,
        timeout=GH_TIMEOUT,
        check=True,
    )
    read = json.loads(done.stdout)
    return [{name.upper(): value.encode() for name, value in one.items()} for one in read]


def test_all_read_alike(peers):
    peers.seed(len(ALIKE))
    for number, (text, _) in enumerate(ALIKE):
        assert peers.gh_set(number, text) == 0, text
        put(peers.path(number), text)
    by_python = python_reads([text for text, _ in ALIKE])
    for (text, secrets), stored, read in zip(ALIKE, peers.stored(len(ALIKE)), by_python):
        assert (*stored, read) == (secrets, secrets, secrets), text


def test_all_read_random_files_alike(peers):
    source = random.Random(SEED)
    texts = [random_file(source) for _ in range(RANDOM_FILES)]
    peers.seed(len(texts))
    for number, text in enumerate(texts):
        assert peers.gh_set(number, text) == 0, text
        put(peers.path(number), text)
    by_python = python_reads(texts)
    for text, (by_gh, by_mount), read in zip(texts, peers.stored(len(texts)), by_python):
        assert by_gh, text
        assert by_mount == by_gh == read, text


def test_what_most_read_alike(mount):
    m = mount()
    for _, text, secrets in MOST:
        put(m.secrets / ".env", text)
        for name, value in secrets.items():
            assert m.github.plaintext(f"{LIST}/{name}") == value, text


@pytest.mark.undescribed("gh puts secrets without a name")
def test_gh_refuses_too(peers):
    peers.seed(len(NO_DOTENV))
    for number, (text, _) in enumerate(NO_DOTENV):
        assert peers.gh_set(number, text) != 0, text
        with fails("EINVAL"):
            put(peers.path(number), text)
    for (text, _), stored in zip(NO_DOTENV, peers.stored(len(NO_DOTENV))):
        assert stored == ({}, {}), text


def test_errors_name_the_line(mount):
    """And nothing of what stands there: it may be of a value that lacks its quotes."""
    m = mount()
    moved = [(b"#\n" + text, line + 1) for text, line in NO_DOTENV + UNSURE]
    for text, line in moved + MARKED:
        with fails("EINVAL"):
            put(m.secrets / ".env", text)
        said = m.errors()[-1]
        assert re.search(rf"\bline {line}\b", said), (text, said)
    assert not [r for r in m.requests() if r.startswith("PUT")]
    assert not re.search("BEGIN|c2VjcmV0", "".join(m.errors()) + m.log())


@pytest.mark.parametrize(
    "text, words",
    [
        (b"A=pa$WORD", "put the value in single quotes"),
        (b"A=x#y", "put the value in quotes"),
        (b'A="x\\ty"', "put the value in single quotes"),
        (b"A=1\rB=2\r", "carriage return"),
        (b"A=\xff", "not UTF-8"),
        (b"A=\0", "NUL byte"),
    ],
)
def test_errors_say_what_to_do(mount, text, words):
    m = mount()
    done = m.sh(f"printf '{repr(text)[2:-1]}' > .env")
    assert ".env not stored: nothing was sent: line 1: " in done.stderr
    assert words in done.stderr


def test_the_last_of_a_name_counts(mount):
    m = mount()
    put(m.secrets / ".env", b"foo=1\nBAR=2\nFOO=3\nBar=4\n")
    assert m.github.plaintext(f"{LIST}/FOO") == b"3"
    assert m.github.plaintext(f"{LIST}/BAR") == b"4"
    assert m.github.writes(f"{LIST}/FOO") == 1
