"""How many round trips, and requests, each operation costs. Both are counted, not timed: the
stand-in answers late enough that what is sent together is seen together."""

import concurrent.futures
import os
import subprocess

import pytest

from kit.calls import exists, put
from kit.demo import LIST, WEB
from kit.mounting import wait_until

ORG = "orgs/acme/actions/secrets"
LATENCY_MS = 100


def round_trips(journal):
    """Requests that are under way at once are one; so many have to be waited for in turn."""
    count, until = 0, -1
    for request in sorted(journal, key=lambda r: r["t_start_ms"]):
        if request["t_start_ms"] >= until:
            count += 1
            until = request["t_end_ms"]
    return count


class Cost:
    """What is sent from now on."""

    def __init__(self, mount, latency_ms=LATENCY_MS):
        self._github = mount.github
        self._github.config(latency_ms=latency_ms)
        self._github.clear_journal()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._github.config(latency_ms=0)
        journal = self.journal = self._github.journal()
        self.requests = len(journal)
        self.round_trips = round_trips(journal)
        self.conditional = sum("if-none-match" in r["headers"] for r in journal)
        self.connections = len({r["connection"] for r in journal})


def let_go_in_batches(github, total, width):
    """PUTs, so many in all, none of which is answered until as many are under way at once as can
    be, however long the machine takes to send them."""

    def state():
        puts = github.requests("PUT")
        return len(puts), sum(r["t_end_ms"] is None for r in puts)

    def is_full():
        arrived, under_way = state()
        return under_way == min(width, total - arrived + under_way)

    def is_over():
        github.clear_faults()  # one that was about to hang does so only now
        return state()[1] == 0

    try:
        while state()[0] < total:
            github.fault(method="PUT", action="hang", count=-1)
            wait_until(is_full, timeout=25, what=f"{width} PUTs at once")
            github.clear_faults()
    finally:
        wait_until(is_over)
    assert state()[0] == total


def needless(journal, listing):
    """What a slow machine is no reason for: anything but PUTs, and the question, before one, who
    may use its secret, if the server has not said so within a second."""
    seen, found = {}, []
    for request in sorted(journal, key=lambda r: r["t_start_ms"]):
        path, start = request["path"], request["t_start_ms"]
        if request["method"] != "PUT" and (
            not path.startswith(f"/{ORG}/")
            or path.endswith("/public-key")
            or start < seen.get(path, listing["t_start_ms"]) + 990
        ):
            found.append(request)
        seen[path] = start
    return found


@pytest.fixture
def org(mount):
    """A mount of an organization of so many secrets."""

    def make(secrets, selected=True, **options):
        m = mount(ORG, **options)
        m.github.seed(org="acme", org_secrets=secrets, every_third_selected=selected)
        return m

    return make


@pytest.mark.parametrize(
    ("secrets", "requests", "trips"), [(95, 1, 1), (295, 3, 2), (995, 10, 2)]
)
def test_list(org, secrets, requests, trips):
    m = org(secrets)  # and the demo's five
    with Cost(m) as cost:
        assert m.sh("ls -l", cwd=m.path).stdout.count("\n") == secrets + 5 + 1
    assert (cost.requests, cost.round_trips) == (requests, trips)
    with Cost(m) as cost:
        m.sh("ls -l && stat * && getfattr -d SONAR_TOKEN", cwd=m.path)
    assert cost.requests == 0


def test_list_of_repositories(mount):
    m = mount("repos/acme")
    m.github.seed(org="acme", repos_count=500)
    with Cost(m) as cost:
        os.listdir(m.path)
    assert (cost.requests, cost.round_trips) == (6, 2)


def test_a_stale_listing(org):
    m = org(995, cache_ttl=1)
    os.listdir(m.path)
    subprocess.run(["sleep", "1.1"], check=True)
    with Cost(m) as cost:
        assert len(os.listdir(m.path)) == 1000
    assert (cost.requests, cost.conditional, cost.round_trips) == (10, 10, 1)


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("command", ["echo v > {}", "cp /etc/hostname {}", "printf v | tee {}"])
def test_a_warm_write(mount, name, command):
    m = mount()
    m.warm()
    with Cost(m) as cost:
        assert m.sh(command.format(name)).returncode == 0
    assert cost.requests == 1


@pytest.mark.parametrize("name", ["NEW", "CODECOV_TOKEN", "SONAR_TOKEN"])
def test_a_warm_write_of_an_organizations_secret(org, name):
    m = org(5)
    os.listdir(m.path)
    put(m.path / "OTHER", b"v")
    with Cost(m) as cost:
        put(m.path / name, b"v")
    assert cost.requests == 1


def test_a_warm_write_of_a_selected_one(org):
    """Its list of repositories goes with the PUT, and is read before (contract §3.20)."""
    m = org(5)
    os.listdir(m.path)
    put(m.path / "OTHER", b"v")
    with Cost(m) as cost:
        put(m.path / "PAGERDUTY_KEY", b"v")
    assert (cost.requests, cost.round_trips) == (2, 2)


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("write", ["echo v > {}", "cp /etc/hostname {}"])
def test_the_first_write_of_a_mount(mount, name, write):
    m = mount(WEB)
    with Cost(m) as cost:
        assert m.sh(write.format(name), cwd=m.path).returncode == 0
    assert cost.round_trips == 2
    assert cost.requests <= 4


def test_the_first_write_of_an_organizations_secret(org):
    m = org(5)
    with Cost(m) as cost:
        put(m.path / "SONAR_TOKEN", b"v")
    assert (cost.requests, cost.round_trips) == (3, 2)


def test_the_first_write_after_a_listing(org):
    m = org(5)
    os.listdir(m.path)
    with Cost(m) as cost:
        put(m.path / "NEW", b"v")
    assert (cost.requests, cost.round_trips) == (2, 2)


@pytest.mark.parametrize("warm", [True, False])
def test_remove(mount, warm):
    m = mount(WEB)
    if warm:
        os.listdir(m.path)
    with Cost(m) as cost:
        os.unlink(m.path / "NPM_TOKEN")
    # What is fetched beside a lookup may still be on its way when the DELETE leaves.
    assert cost.round_trips <= (1 if warm else 2)
    if warm:
        assert cost.requests == 1


def test_a_hundred_in_a_loop(mount):
    m = mount("repos/acme/api/actions/secrets", cache_ttl=600)
    for name in os.listdir(m.path):
        os.unlink(m.path / name)
    put(m.path / "FIRST", b"v")
    with Cost(m, latency_ms=2) as cost:
        done = m.sh("for n in $(seq 99); do echo v > KEY_$n || exit; done", cwd=m.path)
        assert done.returncode == 0
    assert cost.requests == cost.round_trips == 99


@pytest.mark.parametrize("names", ["seq -f KEY_%g 100", "ls | grep ORG_SECRET"])
def test_a_hundred_side_by_side(org, names):
    m = org(100, selected=False, cache_ttl=600, timeout=60)
    put(m.path / "OTHER", b"v")
    os.listdir(m.path)
    listing = m.github.requests("GET", f"/{ORG}")[-1]
    with Cost(m, latency_ms=2) as cost, concurrent.futures.ThreadPoolExecutor() as pool:
        command = f"{names} | xargs -P 16 -I {{}} cp /etc/hostname {{}}"
        done = pool.submit(m.sh, command, cwd=m.path)
        let_go_in_batches(m.github, 100, 16)
        assert done.result().returncode == 0
    assert len({r["path"] for r in cost.journal if r["method"] == "PUT"}) == 100
    assert needless(cost.journal, listing) == []


def test_a_bulk_file(mount):
    m = mount("repos/acme/api/actions/secrets", cache_ttl=600, timeout=60)
    for name in os.listdir(m.path):
        os.unlink(m.path / name)
    text = b"".join(b"KEY_%d=v\n" % n for n in range(100))
    with Cost(m) as cost, concurrent.futures.ThreadPoolExecutor() as pool:
        done = pool.submit(put, m.path / ".env", text)
        let_go_in_batches(m.github, 100, 64)
        done.result()
    assert cost.requests <= 103
    reads = [r for r in cost.journal if r["method"] == "GET"]
    assert len(reads) == cost.requests - 100
    assert round_trips(reads) <= 1


def test_a_hundred_removed_by_one_rm(mount):
    m = mount(WEB)
    m.github.seed(repo="acme/web", secrets=100)
    names = os.listdir(m.path)
    with Cost(m, latency_ms=2) as cost:
        assert m.sh("rm *", cwd=m.path).returncode == 0
    assert cost.requests == len(names)


def test_one_connection(mount, tls):
    """Over HTTP/2; opened, and the certificates read, before the mount is there."""
    m = mount(WEB, api_url=tls.url, cacert=tls.ca_file)
    before = int(m.status()["connections"].split()[0])
    put(m.path / ".env", b"".join(b"KEY_%d=v\n" % n for n in range(90)))
    assert int(m.status()["connections"].split()[0]) == before == 1


def test_cached_answers_do_not_wait(mount):
    m = mount(cache_ttl=60)
    m.warm()
    m.github.fault(method="PUT", action="hang", count=-1)
    writers = [
        subprocess.Popen(["sh", "-c", f"echo v > KEY_{n}"], cwd=m.secrets) for n in range(64)
    ]
    try:
        wait_until(lambda: len(m.github.requests("PUT")) == 64)
        for name in ("NPM_TOKEN", "DEPLOY_KEY"):
            assert exists(m.secrets / name)
        assert len(os.listdir(m.path)) == 2
    finally:
        m.github.clear_faults()
        for writer in writers:
            writer.wait(60)
    assert m.github.plaintext(f"{LIST}/KEY_63") == b"v"
