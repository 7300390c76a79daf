"""rm: a DELETE, whose error is rm's (contract §3.24, §3.25)."""

import concurrent.futures
import os
import time

import pytest

from kit.calls import exists, fails, opened, put
from kit.demo import LIST, WEB, WEB_SECRETS

OLD = f"{LIST}/NPM_TOKEN"
KEY = f"{LIST}/public-key"


@pytest.mark.parametrize(
    "command",
    ["rm NPM_TOKEN", "rm -f NPM_TOKEN", "unlink NPM_TOKEN", "find . -name NPM_TOKEN -delete"],
)
def test_remove(mount, command):
    m = mount()
    m.warm()
    done = m.sh(command)
    assert done.returncode == 0, done.stderr
    assert m.requests() == [f"DELETE {OLD}"]
    assert m.github.plaintext(OLD) is None
    assert not exists(m.secrets / "NPM_TOKEN")
    assert sorted(os.listdir(m.secrets)) == sorted(set(WEB_SECRETS) - {"NPM_TOKEN"})


def test_remove_by_another_spelling(mount):
    m = mount()
    assert m.sh("rm npm_token").returncode == 0
    assert m.github.plaintext(OLD) is None
    assert not exists(m.secrets / "NPM_TOKEN")


def test_remove_in_a_cold_directory(mount):
    m = mount()
    os.unlink(m.secrets / "NPM_TOKEN")
    assert m.github.plaintext(OLD) is None
    assert len(m.github.requests("DELETE")) == 1


def test_what_is_not_there(mount):
    m = mount()
    with fails("ENOENT"):
        os.unlink(m.secrets / "NO_SUCH_SECRET")
    assert m.sh("rm NO_SUCH_SECRET").returncode == 1
    assert m.sh("rm -f NO_SUCH_SECRET").returncode == 0
    assert not m.github.requests("DELETE")


def test_what_somebody_else_removed(mount):
    m = mount(cache_ttl=60)
    m.warm()
    m.github.api("DELETE", OLD)
    with fails("ENOENT"):
        os.unlink(m.secrets / "NPM_TOKEN")
    assert not exists(m.secrets / "NPM_TOKEN")
    assert "NPM_TOKEN" not in os.listdir(m.secrets)


def test_remove_twice(mount):
    m = mount()
    os.unlink(m.secrets / "NPM_TOKEN")
    with fails("ENOENT"):
        os.unlink(m.secrets / "NPM_TOKEN")
    assert len(m.github.requests("DELETE")) == 1


@pytest.mark.parametrize("first", ["NPM_TOKEN", "npm_token"])
@pytest.mark.parametrize("again", ["NPM_TOKEN", "npm_token", "Npm_Token"])
def test_written_again_by_another_spelling(mount, first, again):
    """The kernel still holds the other spellings of a name that was removed."""
    m = mount()
    for spelling in ("NPM_TOKEN", "npm_token", "Npm_Token"):
        os.stat(m.secrets / spelling)
    assert m.sh(f"rm {first} && echo again > {again}").returncode == 0
    assert m.github.plaintext(OLD) == b"again"
    assert exists(m.secrets / "NPM_TOKEN")


def test_a_removed_secret_is_another_file_when_it_comes_back(mount):
    m = mount()
    before = os.stat(m.secrets / "NPM_TOKEN").st_ino
    os.unlink(m.secrets / "NPM_TOKEN")
    put(m.secrets / "NPM_TOKEN", b"again")
    assert os.stat(m.secrets / "NPM_TOKEN").st_ino != before


def test_several_at_once(mount):
    m = mount()
    m.github.seed(repos=["acme/big"], secrets=40)
    directory = m.path / "repos/acme/big/actions/secrets"
    names = os.listdir(directory)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: os.unlink(directory / name), names))
    assert os.listdir(directory) == []
    assert len(m.github.requests("DELETE")) == 40


def test_remove_all(mount):
    m = mount()
    assert m.sh("rm *").returncode == 0
    assert os.listdir(m.secrets) == []
    assert not m.github.secrets().get(LIST)


def test_a_directory_stays(mount):
    m = mount()
    done = m.sh("rm -r secrets", cwd=m.secrets.parent)
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr
    assert os.listdir(m.secrets) == []
    assert exists(m.secrets)


@pytest.mark.parametrize("path", ["repos", "repos/acme/web", f"{WEB}"])
def test_rmdir(mount, path):
    with fails("EPERM"):
        os.rmdir(mount().path / path)


def test_removed_while_it_is_open(mount):
    """Who has it open still sees it."""
    m = mount()
    with opened(m.secrets / "NPM_TOKEN", os.O_WRONLY) as fd:
        os.unlink(m.secrets / "NPM_TOKEN")
        assert os.fstat(fd).st_nlink == 0
        assert not exists(m.secrets / "NPM_TOKEN")
    assert len(m.github.requests("DELETE", OLD)) == 1


# Programs that remove what they failed to write


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"method": "PUT", "status": 422}, "EINVAL"), ({"path": KEY, "status": 403}, "EACCES")],
    ids=["close", "open"],
)
def test_a_failed_write_is_not_finished_by_a_delete(mount, fault, error):
    """copyFile of Node, curl, and vim: the old value is whole, and they would lose it."""
    m = mount()
    os.listdir(m.secrets)
    m.github.fault(count=-1, **fault)
    with fails(error):
        put(m.secrets / "NPM_TOKEN", b"new")
    with fails(error):
        os.unlink(m.secrets / "NPM_TOKEN")
    assert m.github.requests("DELETE") == []
    assert "kept: " in m.errors()[-1]
    os.unlink(m.secrets / "DEPLOY_KEY")  # another one
    assert m.sh("rm SENTRY_DSN").returncode == 0
    time.sleep(1)
    os.unlink(m.secrets / "NPM_TOKEN")
    assert len(m.github.requests("DELETE")) == 3


def test_another_process_may_remove_it(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", status=422)
    with fails("EINVAL"):
        put(m.secrets / "NPM_TOKEN", b"new")
    assert m.sh("rm NPM_TOKEN").returncode == 0


LOST_ANSWERS = {
    "a reset": {"action": "reset-after", "count": -1},
    "a timeout": {"action": "hang", "after": True, "count": -1},
}


@pytest.mark.parametrize("fault", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
def test_what_may_be_stored_is_removed(mount, fault, is_open):
    """The answer to the PUT was lost: nobody knows that the server has nothing of the name."""
    m = mount(timeout=3, cache_ttl=60)
    m.warm()
    m.github.fault(method="PUT", path=f"{LIST}/NEW", **fault)
    fd = os.open(m.secrets / "NEW", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"value")
    with fails("EIO", "ETIMEDOUT"):
        os.fsync(fd)
    assert m.github.plaintext(f"{LIST}/NEW") == b"value"
    if not is_open:
        os.close(fd)
    os.unlink(m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") is None
    if is_open:
        os.close(fd)


def test_what_may_be_stored_and_was_not_is_removed_too(mount):
    m = mount(timeout=3)
    m.warm()
    m.github.fault(method="PUT", path=f"{LIST}/NEW", action="reset-before", count=-1)
    with opened(m.secrets / "NEW") as fd:
        os.write(fd, b"value")
        with fails("EIO", "ETIMEDOUT"):
            os.fsync(fd)
        os.unlink(m.secrets / "NEW")
    assert not exists(m.secrets / "NEW")


def test_what_may_be_stored_is_not_gone_because_it_is_not_shown(mount):
    """The server answers 404 to a token that has lost its permission, too."""
    m = mount(timeout=3, cache_ttl=60)
    m.warm()
    m.github.fault(method="PUT", path=f"{LIST}/NEW", action="reset-after", count=-1)
    with opened(m.secrets / "NEW") as fd:
        os.write(fd, b"value")
        with fails("EIO", "ETIMEDOUT"):
            os.fsync(fd)
        m.github.fault(path=f"{LIST}*", status=404, count=-1)
        with fails("EACCES"):
            os.unlink(m.secrets / "NEW")
        m.github.clear_faults()
        os.unlink(m.secrets / "NEW")
    assert m.github.plaintext(f"{LIST}/NEW") is None


def test_a_repeated_delete_is_not_done_because_nothing_is_shown(mount):
    m = mount(cache_ttl=60)
    m.warm()
    m.github.fault(method="DELETE", status=502)
    m.github.fault(path=f"{LIST}*", status=404, count=-1)
    with fails("EACCES"):
        os.unlink(m.secrets / "NPM_TOKEN")
    m.github.clear_faults()
    assert exists(m.secrets / "NPM_TOKEN")
    assert any("perhaps not deleted" in line for line in m.errors())
