"""Every row of contract §5.3: which errno, and that the server's secret is what it was."""

import concurrent.futures
import errno
import os
import threading
import time

import pytest

from kit.calls import exists, fails, put
from kit.demo import LIST, WEB_SECRETS

OLD = f"{LIST}/NPM_TOKEN"
KEY = f"{LIST}/public-key"
PAST_ANY_DEADLINE = "3600"

ARCHIVED = {"message": "Repository was archived so is read-only."}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}

# Faults that last: name, fault, and the errno of writing (close), of rm, and of open when the
# key's request meets it. None: does not apply.
LASTING = [
    ("401", {"status": 401}, "EACCES", "EACCES", "EACCES"),
    ("403", {"status": 403}, "EACCES", "EACCES", "EACCES"),
    ("archived", {"status": 403, "body": ARCHIVED}, "EROFS", "EROFS", "EROFS"),
    ("secondary", {"status": 403, "body": SECONDARY}, "EAGAIN", "EAGAIN", "EAGAIN"),
    (
        "403-limit",
        {"status": 403, "headers": {"x-ratelimit-remaining": "0"}},
        *["EAGAIN"] * 3,
    ),
    (
        "403-retry-after",
        {"status": 403, "headers": {"Retry-After": PAST_ANY_DEADLINE}},
        *["EAGAIN"] * 3,
    ),
    (
        "429",
        {"status": 429, "headers": {"Retry-After": PAST_ANY_DEADLINE}},
        *["EAGAIN"] * 3,
    ),
    ("404", {"status": 404}, "EACCES", "ENOENT", "ENOENT"),
    ("409", {"status": 409}, "EBUSY", "EBUSY", "EBUSY"),
    ("422", {"status": 422}, "EINVAL", "EINVAL", "EINVAL"),
    ("500", {"status": 500}, "EIO", "EIO", "EIO"),
    ("502", {"status": 502, "body": "<html>"}, "EIO", "EIO", "EIO"),
    ("503", {"status": 503}, "EIO", "EIO", "EIO"),
    ("reset", {"action": "reset-before"}, "EIO", "EIO", "EIO"),
    ("hang", {"action": "hang"}, "ETIMEDOUT", "ETIMEDOUT", "ETIMEDOUT"),
    ("truncated", {"action": "truncate"}, None, None, "EIO"),
    ("garbage", {"action": "garbage"}, None, None, "EPROTO"),
    ("bom", {"body": '\ufeff{"key_id":"1","key":"x"}'}, None, None, "EPROTO"),
    ("array", {"body": []}, None, None, "EPROTO"),
    ("no-key", {"body": {"key_id": "1"}}, None, None, "EPROTO"),
    ("short-key", {"body": {"key_id": "1", "key": "QUJD"}}, None, None, "EPROTO"),
    ("bad-key", {"body": {"key_id": "1", "key": "@" * 44}}, None, None, "EPROTO"),
    ("key-type", {"body": {"key_id": "1", "key": 5}}, None, None, "EPROTO"),
    ("too-long", {"body_size": 9 << 20}, None, None, "EPROTO"),
    ("too-deep", {"body_depth": 2000}, None, None, "EPROTO"),
]


def rows(column):
    return [
        pytest.param(row[1], row[column], id=row[0]) for row in LASTING if row[column] is not None
    ]


def strerror(name):
    return os.strerror(getattr(errno, name))


def assert_unchanged(m, before):
    assert m.github.secrets()[LIST] == before


@pytest.mark.parametrize("fault, error", rows(2))
def test_put(mount, fault, error):
    m = mount(timeout=1)
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", count=-1, **fault)
    with fails(error):
        put(m.secrets / "NPM_TOKEN", b"value")
    assert_unchanged(m, before)
    assert any(error in line and "NPM_TOKEN" in line for line in m.errors())
    assert "value" not in "".join(m.errors())
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


@pytest.mark.parametrize("fault, error", rows(2))
def test_put_by_cp(mount, fault, error):
    """A tool that looks at close tells; and a new secret that failed leaves no ghost."""
    m = mount(timeout=1)
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", count=-1, **fault)
    done = m.sh("cp /proc/version NEW")
    assert done.returncode == 1
    assert strerror(error) in done.stderr
    assert_unchanged(m, before)
    assert not exists(m.secrets / "NEW")
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


@pytest.mark.parametrize("fault, error", rows(3))
def test_delete(mount, fault, error):
    m = mount(timeout=1)
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="DELETE", count=-1, **fault)
    with fails(error):
        os.unlink(m.secrets / "NPM_TOKEN")
    assert_unchanged(m, before)
    if error != "ENOENT":
        assert exists(m.secrets / "NPM_TOKEN")
        assert "NPM_TOKEN" in os.listdir(m.secrets)
        assert any(error in line and "NPM_TOKEN" in line for line in m.errors())


@pytest.mark.parametrize("fault, error", rows(3))
def test_delete_by_rm(mount, fault, error):
    m = mount(timeout=1)
    m.warm()
    m.github.fault(method="DELETE", count=-1, **fault)
    done = m.sh("rm NPM_TOKEN")
    assert done.returncode == 1
    # rm -f would be silent at EINVAL, as at ENOENT.
    assert strerror("EPERM" if error == "EINVAL" else error) in done.stderr


@pytest.mark.parametrize("status", [403, 409, 422, 500])
def test_delete_by_rm_f(mount, status):
    m = mount(timeout=1)
    m.warm()
    m.github.fault(method="DELETE", status=status, count=-1)
    done = m.sh("rm -f NPM_TOKEN")
    assert done.returncode == 1
    assert "NPM_TOKEN" in done.stderr


@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
@pytest.mark.parametrize("fault, error", rows(4))
def test_key(mount, fault, error, name):
    """What is wrong before the value is open's error, which every tool reports."""
    m = mount(timeout=1)
    os.listdir(m.secrets)
    before = m.github.secrets()[LIST]
    m.github.fault(path=KEY, count=-1, **fault)
    with fails(error):
        os.open(m.secrets / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    done = m.sh(f"echo value > {name}")
    assert done.returncode != 0
    assert strerror(error) in done.stderr
    assert not m.github.requests("PUT")
    assert_unchanged(m, before)
    assert exists(m.secrets / name) == (name == "NPM_TOKEN")


@pytest.mark.parametrize(
    "fault, error",
    [
        ({"status": 403}, "EACCES"),
        ({"status": 404}, "ENOENT"),
        ({"status": 500}, "EIO"),
        ({"action": "hang"}, "ETIMEDOUT"),
        ({"action": "garbage"}, "EPROTO"),
    ],
    ids=str,
)
def test_listing_at_creation(mount, fault, error):
    m = mount(timeout=1)
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, **fault)
    with fails(error):
        put(m.secrets / "NEW", b"value")
    assert not m.github.requests("PUT")


# Tried again

ONCE = [
    ("500", {"status": 500}),
    ("502", {"status": 502, "body": "<html>"}),
    ("503", {"status": 503}),
    ("reset-before", {"action": "reset-before"}),
    ("reset-after", {"action": "reset-after"}),
    ("429", {"status": 429, "headers": {"Retry-After": "1"}}),
    ("403-retry-after", {"status": 403, "headers": {"Retry-After": "1"}}),
]
once = pytest.mark.parametrize("fault", [f for _, f in ONCE], ids=[name for name, _ in ONCE])


@once
@pytest.mark.parametrize("name", ["NEW", "NPM_TOKEN"])
def test_put_is_tried_again(mount, fault, name):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", **fault)
    put(m.secrets / name, b"value")
    assert m.requests() == [f"PUT {LIST}/{name}"] * 2
    assert m.github.plaintext(f"{LIST}/{name}") == b"value"
    assert exists(m.secrets / name)
    assert m.errors() == []


@once
def test_delete_is_tried_again(mount, fault):
    """After reset-after the second try finds nothing: success, where others are still seen."""
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", **fault)
    os.unlink(m.secrets / "NPM_TOKEN")
    asked = [f"GET {LIST}"] if fault.get("action") == "reset-after" else []
    assert m.requests() == [f"DELETE {OLD}"] * 2 + asked
    assert m.github.plaintext(OLD) is None
    assert not exists(m.secrets / "NPM_TOKEN")
    assert m.errors() == []


@once
def test_the_key_is_asked_for_again(mount, fault):
    m = mount()
    os.listdir(m.secrets)
    m.github.clear_journal()
    m.github.fault(path=KEY, **fault)
    put(m.secrets / "NEW", b"value")
    assert m.requests() == [f"GET {KEY}"] * 2 + [f"PUT {LIST}/NEW"]


def test_several_failures_in_a_row(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", status=500, count=3)
    put(m.secrets / "NEW", b"value")
    assert len(m.github.requests("PUT")) == 4
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"


def test_an_exhausted_limit_is_waited_out(mount):
    m = mount()
    m.warm()
    m.github.config(rate_limit_remaining=0, rate_limit_reset=int(time.time()) + 2)
    put(m.secrets / "NEW", b"value")
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"


def test_errors_that_are_not_tried_again(mount):
    m = mount()
    m.warm()
    for number, status in enumerate((401, 403, 404, 409, 422)):
        m.github.clear_journal()
        m.github.fault(method="DELETE", status=status, count=-1)
        with fails("EACCES", "ENOENT", "EBUSY", "EINVAL"):
            os.unlink(m.secrets / WEB_SECRETS[number])
        assert len(m.github.requests("DELETE")) == 1
        m.github.clear_faults()


# Deadlines


def seconds_of(call, *errors):
    start = time.monotonic()
    with fails(*errors):
        call()
    return time.monotonic() - start


def test_the_timeout_is_one_operations(mount):
    m = mount(timeout=2)
    m.warm()
    m.github.fault(method="PUT", action="hang", count=-1)
    assert seconds_of(lambda: put(m.secrets / "NEW", b"value"), "ETIMEDOUT") < 2 + 3


def test_the_timeout_counts_retries(mount):
    m = mount(timeout=2)
    m.warm()
    m.github.fault(method="PUT", status=500, count=-1)
    assert seconds_of(lambda: put(m.secrets / "NEW", b"value"), "EIO") < 2 + 3
    assert len(m.github.requests("PUT")) > 1


def test_a_last_try_that_is_cut_off_does_not_hide_the_reason(mount):
    """The server answers each request, with 500; that is told, and not that time was up."""
    m = mount(timeout=1)
    m.github.seed(repos=["acme/big"], secrets=50)
    directory = m.path / "repos/acme/big/actions/secrets"
    names = os.listdir(directory)
    m.github.fault(method="PUT", action="delay", ms=100, status=500, count=-1)

    def write(name):
        with fails("EIO"):
            put(directory / name, b"value")

    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(write, names))


def test_a_limit_past_the_deadline_fails_at_once(mount):
    m = mount(timeout=60)
    m.warm()
    m.github.fault(method="PUT", status=429, headers={"Retry-After": "90"})
    assert seconds_of(lambda: put(m.secrets / "NEW", b"value"), "EAGAIN") < 10
    assert len(m.github.requests("PUT")) == 1


def test_a_hanging_request_delays_nobody_else(mount):
    m = mount(timeout=30)
    m.warm()
    m.github.fault(path="/repos/acme/api/*", action="hang", count=-1)
    stuck = m.path / "repos/acme/api/actions/secrets"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(os.listdir, stuck)
        m.github.wait_for(lambda all_: any("/api/" in r["path"] for r in all_))
        start = time.monotonic()
        put(m.secrets / "NEW", b"value")
        os.unlink(m.secrets / "NPM_TOKEN")
        os.stat(m.secrets / "DEPLOY_KEY")
        assert time.monotonic() - start < 10
        assert not waiting.done()
        m.github.clear_faults()
        assert "DATABASE_URL" in waiting.result(60)


def test_the_server_is_gone(mount, github):
    m = mount(timeout=1, cache_ttl=0)
    m.warm()
    github.stop()
    with fails("EHOSTUNREACH"):
        put(m.secrets / "NPM_TOKEN", b"value")
    with fails("EHOSTUNREACH"):
        os.unlink(m.secrets / "NPM_TOKEN")
    with fails("EHOSTUNREACH"):
        os.listdir(m.secrets)
    assert sorted(os.listdir(m.path)) == ["orgs", "repos"]
    assert any("EHOSTUNREACH" in line for line in m.errors())


def test_the_server_comes_back(mount, github, new_github):
    m = mount(timeout=15)
    m.warm()
    github.stop()
    threading.Timer(1.0, lambda: new_github(port=github.port)).start()
    put(m.secrets / "NPM_TOKEN", b"value")
    # The new one has another key: the value was sealed again.
    assert m.github.plaintext(OLD) == b"value"


# After a failure


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 403, "body": ARCHIVED}], ids=str)
def test_a_refused_write_is_opens_answer_next(mount, fault):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", **fault)
    with fails("EACCES", "EROFS"):
        put(m.secrets / "NEW", b"value")
    m.github.clear_journal()
    for name in ("NEW", "NPM_TOKEN", "OTHER"):
        with fails("EACCES", "EROFS"):
            os.open(m.secrets / name, os.O_WRONLY | os.O_CREAT)
    assert m.requests() == []
    done = m.sh("echo value > NPM_TOKEN")
    assert done.returncode != 0
    other = m.path / "repos/acme/api/actions/secrets"
    put(other / "NEW", b"value")


def test_a_read_only_repository(mount):
    m = mount()
    directory = m.path / "repos/acme/legacy-portal/actions/secrets"
    with fails("EROFS"):
        put(directory / "DEPLOY_KEY", b"value")
    with fails("EROFS"):
        os.unlink(directory / "DEPLOY_KEY")
    assert sorted(os.listdir(directory)) == ["DEPLOY_KEY", "FTP_PASSWORD"]


def test_a_failed_key_is_the_answer_for_a_second(mount):
    m = mount()
    os.listdir(m.secrets)
    m.github.fault(path=KEY, status=403)
    for _ in range(3):
        with fails("EACCES"):
            os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY)
    assert len(m.github.requests("GET", KEY)) == 1
    time.sleep(1.1)
    put(m.secrets / "NPM_TOKEN", b"value")


def test_a_failed_secret_leaves_no_ghost(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", status=422)
    with fails("EINVAL"):
        put(m.secrets / "NEW", b"value")
    assert not exists(m.secrets / "NEW")
    assert not exists(m.secrets / "new")
    with fails("ENOENT"):
        os.unlink(m.secrets / "NEW")
    put(m.secrets / "NEW", b"value", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"


def test_a_close_after_a_failed_fsync_does_not_send_again(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", status=409)
    fd = os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY)
    os.write(fd, b"value")
    with fails("EBUSY"):
        os.fsync(fd)
    try:
        os.close(fd)
    except OSError:
        pass  # the contract leaves open whether close repeats what fsync has told
    assert len(m.github.requests("PUT")) == 1
