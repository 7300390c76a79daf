"""What goes over the wire, and how often."""

import json
import os

import pytest

from kit.calls import fails, put
from kit.demo import LIST, WEB, WEB_SECRETS
from kit.standin import TOKEN


def test_mounting_checks_the_token_once(mount):
    m = mount()
    assert m.requests() == ["GET /user"]


def test_headers(mount):
    m = mount()
    put(m.secrets / "NEW", b"value")
    for request in m.github.journal():
        headers = request["headers"]
        assert headers["authorization"] in (f"Bearer {TOKEN}", f"token {TOKEN}")
        assert headers["accept"] == "application/vnd.github+json"
        assert headers["user-agent"].startswith("ghsecretfs/")
        assert headers["x-github-api-version"] == "2026-03-10"


def test_api_version(mount):
    m = mount(api_version="2022-11-28")
    os.listdir(m.secrets)
    versions = {r["headers"].get("x-github-api-version") for r in m.github.journal()}
    assert versions == {"2022-11-28"}


def test_an_unknown_api_version_is_dropped(mount, github):
    github.config(api_versions=["2022-11-28"])
    m = mount()
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    put(m.secrets / "NEW", b"value")
    statuses = [r["status"] for r in github.journal()]
    assert statuses.count(400) == 1
    assert "x-github-api-version" not in github.journal()[-1]["headers"]


def test_a_warm_write_is_one_request(mount):
    m = mount()
    m.warm()
    for name in ("NEW", "NPM_TOKEN"):
        m.github.clear_journal()
        assert m.sh(f"echo value > {name}").returncode == 0
        assert m.requests() == [f"PUT {LIST}/{name}"]


def test_a_cold_write_asks_for_listing_and_key_together(mount):
    m = mount()
    os.stat(m.secrets)
    m.github.config(latency_ms=50)
    m.github.clear_journal()
    with open(m.secrets / "NEW", "xb", buffering=0) as file:
        file.write(b"value")
    requests = m.requests()
    assert requests[-1] == f"PUT {LIST}/NEW"
    assert sorted(requests[:-1]) == [
        f"GET {LIST}",
        f"GET {LIST}/NEW",
        f"GET {LIST}/public-key",
    ]
    assert max(r["in_flight"] for r in m.github.journal()) == 3


def test_a_cold_overwrite_of_an_organizations_secret_needs_no_listing(mount):
    m = mount()
    directory = m.path / "orgs/acme/actions/secrets"
    os.stat(directory)
    m.github.clear_journal()
    put(directory / "SONAR_TOKEN", b"value")
    requests = m.requests()
    assert requests[-1] == "PUT /orgs/acme/actions/secrets/SONAR_TOKEN"
    assert sorted(requests[:-1]) == [
        "GET /orgs/acme/actions/secrets/SONAR_TOKEN",
        "GET /orgs/acme/actions/secrets/public-key",
    ]


def test_the_key_is_asked_for_once(mount):
    m = mount(cache_ttl=0)
    for number in range(5):
        put(m.secrets / f"NEW_{number}", b"value")
    assert len(m.github.requests("GET", f"{LIST}/public-key")) == 1


def test_the_body_of_a_put(mount):
    m = mount()
    put(m.secrets / "NEW", b"the-value-itself")
    (request,) = m.github.requests("PUT")
    body = json.loads(request["body"])
    assert sorted(body) == ["encrypted_value", "key_id"]
    assert "the-value-itself" not in str(m.github.journal())


def test_one_value_is_never_sealed_twice_alike(mount):
    m = mount()
    for _ in range(2):
        put(m.secrets / "NEW", b"value")
    bodies = [r["body"] for r in m.github.requests("PUT")]
    assert len(set(bodies)) == 2


def test_connections_are_kept(mount):
    m = mount()
    m.warm()
    opened = m.status()["connections"].split()[0]
    for number in range(5):
        put(m.secrets / f"NEW_{number}", b"value")
        os.unlink(m.secrets / f"NEW_{number}")
    assert m.status()["connections"].split()[0] == opened
    assert opened in ("1", "2")  # without HTTP/2, requests at once need one each


def test_a_path_is_encoded_once(mount):
    m = mount()
    m.github.seed(repos=["acme/a.b_c-d"], secrets=1)
    assert os.listdir(m.path / "repos/acme/a.b_c-d/actions/secrets") == ["SECRET_0001"]
    assert all("%25" not in r["path"] for r in m.github.journal())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_redirect_elsewhere_takes_no_token_along(mount, new_github, scheme):
    m = mount()
    other = new_github()
    os.stat(m.secrets)
    target = f"{scheme}://127.0.0.1:{other.port}/{WEB}/NEW"
    m.github.fault(method="PUT", count=-1, status=307, headers={"Location": target})
    with fails("EPROTO"):
        put(m.secrets / "NEW", b"value")
    assert other.journal() == []


def test_redirects_in_a_circle_end(mount):
    m = mount()
    os.stat(m.secrets)
    m.github.fault(path=LIST, count=-1, status=301, headers={"Location": f"{m.github.url}{LIST}"})
    m.github.clear_journal()
    with fails("EPROTO"):
        os.listdir(m.secrets)
    assert len(m.github.journal()) < 12
