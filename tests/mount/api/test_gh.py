"""GitHub's own client as a peer: what one of the two writes, the other lists and removes.

gh talks to the stand-in as to an Enterprise Server, and so does the mount.
"""

import subprocess

import pytest

from kit.mounting import wait_until

GH_TIMEOUT = 60

# The directory in the mount, whose path is also the API's, and how gh is told the same.
LEVELS = {
    "repository": ("repos/acme/web/actions/secrets", ["-R", "{host}/acme/web"]),
    "organization": ("orgs/acme/actions/secrets", ["-o", "acme"]),
    "environment": (
        "repos/acme/web/environments/production/secrets",
        ["-e", "production", "-R", "{host}/acme/web"],
    ),
}


class Peers:
    """gh, and the mount, on the secrets of one level."""

    def __init__(self, new_mount, github, level, gh_environment):
        self._new_mount = new_mount
        self._mount = new_mount()
        self._github = github
        self._environment = gh_environment
        self._path, where = LEVELS[level]
        self._where = [word.format(host=gh_environment["GH_HOST"]) for word in where]

    def gh(self, verb, *arguments, value=None):
        """gh secret VERB …: what it prints."""
        done = subprocess.run(
            ["gh", "secret", verb, *arguments, *self._where],
            env=self._environment,
            input=value or "",
            capture_output=True,
            text=True,
            timeout=GH_TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def gh_names(self):
        return [line.split("\t")[0] for line in self.gh("list").splitlines()]

    def sh(self, command):
        """A command line in the directory of the mount."""
        done = self._mount.sh(command, cwd=self._mount.path / self._path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def names(self):
        return self.sh("ls").splitlines()

    def wait_for(self, name):
        """The mount lists it by the time its listing is old enough to be renewed."""
        wait_until(lambda: name in self.names(), what=f"{name} in the listing")

    def mount_again(self):
        """A mount that wrote nothing; one that did believes itself for a minute."""
        self._mount = self._new_mount()

    def plaintext(self, name):
        return self._github.plaintext(f"/{self._path}/{name}")


@pytest.fixture(params=LEVELS)
def peers(request, mount, github, tls, gh_environment):

    def new_mount():
        return mount(api_url=f"{tls.url}/api/v3", cacert=tls.ca_file, cache_ttl=1)

    return Peers(new_mount, github, request.param, gh_environment)


@pytest.mark.parametrize("how", ["body", "stdin"])
def test_what_gh_sets(peers, how):
    assert "FROM_GH" not in peers.names()
    if how == "body":
        peers.gh("set", "FROM_GH", "--body", "one\ntwo ✓")
    else:
        peers.gh("set", "FROM_GH", value="one\ntwo ✓")
    peers.wait_for("FROM_GH")
    assert peers.plaintext("FROM_GH") == "one\ntwo ✓".encode()


def test_what_the_mount_writes(peers):
    peers.sh("echo 'one two ✓' > FROM_MOUNT")
    assert "FROM_MOUNT" in peers.gh_names()
    assert peers.plaintext("FROM_MOUNT") == "one two ✓".encode()


def test_they_list_the_same(peers):
    assert peers.names() == sorted(peers.gh_names())


def test_the_mount_removes_what_gh_set(peers):
    peers.gh("set", "FROM_GH", "--body", "value")
    peers.wait_for("FROM_GH")
    peers.sh("rm FROM_GH")
    assert "FROM_GH" not in peers.gh_names()
    assert peers.plaintext("FROM_GH") is None


def test_gh_removes_what_the_mount_wrote(peers):
    peers.sh("echo value > FROM_MOUNT")
    peers.gh("remove", "FROM_MOUNT")
    assert peers.plaintext("FROM_MOUNT") is None
    peers.mount_again()
    assert "FROM_MOUNT" not in peers.names()


def test_each_replaces_what_the_other_wrote(peers):
    peers.gh("set", "SHARED", "--body", "first")
    peers.wait_for("SHARED")
    peers.sh("echo second > SHARED")
    assert peers.plaintext("SHARED") == b"second"
    peers.gh("set", "SHARED", "--body", "third")
    assert peers.plaintext("SHARED") == b"third"
    assert peers.gh_names().count("SHARED") == 1
    assert peers.names().count("SHARED") == 1


def test_gh_came_as_itself(peers, github):
    """Otherwise all of the above would show nothing."""
    peers.gh("list")
    agents = [r["headers"]["user-agent"] for r in github.journal()]
    assert agents[-1].startswith("GitHub CLI ")
    assert not any(agent.startswith("GitHub CLI ") for agent in agents[:-1])
