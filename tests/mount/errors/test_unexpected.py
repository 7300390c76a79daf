"""Answers that a server should not give: nothing is taken as stored, removed, or empty."""

import os
import socket
import threading
import time

import pytest

from kit.calls import exists, fails, put
from kit.demo import LIST, WEB_SECRETS
from kit.mounting import wait_until

pytestmark = pytest.mark.undescribed("answers that no GitHub gives")

OLD = f"{LIST}/NPM_TOKEN"
PAGE = "<html>Sign in to the proxy</html>"
SELECTED = "/orgs/acme/actions/secrets/PAGERDUTY_KEY"

# Of a PUT or DELETE that did not do what was asked.
STATUSES = [
    pytest.param({"status": 200, "body": PAGE}, id="200-page"),
    pytest.param({"status": 200, "body": {}}, id="200"),
    pytest.param({"status": 202, "body": {}}, id="202"),
    pytest.param({"status": 206, "body": {}}, id="206"),
    pytest.param({"status": 304}, id="304"),
    pytest.param({"status": 303, "headers": {"Location": "/x"}}, id="303"),
]


# Of a success that has something to say, as a proxy has.
PAGES = {
    "page": {"body": PAGE},
    "array": {"body": []},
    "long": {"body_size": 9 << 20},
}


@pytest.mark.parametrize("fault", PAGES.values(), ids=PAGES)
def test_a_page_with_the_status_of_a_success(mount, fault, tmp_path):
    """Once mv removed the only copy for it, and NEW was shown."""
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", count=-1, status=201, **fault)
    for name in ("NPM_TOKEN", "NEW"):
        with fails("EPROTO"):
            put(m.secrets / name, b"value")
        source = tmp_path / "value"
        source.write_bytes(b"the only copy")
        assert m.sh(f"mv {source} {name}").returncode == 1
        assert source.read_bytes() == b"the only copy"
        assert m.sh(f"cp {source} .new && mv .new {name}").returncode == 1
    assert m.sh("echo A=1 > .env && sync .env").returncode == 1
    assert m.github.secrets()[LIST] == before
    assert sorted(set(os.listdir(m.secrets)) - {".new"}) == WEB_SECRETS
    assert any("EPROTO" in line and "body" in line for line in m.errors())


def told(m, status):
    return any(f"unexpected status {status} from the server" in line for line in m.errors())


@pytest.mark.parametrize("fault", STATUSES)
def test_put(mount, fault):
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    m.github.fault(method="PUT", count=-1, **fault)
    with fails("EPROTO"):
        put(m.secrets / "NPM_TOKEN", b"value")
    assert m.sh("cp /proc/version NEW").returncode == 1
    assert m.github.secrets()[LIST] == before
    assert not exists(m.secrets / "NEW")
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert told(m, fault["status"])


@pytest.mark.parametrize("fault", STATUSES)
def test_mv_keeps_the_source(mount, fault, tmp_path):
    m = mount()
    m.warm()
    source = tmp_path / "value"
    m.github.fault(method="PUT", count=-1, **fault)
    for target in ("NEW", "NPM_TOKEN"):
        source.write_bytes(b"the only copy")
        assert m.sh(f"mv {source} {target}").returncode == 1
        assert source.read_bytes() == b"the only copy"


@pytest.mark.parametrize("fault", STATUSES)
def test_delete(mount, fault):
    m = mount()
    m.warm()
    m.github.fault(method="DELETE", count=-1, **fault)
    with fails("EPROTO"):
        os.unlink(m.secrets / "NPM_TOKEN")
    assert exists(m.secrets / "NPM_TOKEN")
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    assert told(m, fault["status"])


@pytest.mark.parametrize("fault", STATUSES)
@pytest.mark.parametrize(
    "command", ["echo +mobile-app", "echo -api", "echo web"], ids=["add", "remove", "set"]
)
def test_selection(mount, fault, command):
    m = mount()
    policy = m.path / "orgs/acme/actions/access/PAGERDUTY_KEY/repositories"
    before = policy.read_text(encoding="ascii")
    for method in ("PUT", "DELETE"):
        m.github.fault(method=method, path=f"{SELECTED}/repositories*", count=-1, **fault)
    m.sh(f"{command} > {policy}")
    assert told(m, fault["status"])
    m.github.clear_faults()
    assert policy.read_text(encoding="ascii") == before


LISTS = [
    ("orgs", "/user/orgs"),
    ("repos/acme", "/orgs/acme/repos"),
    ("repos/acme/web/environments", "/repos/acme/web/environments"),
    ("repos/acme/web/actions/secrets", "/repos/acme/web/actions/secrets"),
    ("repos/acme/web/actions/organization-secrets",) * 2,
    ("orgs/acme/actions/secrets", "/orgs/acme/actions/secrets"),
]
WRONG = [
    pytest.param({"status": 304}, id="304"),
    pytest.param({"status": 202, "body": []}, id="202"),
    pytest.param({"body": {}}, id="object"),
    pytest.param({"body": {"total_count": 0}}, id="no-array"),
    pytest.param({"body": {"total_count": 0, "items": []}}, id="another-array"),
]


@pytest.mark.parametrize("directory, path", LISTS, ids=[row[0] for row in LISTS])
@pytest.mark.parametrize("fault", WRONG)
def test_list(mount, fault, directory, path):
    m = mount()
    m.github.fault(path="*" + path, method="GET", count=-1, query="per_page*", **fault)
    with fails("EPROTO"):
        os.listdir(m.path / directory)


def test_array_for_an_object(mount):
    m = mount()
    m.github.fault(path=LIST, count=-1, body=[])
    with fails("EPROTO"):
        os.listdir(m.secrets)


def test_304_of_a_selection(mount):
    """Once a crash; once "all" in place of the server's "selected"."""
    m = mount()
    secrets = m.path / "orgs/acme/actions/secrets"
    policy = m.path / "orgs/acme/actions/access/PAGERDUTY_KEY/repositories"
    assert os.listdir(secrets)
    before = m.github.secrets()["/orgs/acme/actions/secrets"]["PAGERDUTY_KEY"]
    m.github.fault(path=f"{SELECTED}/repositories", count=-1, status=304)
    with fails("EPROTO"):
        policy.read_text(encoding="ascii")
    with fails("EPROTO"):
        put(secrets / "PAGERDUTY_KEY", b"value")
    assert m.github.secrets()["/orgs/acme/actions/secrets"]["PAGERDUTY_KEY"] == before
    assert m.github.secrets()["/orgs/acme/actions/secrets"]["PAGERDUTY_KEY"]["writes"] == 0


ORGANIZATION = "/orgs/acme/actions/secrets"


def shared(m):
    """Who may use the secret, as the server has it."""
    secret = m.github.secrets()[ORGANIZATION]["PAGERDUTY_KEY"]
    return {key: secret[key] for key in ("visibility", "selected_repository_ids", "writes")}


def selected(*numbers, total=None):
    rows = [{"id": n, "full_name": f"acme/r{i}"} for i, n in enumerate(numbers)]
    return {"total_count": len(rows) if total is None else total, "repositories": rows}


NO_NUMBERS = ["7", None, True, 1.5, 2**63, 2**64 + 7, -7, 0]


@pytest.mark.parametrize("number", NO_NUMBERS, ids=repr)
def test_number_of_a_selection(mount, number):
    """Once the repository was left out, or -1 sent in its place."""
    m = mount()
    assert os.listdir(m.path / "orgs/acme/actions/secrets")
    policy = m.path / "orgs/acme/actions/access/PAGERDUTY_KEY/repositories"
    before = shared(m)
    m.github.fault(path=f"{SELECTED}/repositories", count=-1, body=selected(1, number))
    m.github.fault(path="/orgs/acme/repos", count=-1, body=selected(1, number)["repositories"])
    m.github.fault(path="/repos/acme/r*", count=-1, body={"id": number, "full_name": "acme/r1"})
    with fails("EPROTO"):
        put(m.path / "orgs/acme/actions/secrets/PAGERDUTY_KEY", b"value")
    with fails("EPROTO"):
        policy.read_text(encoding="ascii")
    for lines in ("r1", "+r1", "-r1", "".join(f"r{i}\n" for i in range(12))):
        with fails("EPROTO"):
            put(policy, lines.encode() + b"\n")
    assert shared(m) == before


def test_repository_of_another_number(mount):
    m = mount()
    policy = m.path / "orgs/acme/actions/access/PAGERDUTY_KEY/repositories"
    before = shared(m)
    web = m.github.api("GET", "/repos/acme/web")[2]["id"]
    infra = m.github.api("GET", "/repos/acme/infra")[2]["id"]
    m.github.fault(
        path=f"/repositories/{web}", count=-1, body={"id": infra, "full_name": "acme/infra"}
    )
    for line in (f"{web}\n", f"+{web}\n"):
        with fails("EPROTO"):
            put(policy, line.encode())
    assert shared(m) == before


TIMES = {"created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize("written", [False, True], ids=["listed", "written"])
@pytest.mark.parametrize(
    "said",
    [
        {"visibility": "internal"},
        {"visibility": "ALL"},
        {"visibility": None},
        {"visibility": ["all"]},
        {},
    ],
    ids=repr,
)
def test_visibility_that_is_none(mount, said, written):
    """Once what was known before was sent: another administrator's change was undone."""
    m = mount()
    secrets = m.path / "orgs/acme/actions/secrets"
    assert os.listdir(secrets)
    if written:
        put(secrets / "PAGERDUTY_KEY", b"first")
    before = shared(m)
    time.sleep(1.1)  # what was seen is believed for a second
    body = {"name": "PAGERDUTY_KEY", **TIMES, **said}
    m.github.fault(path=SELECTED, method="GET", count=-1, body=body)
    for _ in range(2):
        with fails("EPROTO"):
            put(secrets / "PAGERDUTY_KEY", b"value")
    assert shared(m) == before
    assert any("does not say who may use it" in line for line in m.errors())
    with fails("EPROTO"):
        (m.path / "orgs/acme/actions/access/PAGERDUTY_KEY/visibility").read_bytes()


def test_secret_of_another_name(mount):
    m = mount()
    secrets = m.path / "orgs/acme/actions/secrets"
    assert os.listdir(secrets)
    before = shared(m)
    time.sleep(1.1)
    other = {"name": "SONAR_TOKEN", "visibility": "all", **TIMES}
    m.github.fault(path=SELECTED, method="GET", count=-1, body=other)
    m.github.fault(path=OLD, method="GET", count=-1, body=other)
    with fails("EPROTO"):
        put(secrets / "PAGERDUTY_KEY", b"value")
    with fails("EPROTO"):
        os.stat(m.secrets / "NPM_TOKEN")
    assert shared(m) == before


def test_secret_in_another_case(mount):
    m = mount()
    m.github.fault(path=OLD, method="GET", count=-1, body={"name": "npm_token", **TIMES})
    assert exists(m.secrets / "NPM_TOKEN")
    assert m.github.requests("GET", OLD)


def test_name_with_nul(mount):
    m = mount()
    rows = [{"name": "GOOD"}, {"name": "BAD\0NAME"}]
    m.github.fault(path=LIST, body={"total_count": 2, "secrets": rows})
    assert os.listdir(m.secrets) == ["GOOD"]
    assert any("U+0000" in line and "BAD?NAME" in line for line in m.errors())


def test_secret_called_as_the_bulk_file(mount):
    """No secret of GitHub's can be; a staging file does not become one."""
    m = mount()
    rows = [{"name": ".env", **TIMES}]
    m.github.fault(path=LIST, count=-1, body={"total_count": 1, "secrets": rows})
    os.listdir(m.secrets)
    done = m.sh("echo A=1 > .new && mv .new .env")
    assert done.returncode == 1
    assert m.github.requests("PUT") == []


def test_unusable_key(mount):
    """Known when the file is opened, and said of the key."""
    m = mount()
    key = {"key_id": "1", "key": "A" * 43 + "="}
    m.github.fault(path=f"{LIST}/public-key", count=-1, body=key)
    with fails("EPROTO"):
        os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY | os.O_TRUNC)
    assert any("the server's public key is unusable" in line for line in m.errors())


class Front:
    """In front of a stand-in: its answers, but for changes, whose answers are these bytes."""

    def __init__(self, github):
        self._github = github
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self._socket.getsockname()[1]
        self.changes = []  # answers that are still to be given; the stand-in's afterwards
        threading.Thread(target=self._serve, daemon=True).start()

    def __getattr__(self, name):
        return getattr(self._github, name)

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, connection.makefile("rb") as lines:
            start = lines.readline().decode().split()
            fields = [line.decode().rstrip() for line in iter(lines.readline, b"\r\n")]
            headers = dict(field.split(": ", 1) for field in fields)
            body = lines.read(int(headers.get("Content-Length", 0)))
            if start[0] in ("PUT", "DELETE") and self.changes:
                connection.sendall(self.changes.pop(0))
                return
            kept = {k: v for k, v in headers.items() if k in ("Authorization", "User-Agent")}
            status, fields, content = self._github.http(start[0], start[1], body or None, kept)
            head = f"HTTP/1.1 {status} Status\r\nConnection: close\r\n"
            if status != 204:
                head += f"Content-Length: {len(content)}\r\n"
            head += "".join(f"{k}: {v}\r\n" for k, v in fields.items() if k == "Date")
            connection.sendall(head.encode() + b"\r\n" + content)

    def close(self):
        self._socket.close()


NO_ANSWERS = {
    "status line alone": b"HTTP/1.1 201 Created\r\n",
    "cut in a header": b"HTTP/1.1 204 No Content\r\nDate: Sat, 28 N",
    "cut behind a header": b"HTTP/1.1 204 No Content\r\nDate: Sat, 28 Nov 2026 09:00:00 GMT\r\n",
    "cut behind 100": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n",
    "100 alone": b"HTTP/1.1 100 Continue\r\n\r\n",
    "no status": b"HTTP/1.1 201X\r\nContent-Length: 0\r\n\r\n",
    "long status": b"HTTP/1.1 2010 X\r\nContent-Length: 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 201 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length past 64 bits": b"HTTP/1.1 201 X\r\nContent-Length: 18446744073709551618\r\n\r\nab",
}


@pytest.fixture
def front(github):
    made = Front(github)
    yield made
    made.close()


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_broken_answer(mount, front, answer):
    """Once these were taken for stored. As after a reset the value is sent again."""
    m = mount(server=front)
    m.warm()
    front.changes = [answer]
    put(m.secrets / "NPM_TOKEN", b"value")
    assert front.changes == []
    assert m.github.plaintext(OLD) == b"value"


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_nothing_but_broken_answers(mount, front, answer):
    m = mount(server=front, timeout=1)
    m.warm()
    front.changes = [answer] * 100
    assert m.sh("cp /proc/version NPM_TOKEN").returncode == 1
    assert m.github.writes(OLD) == 0


NO_CONTENT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\nContent-Length: 6\r\n\r\n<html>"


def test_a_page_without_content(mount, front):
    m = mount(server=front)
    m.warm()
    policy = m.path / "orgs/acme/actions/access/PAGERDUTY_KEY/repositories"
    assert policy.read_bytes()
    before = m.github.secrets()
    front.changes = [NO_CONTENT] * 100
    with fails("EPROTO"):
        put(m.secrets / "NPM_TOKEN", b"value")
    with fails("EPROTO"):
        os.unlink(m.secrets / WEB_SECRETS[0])
    for line in (b"web\n", b"+mobile-app\n", b"-api\n"):
        with fails("EPROTO"):
            put(policy, line)
    assert len(front.changes) == 95
    assert m.github.secrets() == before
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


def resident(m):
    with open(f"/proc/{m.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def seconds_worked(m):
    """Of the processor, which others may be busy with as well."""
    with open(f"/proc/{m.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


HOSTILE = {
    "rows": '{"total_count":1,"secrets":[' + "{}," * 2_000_000 + "{}]}",
    "one row": '{"total_count":1,"secrets":[{"name":"A","x":[' + "{}," * 2_000_000 + "{}]}]}",
    "beside": '{"x":[' + "[]," * 2_000_000 + '[]],"total_count":0,"secrets":{}}',
    "message": '{"message":[' + "{}," * 2_000_000 + "{}]}",
}


@pytest.mark.released("sanitizers take memory and time of their own")
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_structure(mount, body):
    """Two bytes that would become 700: six megabytes cost no more than a few times that."""
    m = mount(cache_ttl=0)
    assert os.listdir(m.secrets)
    before = resident(m)
    m.github.fault(path=LIST, body=body, status=200 if "message" not in body else 404)
    start = seconds_worked(m)
    with pytest.raises(OSError):
        os.listdir(m.secrets)
    assert seconds_worked(m) - start < 1
    wait_until(lambda: resident(m) - before < 2048, what="the memory to be given back")
