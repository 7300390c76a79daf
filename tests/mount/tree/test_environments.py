"""Secrets of environments, and environments of all names (contract §2.6)."""

import json
import os
import urllib.parse

import pytest

from kit.calls import exists, fails, put

ENVIRONMENTS = "repos/acme/web/environments"

# name, and its directory
NAMES = [
    ("eu/prod", "eu%2Fprod"),
    ("a b", "a b"),
    ("100%", "100%25"),
    ("eu%2Fprod", "eu%252Fprod"),
    ("Größe", "Größe"),
    ("日本", "日本"),
    (".", "%2E"),
    ("..", "%2E%2E"),
    ("...", "..."),
    (".hidden", ".hidden"),
    ("../../secrets", "..%2F..%2Fsecrets"),
    ("/", "%2F"),
    ("a//b/", "a%2F%2Fb%2F"),
    ("x?y=1&z#w+v", "x?y=1&z#w+v"),
    ("tab\tname", "tab%09name"),
    ("-rf", "-rf"),
    ("*", "*"),
    ("secrets", "secrets"),
    ("public-key", "public-key"),
    ("\\a;b", "\\a;b"),
]
IDS = [directory for _, directory in NAMES]


def on_the_wire(name):
    """A part of a path, percent-encoded once."""
    if name in (".", ".."):
        return "%2E" * len(name)
    return urllib.parse.quote(name, safe="")


def scope(name):
    return f"/{ENVIRONMENTS}/{on_the_wire(name)}/secrets"


def test_listing(mount):
    m = mount()
    assert sorted(os.listdir(m.path / ENVIRONMENTS)) == ["eu%2Fprod", "production", "staging"]
    assert os.listdir(m.path / ENVIRONMENTS / "staging") == ["secrets"]
    assert len(os.listdir(m.path / ENVIRONMENTS / "production/secrets")) == 3
    assert os.listdir(m.path / "repos/acme/api/environments") == []


@pytest.mark.parametrize("tool", ["echo value > NEW", "cp {file} NEW", "tee NEW < {file}"])
def test_write_and_remove(mount, tmp_path, tool):
    (tmp_path / "value").write_bytes(b"value\n")
    m = mount()
    directory = m.path / ENVIRONMENTS / "production/secrets"
    before = sorted(os.listdir(directory))
    done = m.sh(tool.format(file=tmp_path / "value"), cwd=directory)
    assert done.returncode == 0, done.stderr
    assert m.github.plaintext(f"{scope('production')}/NEW") == b"value"
    assert sorted(os.listdir(directory)) == sorted([*before, "NEW"])
    assert m.sh("rm NEW", cwd=directory).returncode == 0
    assert m.github.plaintext(f"{scope('production')}/NEW") is None
    assert sorted(os.listdir(directory)) == before
    changes = [f"{r['method']} {r['path']}" for r in m.github.journal() if r["method"] != "GET"]
    assert changes == [f"PUT {scope('production')}/NEW", f"DELETE {scope('production')}/NEW"]


def test_cp_into_eu_prod(mount, tmp_path):
    (tmp_path / "value").write_bytes(b"value")
    m = mount()
    done = m.sh(f"cp {tmp_path}/value '{ENVIRONMENTS}/eu%2Fprod/secrets/X'", cwd=m.path)
    assert done.returncode == 0, done.stderr
    assert m.github.secrets()[f"/{ENVIRONMENTS}/eu%2Fprod/secrets"]["X"]["value"] == b"value"
    (request,) = m.github.requests("PUT")
    assert request["path"] == f"/{ENVIRONMENTS}/eu%2Fprod/secrets/X"


@pytest.mark.parametrize("name, directory", NAMES, ids=IDS)
@pytest.mark.parametrize("cold", [False, True], ids=["listed", "by name"])
def test_names(mount, name, directory, cold):
    m = mount()
    m.github.seed(repo="acme/web", environment=name, secrets=2)
    secrets = m.path / ENVIRONMENTS / directory / "secrets"
    if not cold:
        assert directory in os.listdir(m.path / ENVIRONMENTS)
    put(secrets / "X", b"value")
    assert m.github.plaintext(f"{scope(name)}/X") == b"value"
    (request,) = m.github.requests("PUT")
    assert request["path"] == f"{scope(name)}/X"
    assert "X" in os.listdir(secrets) and "SECRET_0001" in os.listdir(secrets)
    os.unlink(secrets / "X")
    assert m.github.plaintext(f"{scope(name)}/X") is None
    paths = [r["path"].split("?")[0] for r in m.github.journal()]
    inside = [path for path in paths if path.startswith(f"/{ENVIRONMENTS}/")]
    assert inside
    assert all(path.startswith(f"/{ENVIRONMENTS}/{on_the_wire(name)}") for path in inside)
    missing = {r["path"] for r in m.github.journal() if r["status"] >= 400}
    assert missing <= {f"{scope(name)}/X"}  # before it was made


def test_an_environment_named_dots_does_no_harm(mount):
    m = mount()
    for name in (".", "..", "../..", "../../actions"):
        m.github.seed(repo="acme/web", environment=name, secrets=1)
    before = m.github.secrets()
    environments = m.path / ENVIRONMENTS
    assert {"%2E", "%2E%2E", "..%2F..", "..%2F..%2Factions"} <= set(os.listdir(environments))
    for listed in os.listdir(environments):
        put(environments / listed / "secrets/X", listed.encode())
        put(environments / listed / "secrets/NPM_TOKEN", listed.encode())
    after = m.github.secrets()
    for path, secrets in before.items():
        if not path.startswith(f"/{ENVIRONMENTS}/"):
            assert after[path] == secrets, path
    assert os.path.samefile(environments / "..", m.path / "repos/acme/web")
    done = m.sh("shopt -s dotglob; rm */secrets/X */secrets/NPM_TOKEN", cwd=environments)
    assert done.returncode == 0, done.stderr
    assert m.github.secrets() == before
    done = m.sh("find . -name SECRET_0001", cwd=m.path / "repos/acme/web")
    assert done.returncode == 0 and done.stdout.count("\n") == 4


@pytest.mark.parametrize("name", ["%2e%2E", "eu%2fprod"])
def test_digits_of_an_encoded_name_have_no_case(mount, name):
    m = mount()
    m.github.seed(repo="acme/web", environment="..")
    assert exists(m.path / ENVIRONMENTS / name / "secrets")


@pytest.mark.parametrize("name", ["prod%75ction", "%70roduction", "production%", "%", "%00", "%zz"])
def test_other_spellings_are_not_there(mount, name):
    m = mount()
    os.stat(m.path / ENVIRONMENTS)
    m.github.clear_journal()
    with fails("ENOENT"):
        os.stat(m.path / ENVIRONMENTS / name)
    assert m.requests() == []


def test_names_have_no_case(mount):
    m = mount()
    environments = m.path / ENVIRONMENTS
    assert os.path.samefile(environments / "PRODUCTION", environments / "production")
    assert os.path.samefile(environments / "EU%2FPROD", environments / "eu%2Fprod")
    put(environments / "Production/secrets/new", b"value")
    assert m.github.plaintext(f"{scope('production')}/NEW") == b"value"
    assert sorted(os.listdir(environments)) == ["eu%2Fprod", "production", "staging"]


def test_a_missing_environment(mount):
    m = mount()
    os.stat(m.path / ENVIRONMENTS)
    m.github.clear_journal()
    assert not exists(m.path / ENVIRONMENTS / "nowhere")
    assert m.requests() == [f"GET /{ENVIRONMENTS}/nowhere"]
    with fails("ENOENT"):
        put(m.path / ENVIRONMENTS / "nowhere/secrets/X", b"value")


def test_environments_are_not_made_here(mount):
    m = mount()
    with fails("EPERM"):
        os.mkdir(m.path / ENVIRONMENTS / "new")
    with fails("EPERM"):
        os.rmdir(m.path / ENVIRONMENTS / "staging")
    assert {r["method"] for r in m.github.journal()} == {"GET"}


def test_each_has_a_key_of_its_own(mount):
    m = mount()
    for name in ("production", "staging", "eu/prod"):
        directory = name.replace("/", "%2F")
        put(m.path / ENVIRONMENTS / directory / "secrets/X", name.encode())
        put(m.path / ENVIRONMENTS / directory / "secrets/Y", name.encode())
        assert m.github.plaintext(f"{scope(name)}/X") == name.encode()
        assert len(m.github.requests("GET", f"{scope(name)}/public-key")) == 1
    put(m.secrets / "X", b"repository")
    ids = {json.loads(r["body"])["key_id"] for r in m.github.requests("PUT")}
    assert len(ids) == 4


def test_limit(mount):
    m = mount()
    m.github.seed(repo="acme/web", environment="full", secrets=100)
    directory = m.path / ENVIRONMENTS / "full/secrets"
    os.listdir(directory)
    numbers = os.statvfs(directory)
    assert (numbers.f_files, numbers.f_ffree) == (100, 0)
    with fails("EDQUOT"):
        put(directory / "NEW", b"value")
    put(directory / "SECRET_0001", b"value")
    assert len(m.github.requests("PUT")) == 1


def test_a_name_too_long_is_told(mount):
    m = mount()
    m.github.seed(repo="acme/web", environment="/" * 100)
    m.github.seed(repo="acme/web", environment="é" * 127)
    listed = os.listdir(m.path / ENVIRONMENTS)
    assert sorted(listed) == sorted(["eu%2Fprod", "production", "staging", "é" * 127])
    assert any(ENVIRONMENTS in line for line in m.errors())


@pytest.mark.undescribed("two environments that GitHub takes for one")
def test_of_two_without_case_one_is_shown(mount):
    m = mount()
    rows = [{"id": number, "name": name} for number, name in enumerate(("dev", "DEV", ""), 1)]
    m.github.fault(path=f"/{ENVIRONMENTS}", body={"total_count": 3, "environments": rows})
    assert os.listdir(m.path / ENVIRONMENTS) == ["dev"]
    assert any("DEV" in line for line in m.errors())


def test_many_environments_cost_pages(mount):
    m = mount()
    m.github.seed(repo="acme/big", environments_count=130)
    directory = m.path / "repos/acme/big/environments"
    os.stat(directory)
    m.github.clear_journal()
    assert m.sh("ls -l", cwd=directory).stdout.count(" env-") == 130
    assert len(m.requests()) == 2
    m.github.clear_journal()
    done = m.sh("ls -lR", cwd=directory)
    assert done.returncode == 0, done.stderr
    assert len(m.requests()) == 130  # each has a listing of secrets


def test_a_listing_that_fails(mount):
    m = mount()
    os.stat(m.path / ENVIRONMENTS)
    m.github.fault(method="GET", path=f"/{ENVIRONMENTS}", status=403, count=-1)
    with fails("EACCES"):
        os.listdir(m.path / ENVIRONMENTS)


@pytest.mark.parametrize("name", ["eu%2Fprod", "production"])
def test_mounted_alone(mount, name):
    m = mount(f"{ENVIRONMENTS}/{name}/secrets")
    put(m.path / "X", b"value")
    assert m.github.plaintext(f"/{ENVIRONMENTS}/{name}/secrets/X") == b"value"
