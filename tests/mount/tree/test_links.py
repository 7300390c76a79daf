"""organization-secrets: what of the organization a repository may use (contract §2.7)."""

import os

import pytest

from kit.calls import exists, fails

LINKS = "repos/acme/web/actions/organization-secrets"
FOR_WEB = [
    "ARTIFACTORY_TOKEN",
    "CODECOV_TOKEN",
    "PAGERDUTY_KEY",
    "SLACK_WEBHOOK_URL",
    "SONAR_TOKEN",
]


def test_listing(mount):
    m = mount()
    assert sorted(os.listdir(m.path / LINKS)) == FOR_WEB
    others = os.listdir(m.path / "repos/acme/infra/actions/organization-secrets")
    assert "PAGERDUTY_KEY" not in others and "CODECOV_TOKEN" in others


def test_links_are_relative(mount):
    m = mount()
    for name in FOR_WEB:
        target = os.readlink(m.path / LINKS / name)
        assert target == f"../../../../../orgs/acme/actions/secrets/{name}"


def test_links_have_githubs_spelling(mount):
    m = mount()
    path = m.path / "repos/ACME/Web/actions/organization-secrets/sonar_token"
    assert os.readlink(path) == "../../../../../orgs/acme/actions/secrets/SONAR_TOKEN"


def test_links_are_right_in_a_whole_mount(mount):
    m = mount()
    for name in FOR_WEB:
        link = os.stat(m.path / LINKS / name)
        there = os.stat(m.path / "orgs/acme/actions/secrets" / name)
        assert (link.st_ino, link.st_mode) == (there.st_ino, there.st_mode)
    done = m.sh(f"ls -lL {LINKS}", cwd=m.path)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.count("--w-------") == len(FOR_WEB)


def test_writing_through_a_link(mount):
    m = mount()
    assert m.sh("echo new > SONAR_TOKEN", cwd=m.path / LINKS).returncode == 0
    assert m.github.plaintext("/orgs/acme/actions/secrets/SONAR_TOKEN") == b"new"
    assert [r["path"] for r in m.github.requests("PUT")] == [
        "/orgs/acme/actions/secrets/SONAR_TOKEN"
    ]


def test_lstat_of_a_link(mount):
    m = mount()
    status = os.lstat(m.path / LINKS / "SONAR_TOKEN")
    assert oct(status.st_mode) == "0o120777"
    assert status.st_nlink == 1


@pytest.mark.parametrize("source", ["repos/acme/web", "repos/acme/web/actions"])
def test_links_dangle_in_a_subtree(mount, source):
    m = mount(source)
    directory = m.path / LINKS[len(source) + 1 :]
    assert sorted(os.listdir(directory)) == FOR_WEB
    for name in FOR_WEB:
        assert os.readlink(directory / name).endswith(f"/orgs/acme/actions/secrets/{name}")
        assert not exists(directory / name)


def test_links_cannot_be_changed(mount):
    m = mount()
    directory = m.path / LINKS
    os.listdir(directory)
    with fails("EPERM"):
        os.unlink(directory / "SONAR_TOKEN")
    done = m.sh("rm SONAR_TOKEN", cwd=directory)
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr
    with fails("EPERM"):
        os.symlink("x", directory / "NEW")
    with fails("EPERM"):
        os.open(directory / "NEW", os.O_WRONLY | os.O_CREAT)
    with fails("EPERM"):
        os.mkdir(directory / "NEW")
    with fails("EPERM"):
        os.rename(directory / "SONAR_TOKEN", directory / "OTHER")
    assert {r["method"] for r in m.github.journal()} == {"GET"}
    assert sorted(os.listdir(directory)) == FOR_WEB


def test_a_users_repository_has_none(mount):
    m = mount()
    directory = m.path / "repos/octavia/notes/actions/organization-secrets"
    assert os.listdir(directory) == []
    assert not exists(directory / "SONAR_TOKEN")


def test_a_name_that_is_not_shared(mount):
    m = mount()
    directory = m.path / "repos/acme/infra/actions/organization-secrets"
    with fails("ENOENT"):
        os.readlink(directory / "PAGERDUTY_KEY")


def test_ls_costs_one_listing(mount):
    m = mount()
    os.stat(m.path / LINKS)
    m.github.clear_journal()
    assert m.sh("ls -l", cwd=m.path / LINKS).returncode == 0
    assert m.requests() == [f"GET /{LINKS}"]


def test_many_links_cost_pages(mount):
    m = mount()
    m.github.seed(org="big", repos_count=1)
    m.github.seed(org="big", org_secrets=250, visibility="all")
    directory = m.path / "repos/big/repo-0001/actions/organization-secrets"
    os.stat(directory)
    m.github.clear_journal()
    assert m.sh("ls -l", cwd=directory).stdout.count(" -> ") == 250
    assert len(m.requests()) == 3


def test_a_listing_that_fails(mount):
    m = mount()
    os.stat(m.path / LINKS)
    m.github.fault(method="GET", path=f"/{LINKS}", status=403, count=-1)
    with fails("EACCES"):
        os.listdir(m.path / LINKS)
