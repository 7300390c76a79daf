"""A dotenv file copied to `.env` stores what `gh secret set -f` would (contract §6).

What becomes of the secrets then is in test_bulk.py.
"""

import random
import re
import subprocess

import pytest

from calls import fails, put
from demo import LIST
from dotenv_cases import ALIKE, DIFFERENT, REFUSED, random_file

GH_TIMEOUT = 60
RANDOM_FILES = 150
SEED = 20230227


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


def test_both_read_alike(peers):
    peers.seed(len(ALIKE))
    for number, (text, _) in enumerate(ALIKE):
        assert peers.gh_set(number, text) == 0, text
        put(peers.path(number), text)
    for (text, secrets), stored in zip(ALIKE, peers.stored(len(ALIKE))):
        assert stored == (secrets, secrets), text


def test_both_read_random_files_alike(peers):
    source = random.Random(SEED)
    texts = [random_file(source) for _ in range(RANDOM_FILES)]
    peers.seed(len(texts))
    for number, text in enumerate(texts):
        assert peers.gh_set(number, text) == 0, text
        put(peers.path(number), text)
    for text, (by_gh, by_mount) in zip(texts, peers.stored(len(texts))):
        assert by_gh, text
        assert by_mount == by_gh, text


@pytest.mark.undescribed("gh puts secrets without a name")
def test_both_refuse(peers):
    peers.seed(len(REFUSED))
    for number, (text, _) in enumerate(REFUSED):
        assert peers.gh_set(number, text) != 0, text
        with fails("EINVAL"):
            put(peers.path(number), text)
    for (text, _), stored in zip(REFUSED, peers.stored(len(REFUSED))):
        assert stored == ({}, {}), text


def test_what_is_read_otherwise_by_intent(peers):
    peers.seed(len(DIFFERENT))
    for number, (text, _, by_gh) in enumerate(DIFFERENT):
        assert (peers.gh_set(number, text) == 0) == (by_gh is not None), text
        put(peers.path(number), text)
    for (text, by_mount, by_gh), stored in zip(DIFFERENT, peers.stored(len(DIFFERENT))):
        assert stored == (by_gh or {}, by_mount), text


def test_errors_name_the_line(mount):
    """And nothing of what stands there: it may be of a value that lacks its quotes."""
    m = mount()
    for text, line in REFUSED:
        with fails("EINVAL"):
            put(m.secrets / ".env", b"#\n" + text)
        said = m.errors()[-1]
        assert re.search(rf"\bline {line + 1}\b", said), (text, said)
    assert not [r for r in m.requests() if r.startswith("PUT")]
    assert not re.search("BEGIN|c2VjcmV0", "".join(m.errors()) + m.log())


def test_the_last_of_a_name_counts(mount):
    m = mount()
    put(m.secrets / ".env", b"foo=1\nBAR=2\nFOO=3\nBar=4\n")
    assert m.github.plaintext(f"{LIST}/FOO") == b"3"
    assert m.github.plaintext(f"{LIST}/BAR") == b"4"
    assert m.github.writes(f"{LIST}/FOO") == 1
