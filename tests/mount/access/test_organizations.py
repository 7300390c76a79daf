"""Secrets of organizations: who may use one outlives each new value (contract §3.20)."""

import concurrent.futures
import email.utils
import json
import os
import subprocess
import time

import pytest

from kit import mounting
from kit.calls import exists, fails, opened, put

SECRETS = "orgs/acme/actions/secrets"
LIST = f"/{SECRETS}"
NAMES = [
    "ARTIFACTORY_TOKEN",
    "CODECOV_TOKEN",
    "PAGERDUTY_KEY",
    "SLACK_WEBHOOK_URL",
    "SONAR_TOKEN",
]


def stored(m, name, scope=LIST):
    return m.github.secrets()[scope].get(name)


def changes(m):
    """All requests that change anything, since the journal was last cleared."""
    return [f"{r['method']} {r['path']}" for r in m.github.journal() if r["method"] != "GET"]


def body_of_put(m):
    (request,) = m.github.requests("PUT")
    return json.loads(request["body"])


@pytest.fixture
def selected(mount):
    """A mount, and a secret T of acme that 250 repositories may use."""

    def start(**options):
        m = mount(**{"timeout": 3, **options})
        m.github.seed(org="acme", org_secret="T", visibility="selected", selected_repos=250)
        assert len(stored(m, "T")["selected_repository_ids"]) == 250
        m.directory = m.path / SECRETS
        return m

    return start


# Basics


def test_listing(mount):
    m = mount()
    assert sorted(os.listdir(m.path / SECRETS)) == NAMES
    assert os.listdir(m.path / "orgs/globex/actions/secrets") == []
    assert sorted(os.listdir(m.path / "orgs")) == ["acme", "globex"]
    assert sorted(os.listdir(m.path / "orgs/acme/actions")) == ["access", "secrets"]


def test_names_have_no_case(mount):
    m = mount()
    one = os.stat(m.path / SECRETS / "SONAR_TOKEN")
    other = os.stat(m.path / "orgs/ACME/actions/secrets/sonar_token")
    assert one.st_ino == other.st_ino


def test_write_and_remove(mount):
    m = mount()
    assert m.sh("echo value > NEW", cwd=m.path / SECRETS).returncode == 0
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"
    assert sorted(os.listdir(m.path / SECRETS)) == sorted([*NAMES, "NEW"])
    assert m.sh("rm NEW", cwd=m.path / SECRETS).returncode == 0
    assert m.github.plaintext(f"{LIST}/NEW") is None
    assert sorted(os.listdir(m.path / SECRETS)) == NAMES
    assert changes(m) == [f"PUT {LIST}/NEW", f"DELETE {LIST}/NEW"]


def test_a_user_is_no_organization(mount):
    m = mount()
    assert not exists(m.path / "orgs/octavia")
    assert not exists(m.path / "orgs/nobody")


def test_an_organization_that_is_not_listed_has_a_name(mount):
    m = mount()
    m.github.seed(org="elsewhere", repos_count=1, member=False)
    assert "elsewhere" not in os.listdir(m.path / "orgs")
    assert exists(m.path / "orgs/elsewhere")
    with fails("ENOENT", "EACCES"):
        os.listdir(m.path / "orgs/elsewhere/actions/secrets")


# A new value changes nothing but the value


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize(
    "command",
    ["echo new > T", "printf new > T", "cp {file} T", "install -m600 {file} T", "cat {file} > T"],
)
def test_selected_for_250_stays_so(selected, tmp_path, command, warm):
    (tmp_path / "value").write_bytes(b"new\n")
    m = selected()
    if warm:
        os.listdir(m.directory)
    before = stored(m, "T")
    done = m.sh(command.format(file=tmp_path / "value"), cwd=m.directory)
    assert done.returncode == 0, done.stderr
    after = stored(m, "T")
    assert after["value"] == b"new"
    assert after["visibility"] == "selected"
    assert sorted(after["selected_repository_ids"]) == sorted(before["selected_repository_ids"])
    assert changes(m) == [f"PUT {LIST}/T"]
    assert sorted(body_of_put(m)) == [
        "encrypted_value",
        "key_id",
        "selected_repository_ids",
        "visibility",
    ]
    pages = [r["status"] for r in m.github.requests("GET", f"{LIST}/T/repositories")]
    assert pages == [200] * 3 + [304] * 3


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize(
    "fault, message",
    [
        ({"status": 500}, "Input/output error"),
        ({"status": 403}, "Permission denied"),
        ({"action": "reset-before"}, "Input/output error"),
        ({"action": "garbage"}, "Protocol error"),
        ({"action": "hang"}, "timed out"),
    ],
    ids=["500", "403", "reset", "garbage", "hang"],
)
@pytest.mark.undescribed("answers that GitHub does not give")
def test_a_page_that_fails_keeps_the_old_value(selected, tmp_path, page, fault, message):
    (tmp_path / "value").write_bytes(b"new\n")
    m = selected(timeout=2)
    os.listdir(m.directory)
    before = stored(m, "T")
    query = "*per_page=100" if page == 1 else f"*page={page}*"
    if page == 1:
        fault = {**fault, "count": -1}
    m.github.fault(path=f"{LIST}/T/repositories", query=query, **{**fault, "count": -1})
    done = m.sh(f"cp {tmp_path}/value T", cwd=m.directory)
    assert done.returncode == 1
    assert message in done.stderr
    assert changes(m) == []
    assert stored(m, "T") == before


def test_a_page_that_fails_is_told_to_echo(selected):
    m = selected(timeout=2)
    os.listdir(m.directory)
    m.github.fault(path=f"{LIST}/T/repositories", query="*page=2*", status=403, count=-1)
    before = stored(m, "T")
    done = m.sh("echo new > T; sync T", cwd=m.directory)
    assert done.returncode == 1
    assert "T" in done.stderr
    done = m.sh("echo new > T", cwd=m.directory)
    assert "ghsecretfs" in done.stderr  # on the writer's own standard error
    assert changes(m) == []
    assert stored(m, "T") == before
    m.github.clear_faults()
    assert m.sh("echo new > T; sync T", cwd=m.directory).returncode == 0
    assert len(stored(m, "T")["selected_repository_ids"]) == 250


@pytest.mark.undescribed("a listing that is not whole")
def test_a_list_cut_short_is_no_list(selected):
    """A page without its Link: a hundred of 250 must not become all."""
    m = selected()
    os.listdir(m.directory)
    m.github.fault(path=f"{LIST}/T/repositories", headers={"Link": None}, count=-1)
    try:
        put(m.directory / "T", b"new")
    except OSError:
        assert changes(m) == []
    assert len(stored(m, "T")["selected_repository_ids"]) == 250


@pytest.mark.undescribed("a listing that is not whole")
def test_a_page_with_fewer_rows_than_its_total(selected):
    """total_count says 250, the pages have 100."""
    m = selected()
    os.listdir(m.directory)
    before = stored(m, "T")
    repositories = m.github.api("GET", f"{LIST}/T/repositories?per_page=100")[2]
    m.github.clear_journal()
    m.github.fault(
        path=f"{LIST}/T/repositories", count=-1, body=repositories, headers={"Link": None}
    )
    with fails("EPROTO", "EIO"):
        put(m.directory / "T", b"new")
    assert changes(m) == []
    assert stored(m, "T") == before


@pytest.mark.parametrize("name, visibility", [("CODECOV_TOKEN", "all"), ("SONAR_TOKEN", "private")])
@pytest.mark.parametrize("option", ["all", "private", "selected"])
def test_other_visibilities_stay(mount, name, visibility, option):
    m = mount(visibility=option)
    put(m.path / SECRETS / name, b"new")
    assert stored(m, name)["value"] == b"new"
    assert stored(m, name)["visibility"] == visibility
    assert body_of_put(m)["visibility"] == visibility
    assert "selected_repository_ids" not in body_of_put(m)


def test_selected_for_none_stays_so(mount):
    m = mount()
    os.listdir(m.path / SECRETS)
    put(m.path / "orgs/acme/actions/access/PAGERDUTY_KEY/repositories", b"# none\n")
    assert stored(m, "PAGERDUTY_KEY")["selected_repository_ids"] == []
    m.github.clear_journal()
    put(m.path / SECRETS / "PAGERDUTY_KEY", b"new")
    assert body_of_put(m)["selected_repository_ids"] == []
    assert stored(m, "PAGERDUTY_KEY")["visibility"] == "selected"


def test_what_another_hand_selected_a_moment_ago_stays(mount):
    m = mount()
    os.listdir(m.path / SECRETS)
    repository = m.github.api("GET", "/repos/acme/infra")[2]["id"]
    m.github.api("PUT", f"{LIST}/PAGERDUTY_KEY/repositories/{repository}")
    put(m.path / SECRETS / "PAGERDUTY_KEY", b"new")
    assert repository in stored(m, "PAGERDUTY_KEY")["selected_repository_ids"]


@pytest.mark.parametrize(
    "name, now",
    [
        ("CODECOV_TOKEN", "private"),
        ("SLACK_WEBHOOK_URL", "selected"),
        ("PAGERDUTY_KEY", "private"),
        ("SONAR_TOKEN", "all"),
    ],
)
def test_a_visibility_that_another_hand_changed_a_moment_ago_stays(mount, name, now):
    """What is held of the listing does not widen, or narrow, what an administrator set."""
    m = mount(cache_ttl=60)
    os.listdir(m.path / SECRETS)
    time.sleep(1)
    m.github.seed(org="acme", org_secret=name, visibility=now)
    before = stored(m, name)
    put(m.path / SECRETS / name, b"new")
    after = stored(m, name)
    assert after["value"] == b"new"
    assert after["visibility"] == now
    assert after.get("selected_repository_ids") == before.get("selected_repository_ids")


REPLACING = {
    "echo": "echo new > {name}",
    "mv": "mv -f {new}/{name} {name}",
    "install": "install -m 600 {new}/{name} {name}",
    "cp": "cp --remove-destination {new}/{name} {name}",
    "tar": "tar -xf {new}/tar",
    "rename": "cp {new}/{name} .staged && mv -f .staged {name}",
    "bulk": "printf '{name}=new' > .env",
}


@pytest.fixture
def new(tmp_path):
    """A directory with a new value for all of acme's secrets."""
    directory = tmp_path / "new"
    directory.mkdir()
    for name in [*NAMES, "NEW"]:
        (directory / name).write_bytes(b"new")
    return directory


def replace(m, new, command, name):
    subprocess.run(["tar", "-cf", "tar", name], cwd=new, timeout=10, check=True)
    done = m.sh(REPLACING[command].format(new=new, name=name), cwd=m.path / SECRETS)
    assert done.returncode == 0, done.stderr
    assert stored(m, name)["value"] == b"new"


@pytest.mark.parametrize("command", REPLACING)
@pytest.mark.parametrize("name, now", [("CODECOV_TOKEN", "private"), ("SONAR_TOKEN", "all")])
def test_what_another_hand_changed_outlives_every_way_to_replace(mount, new, command, name, now):
    m = mount(cache_ttl=60)
    os.listdir(m.path / SECRETS)
    time.sleep(1.1)
    m.github.seed(org="acme", org_secret=name, visibility=now)
    replace(m, new, command, name)
    assert stored(m, name)["visibility"] == now


@pytest.mark.parametrize("command", REPLACING)
def test_what_another_hand_selected_outlives_every_way_to_replace(mount, new, command):
    m = mount(cache_ttl=60)
    os.listdir(m.path / SECRETS)
    time.sleep(1.1)
    m.github.seed(org="acme", org_secret="CODECOV_TOKEN", visibility="selected", selected_repos=3)
    before = stored(m, "CODECOV_TOKEN")
    replace(m, new, command, "CODECOV_TOKEN")
    after = stored(m, "CODECOV_TOKEN")
    assert after["visibility"] == "selected"
    assert sorted(after["selected_repository_ids"]) == sorted(before["selected_repository_ids"])


@pytest.mark.parametrize("command", REPLACING)
def test_a_name_that_another_hand_made_keeps_who_may_use_it(mount, new, command):
    """Nobody here knew of it; it is no new one for all that."""
    m = mount(cache_ttl=60, visibility="all")
    os.listdir(m.path / SECRETS)
    time.sleep(1.1)
    m.github.seed(org="acme", org_secret="NEW", visibility="private")
    replace(m, new, command, "NEW")
    assert stored(m, "NEW")["visibility"] == "private"

FIRST_TRIES = {
    "500": {"status": 500, "headers": {"Retry-After": "2"}},
    "a rate limit": {"status": 429, "headers": {"Retry-After": "2"}},
    "a reset": {"action": "reset-before", "count": 5},
    "500 after": {"status": 500, "after": True, "headers": {"Retry-After": "2"}},
    "a stale key": {"action": "delay", "ms": 1500, "status": 422, "body": {"message": "Bad key"}},
}


@pytest.mark.parametrize("name", ["CODECOV_TOKEN", "PAGERDUTY_KEY", "NEW"])
@pytest.mark.parametrize(
    "command, first", [("mv", "500"), ("bulk", "500"), *(("echo", first) for first in FIRST_TRIES)]
)
def test_what_another_hand_changes_between_two_tries_stays(mount, new, command, name, first):
    m = mount(cache_ttl=60, visibility="all")
    os.listdir(m.path / SECRETS)
    put(m.path / SECRETS / "SONAR_TOKEN", b"the key is held, and the connection open")
    m.github.clear_journal()
    m.github.fault(method="PUT", path=f"{LIST}/{name}", **FIRST_TRIES[first])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        replacing = pool.submit(replace, m, new, command, name)
        m.github.wait_for(lambda journal: any(r["method"] == "PUT" for r in journal))
        if first == "500 after":
            mounting.wait_until(lambda: (stored(m, name) or {}).get("value") == b"new")
        m.github.seed(org="acme", org_secret=name, visibility="private")
        replacing.result(timeout=30)
    assert stored(m, name)["visibility"] == "private"


def narrow(other, name):
    """An administrator, with a mount of his own, stores a value for fewer."""
    put(other.path / f"orgs/acme/actions/access/{name}/visibility", b"private\n")
    put(other.path / SECRETS / name, b"another hand's")
    assert stored(other, name)["visibility"] == "private"


@pytest.mark.parametrize("ahead", [-5, 0, 5], ids=lambda n: f"{n} s")
@pytest.mark.parametrize("command", ["echo", "mv", "bulk"])
@pytest.mark.parametrize("rounds", [1, 2])
def test_a_servers_date_does_not_hide_what_another_hand_changed(
    mount, new, command, ahead, rounds
):
    """Its clock need not be the one that `updated_at` is from."""
    m, other = mount(cache_ttl=1), mount(cache_ttl=0)
    os.listdir(m.path / SECRETS)
    for _ in range(rounds):
        date = email.utils.formatdate(time.time() + ahead, usegmt=True)
        m.github.fault(method="PUT", headers={"Date": date})
        put(m.path / SECRETS / "CODECOV_TOKEN", b"old")
    narrow(other, "CODECOV_TOKEN")
    time.sleep(1.1)
    os.listdir(m.path / SECRETS)
    replace(m, new, command, "CODECOV_TOKEN")
    assert stored(m, "CODECOV_TOKEN")["visibility"] == "private"
    seen = os.getxattr(m.path / SECRETS / "CODECOV_TOKEN", "user.visibility")
    assert seen == b"private"


@pytest.mark.parametrize("ahead", [-5, 0, 5], ids=lambda n: f"{n} s")
def test_what_was_removed_here_and_made_again_elsewhere_is_seen(mount, ahead):
    m, other = mount(cache_ttl=0, visibility="all"), mount(cache_ttl=0)
    date = email.utils.formatdate(time.time() + ahead, usegmt=True)
    m.github.fault(method="PUT", headers={"Date": date})
    put(m.path / SECRETS / "CODECOV_TOKEN", b"old")
    os.unlink(m.path / SECRETS / "CODECOV_TOKEN")
    time.sleep(1.1)
    put(other.path / SECRETS / "CODECOV_TOKEN", b"another hand's")
    assert "CODECOV_TOKEN" in os.listdir(m.path / SECRETS)
    put(m.path / SECRETS / "CODECOV_TOKEN", b"new")
    assert stored(m, "CODECOV_TOKEN")["visibility"] == "private"


def test_a_listing_that_lags_does_not_undo_what_was_changed_here(mount):
    """What is read is half a minute old: it has the visibility from before."""
    m = mount(cache_ttl=0)
    os.listdir(m.path / SECRETS)
    m.github.config(read_lag_ms=30000)
    put(m.path / "orgs/acme/actions/access/CODECOV_TOKEN/visibility", b"private\n")
    for value in (b"one", b"two"):
        put(m.path / SECRETS / "CODECOV_TOKEN", value)
        assert stored(m, "CODECOV_TOKEN")["value"] == value
        assert stored(m, "CODECOV_TOKEN")["visibility"] == "private"
        os.listdir(m.path / SECRETS)
        time.sleep(1.1)


def test_a_name_that_another_hand_removed_is_new(mount):
    m = mount(cache_ttl=60, visibility="private")
    os.listdir(m.path / SECRETS)
    time.sleep(1.1)
    m.github.api("DELETE", f"{LIST}/CODECOV_TOKEN")
    put(m.path / SECRETS / "CODECOV_TOKEN", b"value")
    assert stored(m, "CODECOV_TOKEN")["visibility"] == "private"


def test_fsync_and_close_keep_it_too(selected):
    m = selected()
    with opened(m.directory / "T") as fd:
        os.write(fd, b"one")
        os.fsync(fd)
        os.write(fd, b" two")
    assert stored(m, "T")["value"] == b"one two"
    assert len(stored(m, "T")["selected_repository_ids"]) == 250


def test_mv_into_the_mount_keeps_it_too(selected, tmp_path):
    (tmp_path / "T").write_bytes(b"new")
    m = selected()
    done = m.sh(f"mv {tmp_path}/T T", cwd=m.directory)
    assert done.returncode == 0, done.stderr
    assert stored(m, "T")["value"] == b"new"
    assert len(stored(m, "T")["selected_repository_ids"]) == 250
    assert changes(m) == [f"PUT {LIST}/T"]


def test_a_stale_key_keeps_it_too(selected):
    m = selected()
    put(m.directory / "SONAR_TOKEN", b"warm")
    m.github.rotate_key(LIST)
    put(m.directory / "T", b"new")
    assert stored(m, "T")["value"] == b"new"
    assert len(stored(m, "T")["selected_repository_ids"]) == 250


# New ones


@pytest.mark.root("of a write-only file only root may read attributes")
@pytest.mark.parametrize("option", [None, "private", "all", "selected"])
def test_a_new_one_takes_the_mounts_visibility(mount, option):
    m = mount(**({"visibility": option} if option else {}))
    put(m.path / SECRETS / "NEW", b"value")
    assert stored(m, "NEW")["visibility"] == (option or "private")
    assert body_of_put(m)["visibility"] == (option or "private")
    assert stored(m, "NEW").get("selected_repository_ids", []) == []
    seen = os.getxattr(m.path / SECRETS / "NEW", "user.visibility")
    assert seen.decode() == (option or "private")


def test_removed_and_made_again_is_new(mount):
    m = mount()
    os.unlink(m.path / SECRETS / "CODECOV_TOKEN")
    put(m.path / SECRETS / "CODECOV_TOKEN", b"value")
    assert stored(m, "CODECOV_TOKEN")["visibility"] == "private"


def test_limit(mount):
    m = mount()
    m.github.seed(org="big", repos_count=1)
    m.github.seed(org="big", org_secrets=999)
    directory = m.path / "orgs/big/actions/secrets"
    assert len(os.listdir(directory)) == 999
    put(directory / "LAST", b"value")
    with fails("EDQUOT"):
        os.open(directory / "ONE_MORE", os.O_WRONLY | os.O_CREAT)
    done = m.sh("echo value > ONE_MORE", cwd=directory)
    assert done.returncode == 1
    put(directory / "LAST", b"other")
    assert changes(m) == ["PUT /orgs/big/actions/secrets/LAST"] * 2


# Attributes


@pytest.mark.root("of a write-only file only root may read attributes")
def test_visibility_is_an_attribute(mount):
    m = mount()
    directory = m.path / SECRETS
    os.listdir(directory)
    m.github.clear_journal()
    seen = {name: os.getxattr(directory / name, "user.visibility") for name in NAMES}
    assert seen == {
        "ARTIFACTORY_TOKEN": b"private",
        "CODECOV_TOKEN": b"all",
        "PAGERDUTY_KEY": b"selected",
        "SLACK_WEBHOOK_URL": b"all",
        "SONAR_TOKEN": b"private",
    }
    assert sorted(os.listxattr(directory / "SONAR_TOKEN")) == [
        "user.created_at",
        "user.updated_at",
        "user.visibility",
    ]
    with fails("EOPNOTSUPP"):
        os.setxattr(directory / "SONAR_TOKEN", "user.visibility", b"all")
    assert m.requests() == []


def test_statfs(mount):
    m = mount()
    directory = m.path / SECRETS
    os.stat(directory)
    m.github.clear_journal()
    numbers = os.statvfs(directory)
    assert (numbers.f_files, numbers.f_ffree) == (1000, 1000)
    assert m.requests() == []
    os.listdir(directory)
    assert os.statvfs(directory).f_ffree == 1000 - len(NAMES)
    put(directory / "NEW", b"value")
    assert os.statvfs(directory).f_ffree == 1000 - len(NAMES) - 1


# What a walk costs


def test_ls_of_1000_secrets_costs_pages(mount):
    m = mount(cache_ttl=60)
    m.github.seed(org="big", repos_count=1)
    m.github.seed(org="big", org_secrets=1000, every_third_selected=True)
    m.github.clear_journal()
    done = m.sh("ls -lR orgs/big", cwd=m.path)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.count("--w-------") == 1000
    assert done.stdout.count(" visibility\n") == 1000
    assert done.stdout.count(" repositories\n") == 333
    requests = m.requests()
    assert requests.count("GET /orgs/big") == 1
    assert [r for r in requests if r != "GET /orgs/big"] == (
        ["GET /orgs/big/actions/secrets"]
        + ["GET " + requests[2].split(" ")[1]] * 9  # Link has the organization's number
    )
    assert len(requests) == 11


def test_ls_of_300_repositories_costs_pages(mount):
    m = mount(cache_ttl=60)
    m.github.seed(org="big", repos_count=300)
    m.github.clear_journal()
    done = m.sh("ls -l repos/big", cwd=m.path)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.count(" repo-") == 300
    assert len(m.requests()) == 1 + 3  # the owner, and three pages
    m.github.clear_journal()
    done = m.sh("ls -lR repos/big", cwd=m.path)
    assert done.returncode == 0 and done.stderr == ""
    # Three lists a repository, and nothing for the repositories themselves.
    requests = m.requests()
    for kind in ("actions/secrets", "actions/organization-secrets", "environments"):
        wanted = [f"GET /repos/big/repo-{n:04}/{kind}" for n in range(1, 301)]
        assert sorted(r for r in requests if r in wanted) == wanted
    assert len(requests) == 900
