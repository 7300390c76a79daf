"""Listings: what they show, that they are whole or an error, and how long they are trusted."""

import concurrent.futures
import errno
import os
import subprocess
import time

import pytest

from kit.calls import exists, fails, opened, put
from kit.demo import ALL_SECRETS, LIST, WEB, WEB_SECRETS, secrets_body
from kit.mounting import wait_until

ORGANIZATION_LIST = "/orgs/acme/actions/secrets"

# What is shown


@pytest.mark.parametrize(
    "directory, names",
    [
        (".", ["orgs", "repos"]),
        ("repos", ["acme", "globex", "octavia"]),
        (
            "repos/acme",
            ["api", "design.system", "docs", "infra", "legacy-portal", "mobile-app", "web"],
        ),
        ("repos/octavia", ["dotfiles", "notes"]),
        ("repos/globex", []),
        ("repos/acme/web", ["actions", "environments"]),
        ("repos/acme/web/actions", ["organization-secrets", "secrets"]),
        (WEB, WEB_SECRETS),
        ("repos/acme/design.system/actions/secrets", []),
        (".ghsecretfs", ["errors", "status"]),
    ],
)
def test_listing(mount, directory, names):
    m = mount()
    done = m.sh("ls", cwd=m.path / directory)
    assert done.returncode == 0 and done.stderr == ""
    assert sorted(done.stdout.split()) == sorted(names)


def test_find_walks_the_tree(mount):
    m = mount()
    done = m.sh("find . -path './repos/*/actions/secrets/*' -type f | wc -l; find . -name NPM_TOKEN", cwd=m.path)
    assert done.stderr == ""
    count, *found = done.stdout.split()
    assert int(count) == ALL_SECRETS
    assert found == [f"./{WEB}/NPM_TOKEN"]


def test_readdir_has_stable_offsets(mount):
    """telldir and seekdir through a small buffer: what is deleted meanwhile shifts nothing."""
    m = mount()
    m.github.seed(repos=["acme/big"], secrets=300)
    directory = m.path / "repos/acme/big/actions/secrets"
    seen = []
    with os.scandir(directory) as entries:
        for entry in entries:
            seen.append(entry.name)
            if len(seen) == 1:
                os.unlink(directory / "SECRET_0002")
    assert len(seen) == len(set(seen))
    assert set(seen) | {"SECRET_0002"} == {f"SECRET_{n:04}" for n in range(1, 301)}


# How many requests


def test_300_secrets_are_three_requests(mount):
    m = mount()
    m.github.seed(repos=["acme/big"], secrets=300)
    m.github.config(latency_ms=50)
    directory = m.path / "repos/acme/big/actions/secrets"
    os.stat(directory)
    m.github.clear_journal()
    assert len(os.listdir(directory)) == 300
    requests = m.github.journal()
    assert len(requests) == 3
    assert all("per_page=100" in r["path"] for r in requests)
    assert [r["in_flight"] for r in requests] == [1, 1, 2]


def test_stats_after_ls_send_nothing(mount):
    m = mount()
    m.github.seed(repos=["acme/big"], secrets=250)
    directory = m.path / "repos/acme/big/actions/secrets"
    assert m.sh("ls -l", cwd=directory).stdout.count("\n") == 251
    m.github.clear_journal()
    for name in os.listdir(directory) * 4:
        os.stat(directory / name)
    assert m.requests() == []


def test_ls_l_is_one_listing(mount):
    m = mount()
    os.stat(m.secrets)
    m.github.clear_journal()
    assert m.sh("ls -l").returncode == 0
    assert m.requests() == [f"GET {LIST}"]


@pytest.mark.parametrize("name", ["NPM_TOKEN", "NO_SUCH_SECRET"])
def test_a_lookup_in_a_cold_directory_asks_for_one(mount, name):
    """And beside it, once, for what a write would need: the kernel looks up before it opens."""
    m = mount()
    os.stat(m.secrets)
    m.github.clear_journal()
    m.github.config(latency_ms=50)
    for spelling in (name, name, name.lower()):
        assert exists(m.secrets / spelling) == (name in WEB_SECRETS)
    wanted = {f"GET {LIST}/{name}", f"GET {LIST}/public-key", f"GET {LIST}"}
    wait_until(lambda: len(m.requests()) == 3)
    assert set(m.requests()) == wanted
    assert m.github.journal()[-1]["in_flight"] == 3


def test_a_lookup_of_an_organizations_secret_fetches_no_long_listing(mount):
    m = mount()
    directory = m.path / "orgs/acme/actions/secrets"
    os.stat(directory)
    m.github.clear_journal()
    os.stat(directory / "SONAR_TOKEN")
    assert f"GET {ORGANIZATION_LIST}/SONAR_TOKEN" in m.requests()
    assert f"GET {ORGANIZATION_LIST}" not in m.requests()


def test_lookups_in_one_directory_run_in_parallel(mount):
    """Whether libfuse passes FUSE_PARALLEL_DIROPS on, or the program does."""
    m = mount()
    directory = m.path / "repos/acme"
    os.stat(directory)
    m.github.clear_journal()
    m.github.config(latency_ms=1000)
    names = [f"no-such-{n}" for n in range(16)]
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        assert not any(pool.map(exists, [directory / name for name in names]))
    lookups = m.github.requests("GET", "/repos/acme/no-such-*")
    assert len(lookups) == 16
    # Every one was there before the first had its answer.
    assert max(r["t_start_ms"] for r in lookups) < min(r["t_end_ms"] for r in lookups)


def test_a_missing_name_in_a_held_listing_sends_nothing(mount):
    m = mount()
    m.warm()
    assert not exists(m.secrets / "NO_SUCH_SECRET")
    assert m.requests() == []


def test_twenty_stats_at_once_share_requests(mount):
    m = mount()
    m.github.seed(repos=["acme/big"], secrets=20)
    directory = m.path / "repos/acme/big/actions/secrets"
    os.stat(directory)
    m.github.config(latency_ms=100)
    m.github.clear_journal()
    stats = [
        subprocess.Popen(["stat", directory / f"SECRET_{n:04}"], stdout=subprocess.DEVNULL)
        for n in range(1, 21)
    ]
    assert [process.wait(60) for process in stats] == [0] * 20
    assert len(m.github.journal()) < 20


def test_twenty_stats_of_one_name_share_a_request(mount):
    m = mount()
    os.stat(m.secrets)
    m.github.config(latency_ms=100)
    m.github.clear_journal()
    stats = [
        subprocess.Popen(["stat", m.secrets / "NPM_TOKEN"], stdout=subprocess.DEVNULL)
        for _ in range(20)
    ]
    assert [process.wait(60) for process in stats] == [0] * 20
    assert m.requests().count(f"GET {LIST}/NPM_TOKEN") == 1
    assert len(m.requests()) <= 3


def test_stats_of_the_root_and_statfs_send_nothing(mount):
    m = mount()
    m.github.clear_journal()
    for _ in range(10):
        os.stat(m.path)
        os.statvfs(m.path)
        os.listdir(m.path)
        os.stat(m.path / "repos")
    assert m.requests() == []


@pytest.mark.parametrize(
    "directory, name",
    [
        (".", ".git"),
        (".", "HEAD"),
        ("repos", ".git"),
        ("repos", "no such owner"),
        ("repos/acme", "a b"),
        ("repos/acme", "caf\u00e9"),
        ("repos/acme/web", ".git"),
        ("repos/acme/web", ".hidden"),
        ("repos/acme/web/actions", ".git"),
        (WEB, ".git"),
        (WEB, ".gitignore"),
        (WEB, "MY-TOKEN"),
        (WEB, "1ST"),
        (WEB, "GITHUB_TOKEN"),
    ],
)
def test_names_that_can_not_be_there_send_nothing(mount, directory, name):
    m = mount()
    os.stat(m.path / directory)
    m.github.clear_journal()
    assert not exists(m.path / directory / name)
    assert m.requests() == []


def test_max_requests(mount):
    m = mount(max_requests=2)
    m.github.seed(repos=["acme/big"], secrets=800)
    m.github.config(latency_ms=30)
    assert len(os.listdir(m.path / "repos/acme/big/actions/secrets")) == 800
    assert max(r["in_flight"] for r in m.github.journal()) == 2


# How long it is trusted


def test_a_fresh_listing_is_trusted(mount):
    m = mount(cache_ttl=60)
    m.warm()
    m.github.api("DELETE", f"{LIST}/NPM_TOKEN")
    m.github.clear_journal()
    assert "NPM_TOKEN" in os.listdir(m.secrets)
    assert m.requests() == []


def test_revalidation_is_conditional(mount):
    m = mount(cache_ttl=0)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    m.github.clear_journal()
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    lists = m.github.requests("GET", LIST)
    assert lists and all(r["status"] == 304 for r in lists)
    assert all("if-none-match" in r["headers"] for r in lists)


def test_revalidation_of_several_pages(mount):
    m = mount(cache_ttl=0)
    m.github.seed(repos=["acme/big"], secrets=250)
    directory = m.path / "repos/acme/big/actions/secrets"
    assert len(os.listdir(directory)) == 250
    m.github.clear_journal()
    assert len(os.listdir(directory)) == 250
    lists = m.github.requests("GET", LIST.replace("web", "big"))
    assert [r["status"] for r in lists] == [304] * 3


@pytest.mark.parametrize(
    "change", ["echo value > NEW", "echo value > NPM_TOKEN", "rm NPM_TOKEN"], ids=str
)
def test_after_a_change_of_ones_own_it_is_not_conditional(mount, change):
    """What was held is no longer what the old ETag stands for: 304 would confirm it for ever, were
    the server to be as before by another hand."""
    m = mount(cache_ttl=0)
    os.listdir(m.secrets)
    assert m.sh(change).returncode == 0
    m.github.clear_journal()
    os.listdir(m.secrets)
    (first, *_) = m.github.requests("GET", LIST)
    assert "if-none-match" not in first["headers"]
    assert first["status"] == 200


def test_a_directory_that_is_not_found_has_what_holds_it_asked_for_again(mount):
    """Owners and repositories are believed for minutes, but not then."""
    m = mount(cache_ttl=0)
    os.listdir(m.secrets)
    repository = m.path / "repos/acme/web"
    m.github.clear_journal()
    os.stat(repository)
    assert m.requests() == []
    m.github.fault(path="/repos/acme/web*", status=404, count=-1)
    with fails("ENOENT"):
        os.listdir(m.secrets)
    assert not exists(repository)
    assert not exists(m.secrets)


def test_what_others_change_is_seen_after_cache_ttl(mount):
    m = mount(cache_ttl=1)
    m.warm()
    m.github.api("DELETE", f"{LIST}/NPM_TOKEN")
    m.github.seed(repos=["acme/web"], secrets=1)
    time.sleep(1.1)
    assert sorted(os.listdir(m.secrets)) == sorted(
        {*WEB_SECRETS, "SECRET_0001"} - {"NPM_TOKEN"}
    )
    assert not exists(m.secrets / "NPM_TOKEN")
    assert exists(m.secrets / "SECRET_0001")


def test_cache_ttl_of_zero_sees_all_changes(mount):
    m = mount(cache_ttl=0)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    m.github.api("DELETE", f"{LIST}/NPM_TOKEN")
    assert not exists(m.secrets / "NPM_TOKEN")
    assert "NPM_TOKEN" not in os.listdir(m.secrets)


@pytest.mark.parametrize(
    "fault, error",
    [({"status": 500}, "EIO"), ({"status": 403}, "EACCES"), ({"action": "garbage"}, "EPROTO")],
    ids=["500", "403", "garbage"],
)
def test_an_expired_listing_is_not_served(mount, fault, error):
    m = mount(cache_ttl=0, timeout=1)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    m.github.fault(path=LIST, count=-1, **fault)
    with fails(error):
        os.listdir(m.secrets)
    m.github.clear_faults()
    time.sleep(1.1)  # a failure is everybody's answer for a second
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


def test_a_failed_listing_is_the_answer_for_a_second(mount):
    m = mount()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=1, status=403)
    for _ in range(3):
        with fails("EACCES"):
            os.listdir(m.secrets)
    assert len(m.github.requests("GET", LIST)) == 1
    time.sleep(1.1)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


# Whole, or an error

BOM = "\ufeff" + '{"total_count":0,"secrets":[]}'

LISTING_FAULTS = [
    ("401", {"status": 401}, "EACCES"),
    ("403", {"status": 403}, "EACCES"),
    ("404", {"status": 404}, "ENOENT"),
    ("409", {"status": 409}, "EBUSY"),
    ("422", {"status": 422}, "EINVAL"),
    ("429", {"status": 429, "headers": {"Retry-After": "60"}}, "EAGAIN"),
    ("limit", {"status": 403, "headers": {"x-ratelimit-remaining": "0"}}, "EAGAIN"),
    ("500", {"status": 500}, "EIO"),
    ("502", {"status": 502, "body": "<html>Bad gateway</html>"}, "EIO"),
    ("reset", {"action": "reset-before"}, "EIO"),
    ("truncated", {"action": "truncate"}, "EIO"),
    ("hang", {"action": "hang"}, "ETIMEDOUT"),
    ("garbage", {"action": "garbage"}, "EPROTO"),
    ("bom", {"body": BOM}, "EPROTO"),
    ("empty", {"body": ""}, "EPROTO"),
    ("half", {"body": '{"total_count":1,"secrets":[{"name":"A"'}, "EPROTO"),
    ("two", {"body": '{"total_count":0,"secrets":[]}{}'}, "EPROTO"),
    ("string", {"body": '"secrets"'}, "EPROTO"),
    ("null", {"body": "null"}, "EPROTO"),
    ("no-list", {"body": {"total_count": 0}}, "EPROTO"),
    ("list-type", {"body": {"total_count": 0, "secrets": {}}}, "EPROTO"),
    ("row-type", {"body": {"total_count": 1, "secrets": ["A"]}}, "EPROTO"),
    ("name-type", {"body": {"total_count": 1, "secrets": [{"name": 5}]}}, "EPROTO"),
    ("no-name", {"body": {"total_count": 1, "secrets": [{}]}}, "EPROTO"),
    ("too-long", {"body_size": 9 << 20}, "EPROTO"),
    ("too-deep", {"body_depth": 2000}, "EPROTO"),
    ("too-few", {"body": secrets_body(["A"], total=2)}, "EPROTO"),
    ("too-many", {"body": secrets_body(["A", "B"], total=1)}, "EPROTO"),
    ("negative", {"body": secrets_body(["A"], total=-1)}, "EPROTO"),
    ("endless", {"body": secrets_body(["A"], total=1 << 40)}, "EPROTO"),
]


@pytest.mark.parametrize(
    "fault, error", [row[1:] for row in LISTING_FAULTS], ids=[row[0] for row in LISTING_FAULTS]
)
def test_a_listing_that_fails(mount, fault, error):
    m = mount(timeout=1)
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, **fault)
    with fails(error):
        os.listdir(m.secrets)
    done = m.sh("ls; echo status $?")
    assert os.strerror(getattr(errno, error)) in done.stderr
    assert done.stdout == "status 2\n"
    assert any(error in line for line in m.errors())


@pytest.mark.parametrize("fault", [{"status": 500}, {"action": "truncate"}], ids=str)
def test_a_listing_that_fails_on_its_last_page(mount, fault):
    m = mount(timeout=1)
    m.github.seed(repos=["acme/big"], secrets=250)
    directory = m.path / "repos/acme/big/actions/secrets"
    os.stat(directory)
    m.github.fault(path=LIST.replace("web", "big"), query="*page=3", count=-1, **fault)
    with fails("EIO"):
        os.listdir(directory)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503, "headers": {"Retry-After": "0"}},
        {"action": "reset-before"},
        {"action": "truncate"},
        {"status": 429, "headers": {"Retry-After": "1"}},
    ],
    ids=str,
)
def test_a_listing_that_fails_once(mount, fault):
    m = mount()
    os.stat(m.secrets)
    m.github.clear_journal()
    m.github.fault(path=LIST, **fault)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert len(m.github.requests("GET", LIST)) == 2


@pytest.mark.parametrize("fault", [{"action": "chunked"}, {"action": "drip", "ms": 1}], ids=str)
def test_slow_and_odd_bodies_are_fine(mount, fault):
    m = mount()
    m.github.fault(path=LIST, **fault)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


# Directories that listings don't show


def test_found_by_name(mount):
    """Another user's repository is in none of our listings."""
    m = mount()
    m.github.seed(user="hubot")
    m.github.seed(repos=["hubot/tools"], secrets=2)
    assert "hubot" not in os.listdir(m.path / "repos")
    directory = m.path / "repos/hubot/tools/actions/secrets"
    assert sorted(os.listdir(directory)) == ["SECRET_0001", "SECRET_0002"]
    assert "hubot" not in os.listdir(m.path / "repos")


@pytest.mark.parametrize("path", ["repos/nobody", "repos/acme/nothing", "orgs/nobody", "repos/acme/web/x"])
def test_what_is_not_there(mount, path):
    m = mount()
    with fails("ENOENT"):
        os.stat(m.path / path)
    with fails("ENOENT"):
        os.listdir(m.path / path)


def test_a_lookup_that_fails_is_no_absence(mount):
    m = mount(timeout=1)
    os.listdir(m.path / "repos")
    m.github.fault(path="/repos/acme/secret-project", count=-1, status=500)
    with fails("EIO"):
        os.stat(m.path / "repos/acme/secret-project")


def test_renamed_repository(mount):
    """The redirects of a repository's old name are followed, with method and body."""
    m = mount()
    directory = m.path / "repos/acme/website/actions/secrets"
    assert sorted(os.listdir(directory)) == WEB_SECRETS
    put(directory / "NEW", b"value")
    os.unlink(directory / "NPM_TOKEN")
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"
    assert m.github.plaintext(f"{LIST}/NPM_TOKEN") is None


def test_a_redirect_to_another_server_is_not_followed(mount, new_github):
    m = mount()
    other = new_github()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, status=307, headers={"Location": f"{other.url}{LIST}"})
    with fails("EPROTO"):
        os.listdir(m.secrets)
    assert other.journal() == []


# A server whose reads lag behind its writes


def test_lag_does_not_hide_what_was_written(mount):
    m = mount(cache_ttl=0)
    m.warm()
    m.github.config(read_lag_ms=60000)
    put(m.secrets / "NEW", b"value")
    assert "NEW" in os.listdir(m.secrets)
    assert exists(m.secrets / "NEW")
    assert sorted(os.listdir(m.secrets)) == sorted([*WEB_SECRETS, "NEW"])


def test_lag_does_not_bring_back_what_was_removed(mount):
    m = mount(cache_ttl=0)
    put(m.secrets / "NEW", b"value")
    time.sleep(0.2)
    m.github.config(read_lag_ms=100)
    assert "NEW" in os.listdir(m.secrets)
    m.github.config(read_lag_ms=60000)
    os.unlink(m.secrets / "NPM_TOKEN")
    assert "NPM_TOKEN" not in os.listdir(m.secrets)
    assert not exists(m.secrets / "NPM_TOKEN")


def test_written_again_after_removal(mount):
    m = mount(cache_ttl=0)
    m.warm()
    m.github.config(read_lag_ms=60000)
    os.unlink(m.secrets / "NPM_TOKEN")
    put(m.secrets / "NPM_TOKEN", b"again")
    assert "NPM_TOKEN" in os.listdir(m.secrets)
    assert m.github.plaintext(f"{LIST}/NPM_TOKEN") == b"again"


# What this mount knows better, for a while


def test_a_secret_that_another_client_deleted_while_it_was_open(mount):
    """What is open stays; but a listing that says otherwise is not taken for unchanged later."""
    m = mount(cache_ttl=0)
    os.listdir(m.secrets)
    with opened(m.secrets / "NPM_TOKEN", os.O_WRONLY):
        m.github.api("DELETE", f"{LIST}/NPM_TOKEN")
        assert "NPM_TOKEN" in os.listdir(m.secrets)
    assert "NPM_TOKEN" not in os.listdir(m.secrets)


def test_a_write_to_a_secret_that_another_client_deleted(mount):
    m = mount(cache_ttl=0)
    directory = m.path / "orgs/acme/actions/secrets"
    os.stat(directory / "SONAR_TOKEN")
    with opened(directory / "SONAR_TOKEN", os.O_WRONLY) as fd:
        os.write(fd, b"value")
        m.github.api("DELETE", f"{ORGANIZATION_LIST}/SONAR_TOKEN")
        exists(directory / "SONAR_TOKEN")
    assert m.github.plaintext(f"{ORGANIZATION_LIST}/SONAR_TOKEN") == b"value"
