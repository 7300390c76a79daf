"""The check against GitHub's OpenAPI description: has it all, and sees what is wrong."""

import base64
import json

import pytest

from kit.demo import LIST, WHEN, secrets_body

# All that the reference of "REST API endpoints for GitHub Actions Secrets" lists.
ENDPOINTS = [
    ("GET", "/orgs/{org}/actions/secrets"),
    ("GET", "/orgs/{org}/actions/secrets/public-key"),
    ("GET", "/orgs/{org}/actions/secrets/{secret_name}"),
    ("PUT", "/orgs/{org}/actions/secrets/{secret_name}"),
    ("DELETE", "/orgs/{org}/actions/secrets/{secret_name}"),
    ("GET", "/orgs/{org}/actions/secrets/{secret_name}/repositories"),
    ("PUT", "/orgs/{org}/actions/secrets/{secret_name}/repositories"),
    ("PUT", "/orgs/{org}/actions/secrets/{secret_name}/repositories/{repository_id}"),
    ("DELETE", "/orgs/{org}/actions/secrets/{secret_name}/repositories/{repository_id}"),
    ("GET", "/repos/{owner}/{repo}/actions/organization-secrets"),
    ("GET", "/repos/{owner}/{repo}/actions/secrets"),
    ("GET", "/repos/{owner}/{repo}/actions/secrets/public-key"),
    ("GET", "/repos/{owner}/{repo}/actions/secrets/{secret_name}"),
    ("PUT", "/repos/{owner}/{repo}/actions/secrets/{secret_name}"),
    ("DELETE", "/repos/{owner}/{repo}/actions/secrets/{secret_name}"),
    ("GET", "/repos/{owner}/{repo}/environments/{environment_name}/secrets"),
    ("GET", "/repos/{owner}/{repo}/environments/{environment_name}/secrets/public-key"),
    ("GET", "/repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}"),
    ("PUT", "/repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}"),
    ("DELETE", "/repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}"),
]

VERSION = "2026-03-10"
HEADERS = {
    "accept": "application/vnd.github+json",
    "user-agent": "ghsecretfs/1",
    "x-github-api-version": VERSION,
}
JSON = {"content-type": "application/json"}
ORGANIZATION_LIST = "/orgs/acme/actions/secrets"
BOX = base64.b64encode(bytes(50)).decode()
PUT_BODY = {"encrypted_value": BOX, "key_id": "1"}
ERROR = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}

SECRET = secrets_body(["A"])["secrets"][0]
ORGANIZATION_SECRET = {**SECRET, "visibility": "private"}


def entry(what="GET", path=LIST, status=200, answer=None, body=None, **changes):
    """A journal's entry; headers are added, and those that are None removed."""
    headers = {**HEADERS, **(JSON if body is not None else {}), **changes.pop("headers", {})}
    text = "" if answer is None else answer if isinstance(answer, str) else json.dumps(answer)
    made = {
        "n": 1,
        "method": what,
        "path": path,
        "headers": {name: value for name, value in headers.items() if value is not None},
        "body": "" if body is None else body if isinstance(body, str) else json.dumps(body),
        "status": status,
        "response_headers": {"Content-Type": "application/json; charset=utf-8"} if text else {},
        "response_body": text,
        "response_size": len(text.encode()),
        "fault": None,
    }
    made.update(changes)
    return made


def listing(**changes):
    return entry(answer=secrets_body(["A"]), **changes)


def put(body=None, path=f"{LIST}/A", **changes):
    return entry("PUT", path, body=PUT_BODY if body is None else body, **{"status": 204, **changes})


def environment(name):
    path = f"/repos/acme/web/environments/{name}/secrets"
    return entry(path=path, answer=secrets_body(["A"]))


def organization_put(**members):
    return put({**PUT_BODY, **members}, path=f"{ORGANIZATION_LIST}/A")


FINE = {
    "listing": listing(path=LIST + "?per_page=100&page=2"),
    "enterprise": listing(path="/api/v3" + LIST),
    "numbered": listing(path="/repositories/7/actions/secrets?page=2"),
    "numbered organization": entry(path="/organizations/7/repos", answer=[]),
    "not modified": entry(status=304, headers={"if-none-match": '"x"'}),
    "moved": entry(status=301, answer=ERROR),
    "missing": entry(status=404, answer=ERROR),
    "limited": entry(status=429, answer=ERROR),
    "no server": entry(
        status=502, answer="<html>", response_headers={"Content-Type": "text/html"}
    ),
    "not answered": entry(status=0),
    "created": put(status=201, answer={}),
    "updated": put(),
    "refused": put(status=422, answer=ERROR),
    "another's answer": entry(status=299, answer="nonsense", fault=1),
    "in part": entry(answer='{"total_count": 1, "se', response_size=10**6),
    "removed": entry("DELETE", f"{LIST}/A", status=204),
    "encoded name": environment("eu%2Fprod%20%C3%A9"),
    "dots": environment("%2E%2E"),
    "organization": entry(
        path=f"{ORGANIZATION_LIST}/A", answer={**ORGANIZATION_SECRET, "visibility": "all"}
    ),
    "visibility": organization_put(visibility="selected", selected_repository_ids=[1, 2]),
    "set": put({"selected_repository_ids": []}, path=f"{ORGANIZATION_LIST}/A/repositories"),
    "add": entry(
        "PUT",
        f"{ORGANIZATION_LIST}/A/repositories/7",
        status=204,
        headers={"content-length": "0"},
    ),
    "conflict": entry("DELETE", f"{ORGANIZATION_LIST}/A/repositories/7", status=409),
    "conflict in words": entry(
        "DELETE", f"{ORGANIZATION_LIST}/A/repositories/7", status=409, answer=ERROR
    ),
    "a peer": listing(headers={"user-agent": "GitHub CLI 2.23.0", "accept": "*/*"}),
}

WRONG = {
    # Requests
    "path": (entry(path="/repos/acme/web/actions/secret"), "no such path"),
    "slash": (entry(path=LIST + "/"), "no such path"),
    "empty part": (entry(path="/repos//web"), "no such path"),
    "method": (entry("POST", f"{LIST}/A"), "GET and PUT and DELETE only"),
    "query": (listing(path=LIST + "?perpage=100"), "no parameter 'perpage'"),
    "query's type": (listing(path=LIST + "?page=two"), "'two' is no integer"),
    "query's choice": (entry(path="/orgs/acme/repos?type=own", answer=[]), "'own' is none of"),
    "page size": (listing(path=LIST + "?per_page=101"), "101 is not in 1 to 100"),
    "page": (listing(path=LIST + "?page=0"), "0 is no page"),
    "query twice": (listing(path=LIST + "?page=1&page=2"), "there twice"),
    "path's type": (
        entry("DELETE", f"{ORGANIZATION_LIST}/A/repositories/web", status=204),
        "'web' is no integer",
    ),
    "no body": (entry("PUT", f"{LIST}/A", status=204), "it has no body"),
    "a body": (listing(body={}), "it has a body"),
    "no JSON": (put("encrypted_value=x"), "no JSON"),
    "member twice": (put(json.dumps(PUT_BODY)[:-1] + ', "key_id": "2"}'), "twice"),
    "missing member": (put({"encrypted_value": BOX}), "'key_id' is a required property"),
    "unknown member": (put({**PUT_BODY, "visibility": "all"}), "'visibility' was unexpected"),
    "member's type": (put({**PUT_BODY, "key_id": 1}), ".key_id: 1 is not of type 'string'"),
    "no base64": (put({**PUT_BODY, "encrypted_value": "a_b="}), ".encrypted_value"),
    "no object": (put([]), "it: [] is not of type 'object'"),
    "content type": (put(headers={"content-type": None}), "the content type is missing"),
    "a form": (put(headers={"content-type": "text/plain"}), "the content type is text/plain"),
    "no visibility": (organization_put(), "'visibility' is a required property"),
    "visibility": (organization_put(visibility="some"), "'some' is not one of"),
    "ids": (
        organization_put(visibility="selected", selected_repository_ids=[1, 1.5]),
        ".selected_repository_ids[1]: 1.5 is not of type 'integer'",
    ),
    "no value": (
        put({"visibility": "all", "key_id": "1"}, path=f"{ORGANIZATION_LIST}/A"),
        "'encrypted_value' is a required property",
    ),
    "no key": (
        put({"visibility": "all", "encrypted_value": BOX}, path=f"{ORGANIZATION_LIST}/A"),
        "'key_id' is a required property",
    ),
    "no ids": (
        put({}, path=f"{ORGANIZATION_LIST}/A/repositories"),
        "'selected_repository_ids' is a required property",
    ),
    "no length": (
        entry("PUT", f"{ORGANIZATION_LIST}/A/repositories/7", status=204),
        "needs Content-Length: 0",
    ),
    "user agent": (listing(headers={"user-agent": None}), "no User-Agent"),
    "accept": (listing(headers={"accept": "*/*"}), "Accept is '*/*'"),
    "version": (listing(headers={"x-github-api-version": None}), "X-GitHub-Api-Version"),
    "raw slash": (environment("eu/prod"), "no such path"),
    "raw plus": (environment("eu+prod"), "how a path is encoded"),
    "raw dots": (environment(".."), "how a path is encoded"),
    "lower case": (environment("eu%2fprod"), "how a path is encoded"),
    "needless": (environment("%65u"), "how a path is encoded"),
    "half": (environment("eu%2"), "how a path is encoded"),
    # Answers
    "status": (entry(status=202), "answer 202: only 200 are described"),
    "unasked 304": (entry(status=304), "nobody asked"),
    "conflict": (put(status=409, answer=ERROR), "only 201, 204 are described"),
    "422 without a body": (entry(status=422, answer=ERROR), "only 200 are described"),
    "empty": (entry(), "the content type is missing"),
    "not empty": (put(answer={}), "it has a body, and should have none"),
    "created what": (put(status=201, answer={"name": "A"}), "'name' was unexpected"),
    "HTML": (listing(response_headers={"Content-Type": "text/html"}), "is text/html"),
    "garbage": (entry(answer="{"), "no JSON"),
    "no count": (entry(answer={"secrets": []}), "'total_count' is a required property"),
    "count": (entry(answer={"total_count": "1", "secrets": []}), ".total_count: '1' is not"),
    "no time": (
        entry(answer={"total_count": 1, "secrets": [{"name": "A", "created_at": WHEN}]}),
        ".secrets[0]: 'updated_at' is a required property",
    ),
    "a value": (
        entry(path=f"{LIST}/A", answer={**SECRET, "value": "x"}),
        "'value' was unexpected",
    ),
    "null": (entry(path=f"{LIST}/A", answer={**SECRET, "name": None}), ".name: None is not"),
    "whose": (
        entry(path=f"{ORGANIZATION_LIST}/A", answer=SECRET),
        "'visibility' is a required property",
    ),
    "key": (
        entry(path=LIST + "/public-key", answer={"key_id": 1, "key": "x"}),
        ".key_id: 1 is not of type 'string'",
    ),
    "error": (entry(status=404, answer={"error": "no"}), "'error' was unexpected"),
}


@pytest.mark.parametrize("enterprise", [False, True], ids=["github.com", "enterprise"])
def test_all_endpoints_are_described(openapi, enterprise):
    assert len(set(ENDPOINTS)) == 20
    described = openapi.description(enterprise).operations()
    assert set(ENDPOINTS) <= described
    # The others are only asked.
    assert {method for method, _ in described - set(ENDPOINTS)} == {"GET"}


@pytest.mark.parametrize("name", FINE)
def test_fine(openapi, name):
    assert openapi.problems([FINE[name]]) == []


@pytest.mark.parametrize("name", WRONG)
def test_wrong(openapi, name):
    wrong, said = WRONG[name]
    found = openapi.problems([wrong])
    assert len(found) == 1, found
    assert found[0].startswith(f"1: {wrong['method']} {wrong['path']}: ")
    assert said in found[0]


def test_an_answer_that_was_fine_once_is_not_fine_everywhere(openapi):
    fine = listing()
    assert openapi.problems([fine, {**fine, "path": LIST + "/A"}, {**fine, "status": 201}]) != []
    assert openapi.problems([{**fine, "response_headers": {}}]) != []


def test_a_version_that_was_refused_is_left_out(openapi):
    refused = entry(status=400, answer=ERROR)
    without = listing(headers={"x-github-api-version": None})
    assert openapi.problems([refused, without]) == []
    assert len(openapi.problems([without, refused])) == 1


def test_a_path_out_of_a_redirect_is_taken_as_it_is(openapi):
    moved = entry(status=307, answer=ERROR)
    moved["response_headers"]["Location"] = "a+b"
    there = entry(path=f"{LIST}/a+b", status=404, answer=ERROR)
    assert openapi.problems([moved, there]) == []
    assert len(openapi.problems([there, moved])) == 1


REPOSITORY_CHANGES = {
    "none": ({}, None),
    "null": ({"description": None}, None),
    "wrong null": ({"full_name": None}, "[0].full_name: None is not of type 'string'"),
    "type": ({"id": "1"}, "[0].id: '1' is not of type 'integer'"),
    "new": ({"secret": "x"}, "[0]: Additional properties are not allowed ('secret' was"),
    "deep": ({"owner": {"login": "acme"}}, "[0].owner: 'avatar_url' is a required property"),
    "what a later version took away": ({"has_downloads": True}, "('has_downloads' was"),
}


@pytest.mark.parametrize("name", REPOSITORY_CHANGES)
def test_a_changed_answer(openapi, github, name):
    changes, said = REPOSITORY_CHANGES[name]
    repositories = github.api("GET", "/orgs/acme/repos", headers=HEADERS)[2]
    repositories[0].update(changes)
    found = openapi.problems([entry(path="/orgs/acme/repos", answer=repositories)])
    if said:
        assert said in found[0]
    else:
        assert found == []


def test_what_an_older_version_has(openapi, github):
    repositories = github.api("GET", "/orgs/acme/repos", headers=HEADERS)[2]
    repositories[0]["has_downloads"] = True
    older = {"x-github-api-version": "2022-11-28"}
    was = entry(path="/orgs/acme/repos", answer=repositories, headers=older)
    assert openapi.problems([was]) == []


def test_a_changed_account(openapi, github):
    account = github.api("GET", "/user", headers=HEADERS)[2]
    assert openapi.problems([entry(path="/user", answer=account)]) == []
    for changes in ({"id": "1"}, {"secret": 1}, {"type": None}):
        assert openapi.problems([entry(path="/user", answer={**account, **changes})]) != []


@pytest.mark.undescribed("asks for what there is not")
def test_a_real_journal(openapi, github):
    github.api("GET", LIST)
    github.clear_journal()
    github.api("GET", "/gists")
    assert [r["path"] for r in github.forgotten] == [LIST]
    assert openapi.problems(github.forgotten) == []
    assert openapi.problems(github.journal()) == ["2: GET /gists: there is no such path"]


@pytest.mark.undescribed("answers what is not described")
def test_a_real_answer(openapi, github):
    github.fault(path=LIST, status=202)
    assert github.api("GET", LIST)[0] == 202
    [faulted] = github.journal()
    assert openapi.problems([faulted]) == []
    assert len(openapi.problems([{**faulted, "fault": None}])) == 1
