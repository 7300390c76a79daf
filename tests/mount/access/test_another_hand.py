"""What another administrator did is never undone by what nobody wrote (contract §3.20, §4)."""

import concurrent.futures
import os
import time

import pytest

from access.one_secret import LIST, PAGERDUTY, STORE
from kit.calls import exists, fails, put

LATER = {"status": 500, "headers": {"Retry-After": "2"}}


def other_hand(a, visibility, repositories=0):
    """Another administrator makes the secret, or changes who may use it; what it is then."""
    selected = {"selected_repos": repositories} if repositories else {}
    a.github.seed(org="acme", org_secret=a.name, visibility=visibility, **selected)
    return policy(a)


def policy(a):
    stored = a.stored()
    return stored["visibility"], sorted(stored.get("selected_repository_ids") or [])


def told(a):
    return [line for line in a.mount.errors() if "prepared" in line]


def write(a, way="echo"):
    ways = {
        "echo": f"echo new > {a.name}",
        "bulk": f"echo {a.name}=new > .env",
        "staged": f"echo new > .staged && mv -f .staged {a.name}",
    }
    done = a.mount.sh(ways[way], cwd=a.secret.parent)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert a.github.plaintext(f"{LIST}/{a.name}") == b"new"


def between_tries(a, act):
    """What act() gives, which is called when a PUT of the secret has failed once."""
    a.github.fault(method="PUT", path=f"{LIST}/{a.name}", **LATER)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        writing = pool.submit(write, a)
        a.github.wait_for(lambda journal: any(r["method"] == "PUT" for r in journal))
        result = act()
        writing.result(timeout=30)
    return result


# Prepared policies


@pytest.mark.parametrize("way", ["echo", "bulk", "staged"])
@pytest.mark.parametrize("ttl", [0, 60])
@pytest.mark.parametrize("looks", [False, True])
def test_what_is_prepared_is_for_the_put_that_creates(access, way, ttl, looks):
    a = access("NEW", cache_ttl=ttl)
    os.mkdir(a.path)
    theirs = other_hand(a, "selected", 3)
    time.sleep(1.1)
    if looks:
        a.mount.sh(f"ls -l secrets access; cat access/{a.name}/visibility", cwd=a.path.parent.parent)
    write(a, way)
    assert policy(a) == theirs
    assert a.does("cat visibility") == "selected\n"
    assert told(a) == []
    with fails("EPERM"):
        os.rmdir(a.path)


def test_what_is_prepared_reads_as_the_secret_once_that_is_seen(access):
    a = access("NEW", cache_ttl=1)
    os.mkdir(a.path)
    other_hand(a, "selected", 3)
    time.sleep(1.1)
    assert a.does("cat visibility") == "selected\n"
    assert a.does("cat repositories") == "".join(f"acme/selected-000{n}\n" for n in (1, 2, 3))
    assert sorted(os.listdir(a.path)) == ["repositories", "visibility"]
    assert a.changes() == []


@pytest.mark.parametrize("words", ["", "echo all > visibility"])
@pytest.mark.parametrize(
    "fault", [{"status": 422}, {"action": "hang", "after": True}], ids=["refused", "lost"]
)
@pytest.mark.undescribed("an answer that never comes")
def test_what_is_prepared_after_a_put_that_failed(access, fault, words):
    a = access("NEW", timeout=1)
    os.mkdir(a.path)
    a.does(words or ":")
    a.github.fault(method="PUT", count=-1, **fault)
    with fails("EINVAL", "ETIMEDOUT"):
        put(a.secret, b"first")
    a.github.clear_faults()
    theirs = other_hand(a, "selected", 3)
    time.sleep(1.1)
    write(a)
    assert policy(a) == theirs
    assert len(told(a)) == (1 if words else 0)


def test_what_is_prepared_and_stored_by_a_put_whose_answer_was_lost(access):
    """What the server shows then is what was sent, and nothing was dropped."""
    a = access("NEW", timeout=1)
    os.mkdir(a.path)
    a.does("echo all > visibility")
    a.github.fault(method="PUT", count=-1, action="hang", after=True)
    with fails("ETIMEDOUT"):
        put(a.secret, b"first")
    a.github.clear_faults()
    time.sleep(1.1)
    write(a)
    assert policy(a) == ("all", [])
    assert told(a) == []


@pytest.mark.parametrize(
    "words",
    ["echo all > visibility", "echo selected > visibility; echo web > repositories"],
)
def test_what_was_written_into_a_prepared_policy_is_dropped_and_told(access, words):
    a = access("NEW", cache_ttl=60)
    os.mkdir(a.path)
    a.does(words)
    theirs = other_hand(a, "selected", 3)
    time.sleep(1.1)
    write(a)
    assert policy(a) == theirs
    (line,) = told(a)
    assert "access/NEW" in line
    a.does("echo all > visibility")
    write(a)
    assert policy(a) == ("all", [])
    assert len(told(a)) == 1


def test_a_word_for_a_prepared_policy_whose_secret_exists_by_now(access):
    a = access("NEW", cache_ttl=60)
    os.mkdir(a.path)
    other_hand(a, "selected", 3)
    a.does("echo all > visibility")
    assert a.does("cat visibility") == "all\n"
    write(a)
    assert policy(a) == ("all", [])
    assert told(a) == []


@pytest.mark.parametrize("words", ["", "echo all > visibility"])
def test_what_another_hand_makes_between_two_tries_stays(access, words):
    a = access("NEW", cache_ttl=60)
    os.mkdir(a.path)
    a.does(words or ":")
    theirs = between_tries(a, lambda: other_hand(a, "selected", 3))
    assert policy(a) == theirs


def test_a_policy_that_is_prepared_while_its_secret_is_made(access):
    a = access("NEW", cache_ttl=60)
    a.github.fault(method="PUT", action="delay", ms=1000)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        writing = pool.submit(write, a)
        a.github.wait_for(lambda _: a.changes())
        os.mkdir(a.path)
        writing.result(timeout=30)
    theirs = other_hand(a, "selected", 3)
    time.sleep(1.1)
    write(a)
    assert policy(a) == theirs


# Held words and lists


@pytest.mark.parametrize("way", ["echo", "bulk", "staged"])
def test_a_held_word_that_the_server_has_by_now_holds_nothing(access, way):
    a = access("SONAR_TOKEN", cache_ttl=60)
    a.does("echo selected > visibility")
    theirs = other_hand(a, "selected", 3)
    time.sleep(1.1)
    write(a, way)
    assert policy(a) == theirs


def test_a_held_word_that_the_server_is_seen_to_have_holds_nothing(access):
    a = access("SONAR_TOKEN", cache_ttl=0)
    a.does("echo selected > visibility")
    other_hand(a, "selected", 3)
    os.listdir(a.secret.parent)
    assert len(a.text().splitlines()) == 3
    with fails("EPERM"):
        os.rmdir(a.path)


@pytest.mark.parametrize(
    "lines, adds, removes",
    [
        (["+docs"], ["acme/docs"], []),
        (["-selected-0002"], [], [2]),
        (["+docs", "-selected-0002", "+infra", "-infra"], ["acme/docs"], [2]),
        (["-docs", "+docs", "+selected-0001"], ["acme/docs"], []),
    ],
)
@pytest.mark.parametrize("reads", [False, True])
def test_held_lines_with_a_sign_touch_no_other_repository(access, lines, adds, removes, reads):
    a = access("SONAR_TOKEN", cache_ttl=1)
    a.github.seed(org="acme", org_secret="OTHER", visibility="selected", selected_repos=3)
    a.does("echo selected > visibility")
    for line in lines:
        a.does(f"echo {line} > repositories")
    visibility, theirs = other_hand(a, "selected", 3)
    numbers = [a.github.api("GET", f"/repos/acme/selected-000{n}")[2]["id"] for n in (1, 2, 3)]
    assert theirs == sorted(numbers)
    wanted = {*numbers, *(a.ids[name] for name in adds)} - {numbers[n - 1] for n in removes}
    time.sleep(1.1)
    if reads:
        names = {*adds, *(f"acme/selected-000{n}" for n in (1, 2, 3) if n not in removes)}
        assert a.text().splitlines() == sorted(names)
    write(a)
    assert policy(a) == (visibility, sorted(wanted))
    assert a.text().count("\n") == len(wanted)


def test_a_held_list_replaces(access):
    a = access("SONAR_TOKEN", cache_ttl=60)
    a.does("echo selected > visibility; echo web > repositories; echo +docs > repositories")
    other_hand(a, "selected", 3)
    time.sleep(1.1)
    assert a.text() == "acme/docs\nacme/web\n"
    write(a)
    assert policy(a) == ("selected", sorted(a.ids[f"acme/{name}"] for name in ("docs", "web")))


def test_the_same_word_again_keeps_the_list_that_was_written(access):
    a = access("SONAR_TOKEN", cache_ttl=60)
    a.does("echo selected > visibility; echo web > repositories")
    other_hand(a, "selected", 3)
    time.sleep(1.1)
    a.does("echo selected > visibility")
    write(a)
    assert a.selected() == ["acme/web"]


def test_the_last_word_counts_also_when_it_is_the_servers_before_a_put(access):
    a = access("SONAR_TOKEN", cache_ttl=60)
    a.does("echo all > visibility")
    a.github.fault(method="PUT", action="delay", ms=1000)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        writing = pool.submit(write, a)
        a.github.wait_for(lambda _: a.changes())
        a.does("echo private > visibility")
        writing.result(timeout=30)
    assert policy(a) == ("all", [])
    assert a.does("cat visibility") == "private\n"
    write(a)
    assert policy(a) == ("private", [])


@pytest.mark.parametrize("word", ["selected", "private"])
def test_held_lines_between_two_tries_of_a_put(access, word):
    """The secret is made `selected` by another hand, or more is selected, before the second."""
    a = access("SONAR_TOKEN", cache_ttl=60)
    other_hand(a, word)
    a.does("echo selected > visibility; echo +docs > repositories")
    _, theirs = between_tries(a, lambda: other_hand(a, "selected", 3))
    assert policy(a) == ("selected", sorted([*theirs, a.ids["acme/docs"]]))


@pytest.mark.parametrize("ttl", [0, 60])
@pytest.mark.parametrize(
    "words", ["echo all > visibility", "echo selected > visibility; echo web > repositories"]
)
def test_what_is_held_is_not_for_another_secret_of_the_name(access, mount, ttl, words):
    """Nobody here has seen the one go and the other come."""
    a, other = access("SONAR_TOKEN", cache_ttl=ttl), mount(cache_ttl=0)
    a.does(words)
    os.unlink(other.path / LIST[1:] / "SONAR_TOKEN")
    put(other.path / LIST[1:] / "SONAR_TOKEN", b"another hand's")
    theirs = policy(a)
    assert theirs == ("private", [])
    time.sleep(1.1)
    for _ in range(2):
        write(a)
        assert policy(a) == theirs
    assert a.does("cat visibility") == "private\n"


def test_what_is_held_for_a_secret_made_here_outlives_listings(access):
    """The server's time of its creation is not known at first."""
    a = access("NEW", cache_ttl=0)
    write(a)
    a.does("echo all > visibility")
    for _ in range(2):
        time.sleep(1.1)
        os.listdir(a.secret.parent)
    assert a.does("cat visibility") == "all\n"
    write(a)
    assert policy(a) == ("all", [])


# What is read before a PUT


def test_the_visibility_is_read_again_when_the_list_took_long(access):
    a = access(cache_ttl=60)
    time.sleep(1.1)
    a.github.fault(method="GET", path=PAGERDUTY, action="delay", ms=1800)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        writing = pool.submit(write, a)
        a.github.wait_for(lambda _: a.github.requests("GET", PAGERDUTY))
        theirs = other_hand(a, "private")
        writing.result(timeout=30)
    assert policy(a) == theirs


@pytest.mark.parametrize("reads", [False, True])
def test_a_long_list_that_shifts_while_it_is_read(access, reads):
    """One of page 1 is removed and another added before the other pages are read: the total stays,
    nothing is there twice, and one repository is on no page."""
    a = access("T", cold=True)
    other_hand(a, "selected", 250)
    os.listdir(a.secret.parent)
    path = f"{LIST}/T/repositories"
    before = a.stored()["selected_repository_ids"]
    a.github.clear_journal()
    a.github.fault(method="GET", path=path, query="*page=[23]*", action="delay", ms=800, count=2)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        using = pool.submit(a.text) if reads else pool.submit(write, a)
        a.github.wait_for(lambda _: a.github.requests("GET", path))
        time.sleep(0.3)
        a.github.api("DELETE", f"{path}/{before[5]}")
        a.github.api("PUT", f"{path}/{a.ids['acme/docs']}")
        result = using.result(timeout=30)
    wanted = sorted({*before, a.ids["acme/docs"]} - {before[5]})
    assert policy(a) == ("selected", wanted)
    if reads:
        assert result.count("\n") == 250 and "acme/selected-0101\n" in result
    assert exists(a.mount.path / STORE)
