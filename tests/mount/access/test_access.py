"""Who may use an organization's secret: the files in access/NAME (contract §4)."""

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from access.one_secret import LIST, PAGERDUTY, SET, STORE
from kit.calls import exists, fails, opened, put
from kit.demo import WEB

# Reading


def test_reading(access):
    a = access()
    assert a.does("cat visibility") == "selected\n"
    assert a.does("cat repositories") == "acme/api\nacme/web\n"
    assert a.changes() == []


@pytest.mark.parametrize("ttl", [0, 10])
@pytest.mark.parametrize(
    "command, text",
    [
        ("cat access/PAGERDUTY_KEY/repositories", "acme/api\nacme/web\n"),
        ("cat access/PAGERDUTY_KEY/visibility", "selected\n"),
        ("ls access/PAGERDUTY_KEY", "repositories\nvisibility\n"),
        ("echo +infra > access/PAGERDUTY_KEY/repositories", ""),
        ("echo web > access/PAGERDUTY_KEY/repositories", ""),
        ("cat access/SONAR_TOKEN/visibility", "private\n"),
        ("ls access/SONAR_TOKEN", "visibility\n"),
        ("ls access/*/repositories", "access/PAGERDUTY_KEY/repositories\n"),
    ],
)
def test_in_a_new_mount(access, command, text, ttl):
    a = access(cold=True, cache_ttl=ttl)
    for _ in range(2):
        done = a.mount.sh(command, cwd=a.mount.path / STORE)
        assert done.returncode == 0, done.stderr
        assert done.stdout == text


def test_access_alone_holds_the_listing(access):
    a = access(cold=True, cache_ttl=60)
    for _ in range(3):
        assert a.text() == "acme/api\nacme/web\n"
        a.does("echo -api > repositories; echo +api > repositories; cat visibility; ls")
    listings = a.github.requests("GET", LIST)
    assert len(listings) <= 7  # one, and one after each change


def test_directories(access):
    a = access()
    directory = a.path.parent
    assert sorted(os.listdir(directory)) == [
        "ARTIFACTORY_TOKEN",
        "CODECOV_TOKEN",
        "PAGERDUTY_KEY",
        "SLACK_WEBHOOK_URL",
        "SONAR_TOKEN",
    ]
    assert sorted(os.listdir(a.path)) == ["repositories", "visibility"]
    assert os.path.samefile(a.path, directory / "pagerduty_key")
    for name in ("repositories", "visibility"):
        assert oct(os.stat(a.path / name).st_mode) == "0o100600"
    assert oct(os.stat(a.path).st_mode) == "0o40700"
    assert not exists(directory / "NO_SUCH_SECRET")


@pytest.mark.parametrize(
    "name, word", [("SONAR_TOKEN", "private"), ("CODECOV_TOKEN", "all")]
)
def test_repositories_are_there_while_selected(access, name, word):
    a = access(name)
    assert a.does("cat visibility") == f"{word}\n"
    assert os.listdir(a.path) == ["visibility"]
    assert not exists(a.path / "repositories")
    with fails("ENOENT", "EPERM"):
        put(a.path / "repositories", b"acme/web\n")
    assert a.changes() == []


def test_a_long_list_is_read_whole(access):
    a = access()
    a.github.seed(org="acme", org_secret="PAGERDUTY_KEY", visibility="selected", selected_repos=250)
    lines = a.does("cat repositories").splitlines()
    assert lines == [f"acme/selected-{n:04}" for n in range(1, 251)]
    assert len(a.github.requests("GET", "*/repositories")) == 6  # each page twice


def test_a_list_that_fails_is_an_error(access):
    a = access(timeout=2)
    a.github.fault(path=PAGERDUTY, status=500, count=-1)
    a.refuses("cat repositories", "Input/output error")


# Replacing


@pytest.mark.parametrize(
    "command",
    [
        "printf 'acme/web\\nacme/infra\\n' > repositories",
        "printf 'acme/web\\nacme/infra' > repositories",
        "{{ echo acme/web; echo acme/infra; }} > repositories",
        "cp {file} repositories",
        "cat {file} > repositories",
        "tee repositories < {file} > /dev/null",
        "dd if={file} of=repositories bs=3 status=none",
        "cp {file} repositories; sync repositories",
    ],
)
def test_replacing_is_one_set(access, tmp_path, command):
    (tmp_path / "list").write_text("acme/web\nacme/infra\n", encoding="ascii")
    a = access()
    a.does(command.format(file=tmp_path / "list"))
    assert a.changes() == [SET]
    assert a.selected() == ["acme/infra", "acme/web"]
    assert a.does("cat repositories") == "acme/infra\nacme/web\n"
    (request,) = a.github.requests("PUT")
    wanted = {a.ids["acme/web"], a.ids["acme/infra"]}
    assert set(json.loads(request["body"])["selected_repository_ids"]) == wanted


@pytest.mark.parametrize(
    "text, names",
    [
        ("infra\n", ["infra"]),
        ("web\ninfra\n", ["infra", "web"]),
        ("ACME/Web\n  acme/API  \n", ["api", "web"]),
        ("\n\nacme/web\r\n\n", ["web"]),
        ("# these\nacme/web\n# and\nacme/docs\n", ["docs", "web"]),
        ("web\nacme/web\nWEB\n", ["web"]),
        ("# none\n", []),
        ("#\n", []),
    ],
)
def test_spellings(access, text, names):
    a = access()
    put(a.path / "repositories", text.encode())
    assert a.selected() == [f"acme/{name}" for name in names]
    assert a.changes() == [SET]
    assert a.text() == "".join(f"acme/{name}\n" for name in names)


def test_numbers(access):
    a = access()
    put(a.path / "repositories", b"%d\nweb\n" % a.ids["acme/infra"])
    assert a.selected() == ["acme/infra", "acme/web"]
    a.does(f"echo -{a.ids['acme/infra']} > repositories")
    a.does(f"echo +{a.ids['acme/docs']} > repositories")
    assert a.selected() == ["acme/docs", "acme/web"]
    assert a.text() == "acme/docs\nacme/web\n"


@pytest.mark.parametrize(
    "command",
    [
        ": > repositories",
        "printf '' > repositories",
        "echo > repositories",
        "printf '\\n \\n\\t\\n' > repositories",
        "touch repositories",
        "truncate -s0 repositories",
        "cp /dev/null repositories",
        "echo >> repositories",
        "echo '# nothing' >> repositories",
        "echo > visibility",
        ": > visibility",
    ],
)
def test_blank_writes_change_nothing(access, command):
    a = access()
    a.does(command)
    assert a.changes() == []
    assert a.selected() == ["acme/api", "acme/web"]
    assert a.does("cat visibility") == "selected\n"


# Editors


def test_an_editor_that_writes_in_place(access):
    a = access()
    with open(a.path / "repositories", "r+", encoding="ascii") as file:
        lines = file.read().splitlines()
        assert lines == ["acme/api", "acme/web"]
        file.seek(0)
        file.truncate()
        file.write("\n".join([*lines, "acme/infra"]) + "\n")
    assert a.changes() == [SET]
    assert a.selected() == ["acme/api", "acme/infra", "acme/web"]


def test_read_modify_write(access, tmp_path):
    a = access()
    a.does(f"sed s/api/infra/ repositories > {tmp_path}/list && cat {tmp_path}/list > repositories")
    assert a.changes() == [SET]
    assert a.selected() == ["acme/infra", "acme/web"]


def test_a_list_in_pieces_is_one_set(access):
    a = access()
    with opened(a.path / "repositories") as fd:
        for piece in (b"ac", b"me/we", b"b\nacme/inf", b"ra"):
            os.write(fd, piece)
        assert a.changes() == []
    assert a.changes() == [SET]
    assert a.selected() == ["acme/infra", "acme/web"]


@pytest.mark.parametrize("tool", ["sed -i s/api/infra/ repositories", "touch other", "mkdir x"])
def test_other_files_cannot_be_made(access, tool):
    a = access()
    done = a.sh(tool)
    assert done.returncode != 0
    assert a.changes() == []
    assert sorted(os.listdir(a.path)) == ["repositories", "visibility"]


def test_other_files_cannot_be_made_by_call(access):
    a = access()
    for directory in (a.path, a.path.parent):
        for name in ("other", ".tmp", "tmp.abcdef"):
            with fails("EPERM"):
                os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with fails("EPERM"):
        os.mkdir(a.path / "other")
    with fails("EPERM"):
        os.unlink(a.path / "repositories")
    with fails("EPERM"):
        os.rename(a.path / "repositories", a.path / "visibility")
    with fails("EPERM"):
        os.mkdir(a.mount.path / WEB / "NEW")
    assert a.changes() == []


# Signs


def test_plus_is_one_add(access):
    a = access()
    a.does("echo +acme/infra > repositories")
    assert a.changes() == [a.one("PUT", "acme/infra")]
    assert a.does("cat repositories") == "acme/api\nacme/infra\nacme/web\n"
    assert a.selected() == ["acme/api", "acme/infra", "acme/web"]


def test_minus_is_one_remove(access):
    a = access()
    a.does("echo -acme/api > repositories")
    assert a.changes() == [a.one("DELETE", "acme/api")]
    assert a.does("cat repositories") == "acme/web\n"
    assert a.selected() == ["acme/web"]


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize(
    "command, method",
    [
        ("echo acme/infra >> repositories", "PUT"),
        ("echo +infra >> repositories", "PUT"),
        ("echo '+ infra' > repositories", "PUT"),
        ("echo infra | tee -a repositories", "PUT"),
        ("echo -ACME/infra >> repositories", "DELETE"),
    ],
)
def test_appending_changes(access, command, method, shell):
    a = access()
    done = a.mount.sh(command, shell=shell, cwd=a.path)
    assert done.returncode == 0, done.stderr
    assert a.changes() == [a.one(method, "acme/infra")]


def test_lines_of_one_write_are_one_change(access):
    a = access()
    put(a.path / "repositories", b"+acme/infra\n# and\n+docs\n-api\n")
    assert sorted(a.changes()) == sorted(
        [a.one("PUT", "acme/infra"), a.one("PUT", "acme/docs"), a.one("DELETE", "acme/api")]
    )
    assert a.selected() == ["acme/docs", "acme/infra", "acme/web"]


def test_several_writes_are_several_changes(access):
    a = access()
    a.does("{ echo +infra; echo -api; echo +docs; } > repositories")
    assert a.changes() == [
        a.one("PUT", "acme/infra"),
        a.one("DELETE", "acme/api"),
        a.one("PUT", "acme/docs"),
    ]


def test_a_later_write_that_fails_says_so(access):
    a = access()
    with opened(a.path / "repositories") as fd:
        os.write(fd, b"+infra\n")
        with fails("ENOENT"):
            os.write(fd, b"+nowhere\n")
        os.write(fd, b"-api\n")
    assert a.selected() == ["acme/infra", "acme/web"]


@pytest.mark.parametrize(
    "text",
    [
        b"+acme/infra\nacme/web\n",
        b"acme/infra\n-acme/web\n",
        b"acme/infra acme/docs\n",
        b"+acme/infra +acme/docs\n",
        b"acme/infra\tdocs\n",
        b"+\n",
        b"acme/\n",
        b"/infra\n",
        b"acme/web/infra\n",
        b"https://github.com/acme/infra\n",
    ],
)
def test_what_is_no_list(access, text):
    a = access()
    with fails("EINVAL"):
        put(a.path / "repositories", text)
    assert a.changes() == [] and a.lookups() == []
    assert a.selected() == ["acme/api", "acme/web"]
    assert any("EINVAL" in line for line in a.mount.errors())


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_echo_sees_what_is_wrong_with_a_sign(access, shell):
    a = access()
    for command in ("echo '+infra +docs' > repositories", "echo +nowhere > repositories"):
        assert a.mount.sh(command, shell=shell, cwd=a.path).returncode == 1
    assert a.changes() == []


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize(
    "text",
    [
        "infra\\n+docs\\n",
        "+docs\\ninfra\\n",
        "-docs\\ninfra\\n",
        "+docs\\n# and\\ninfra\\n",
    ],
)
def test_signs_cannot_be_mixed_over_writes(access, text, shell):
    """bash writes a line at a time. A plain line must not replace the list then."""
    a = access()
    command = f"printf -- '{text}' > repositories; sync repositories"
    done = a.mount.sh(command, shell, cwd=a.path)
    assert SET not in a.changes()
    assert {"acme/api", "acme/web"} <= set(a.selected())
    assert any("EINVAL" in line for line in a.mount.errors()), done


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize(
    "text",
    [
        "# more\\n+infra\\n",
        "\\n+infra\\n",
        "+infra\\n# done\\n",
        "+infra\\n\\n",
        "+infra\\n#\\n\\n",
    ],
)
def test_comments_beside_signed_lines(access, text, shell):
    """bash writes a line at a time. A comment of its own write must not select none."""
    a = access()
    done = a.mount.sh(f"printf '{text}' > repositories", shell, cwd=a.path)
    assert done.returncode == 0 and done.stderr == ""
    assert a.changes() == [a.one("PUT", "acme/infra")]
    assert a.selected() == ["acme/api", "acme/infra", "acme/web"]


@pytest.mark.parametrize(
    "command",
    [
        "sed 's/^/+/' {list} > repositories",
        "sed 's/^/+/' {list} >> repositories",
        "cat {list} >> repositories",
        "{python} -c 'open(\"repositories\", \"a\").writelines(open(\"{list}\"))'",
        "dd if={list} of=repositories oflag=append conv=notrunc bs=4096 status=none",
    ],
)
def test_many_additions(mount, tmp_path, command):
    """More than a buffer: programs end their writes in the middle of a line."""
    m = mount(timeout=30)
    m.github.seed(org="big", repos_count=600)
    m.github.seed(org="big", org_secret="T", visibility="selected")
    names = [f"big/repo-{n:04}" for n in range(1, 601)]
    (tmp_path / "list").write_text("\n".join(names) + "\n", encoding="ascii")
    directory = m.path / "orgs/big/actions/access/T"
    os.listdir(m.path / "orgs/big/actions/secrets")
    done = m.sh(command.format(list=tmp_path / "list", python=sys.executable), cwd=directory)
    assert done.returncode == 0 and done.stderr == ""
    assert (directory / "repositories").read_text(encoding="ascii").split() == names
    assert f"{SET}".replace("acme", "big") not in m.requests()


# Names


@pytest.mark.parametrize(
    "text", [b"acme/infra\nacme/nowhere\nacme/docs\n", b"+acme/infra\n-acme/nowhere\n"]
)
def test_an_unknown_name_changes_nothing(access, text):
    a = access()
    with fails("ENOENT"):
        put(a.path / "repositories", text)
    assert a.changes() == []
    assert a.selected() == ["acme/api", "acme/web"]
    assert any("acme/nowhere" in line and "ENOENT" in line for line in a.mount.errors())


def test_an_unknown_name_is_told_by_cp(access, tmp_path):
    (tmp_path / "list").write_text("acme/infra\nacme/nowhere\n", encoding="ascii")
    a = access()
    a.refuses(f"cp {tmp_path}/list repositories", "No such file or directory")
    a.refuses("echo acme/nowhere >> repositories", "No such file or directory")
    done = a.sh("echo acme/nowhere > repositories")
    assert "acme/nowhere" in done.stderr  # on the writer's own standard error
    assert a.changes() == []


def test_an_unknown_number(access):
    a = access()
    with fails("ENOENT"):
        put(a.path / "repositories", b"acme/web\n999999999\n")
    with fails("ENOENT", "EINVAL"):
        put(a.path / "repositories", b"99999999999999999999999\n")
    assert a.changes() == []


def test_anothers_repository_is_refused(access):
    a = access()
    with fails("EINVAL", "ENOENT"):
        put(a.path / "repositories", b"octavia/notes\nacme/web\n")
    assert a.selected() == ["acme/api", "acme/web"]


@pytest.mark.parametrize("text", [b"acme/web\nacme/infra\n", b"+acme/infra\n+acme/docs\n"])
def test_a_lookup_that_fails_changes_nothing(access, text):
    a = access(timeout=2)
    a.github.fault(path="/repos/acme/infra", status=500, count=-1)
    with fails("EIO"):
        put(a.path / "repositories", text)
    assert a.changes() == []
    assert a.selected() == ["acme/api", "acme/web"]


def test_names_are_looked_up_at_once_and_remembered(access):
    a = access()
    a.github.config(latency_ms=50)
    put(a.path / "repositories", b"web\napi\ninfra\ndocs\n")
    looked_up = [r for r in a.github.journal() if r["path"].startswith("/repos/")]
    assert len(looked_up) == 4
    assert max(r["in_flight"] for r in looked_up) == 4
    put(a.path / "repositories", b"WEB\nacme/infra\n")
    a.does("echo +docs > repositories")
    assert len(a.lookups()) == 4


def test_what_was_read_needs_no_lookup(access):
    a = access()
    text = a.text()
    put(a.path / "repositories", text.encode())
    a.does("echo -api > repositories")
    assert a.lookups() == []


def test_a_renamed_repository(access):
    a = access()
    put(a.path / "repositories", b"acme/website\n")
    assert a.selected() == ["acme/web"]
    assert a.text() == "acme/web\n"


def test_300_names_cost_pages(mount, tmp_path):
    m = mount()
    m.github.seed(org="big", repos_count=320)
    m.github.seed(org="big", org_secret="T", visibility="selected")
    names = [f"big/repo-{n:04}" for n in range(1, 301)]
    (tmp_path / "list").write_text("\n".join(names) + "\n", encoding="ascii")
    directory = m.path / "orgs/big/actions/access/T"
    assert len((directory / "repositories").read_text(encoding="ascii").split()) == 1
    m.github.clear_journal()
    done = m.sh(f"cp {tmp_path}/list repositories", cwd=directory)
    assert done.returncode == 0, done.stderr
    requests = m.github.journal()
    assert [r["method"] for r in requests] == ["GET"] * 4 + ["PUT"]
    assert not [r for r in requests if r["path"].startswith("/repos/")]
    stored = m.github.secrets()["/orgs/big/actions/secrets"]["T"]
    assert len(set(stored["selected_repository_ids"])) == 300
    text = (directory / "repositories").read_text(encoding="ascii")
    assert text.splitlines() == names


def test_one_unknown_among_300(mount, tmp_path):
    m = mount()
    m.github.seed(org="big", repos_count=320)
    m.github.seed(org="big", org_secret="T", visibility="selected")
    names = [f"big/repo-{n:04}" for n in range(1, 301)] + ["big/nowhere"]
    (tmp_path / "list").write_text("\n".join(names) + "\n", encoding="ascii")
    done = m.sh(f"cp {tmp_path}/list repositories", cwd=m.path / "orgs/big/actions/access/T")
    assert done.returncode == 1
    assert not m.github.requests("PUT")
    assert any("big/nowhere" in line for line in m.errors())


def test_thousands_of_names(mount, tmp_path):
    m = mount(timeout=30)
    m.github.seed(org="big", repos_count=2500)
    m.github.seed(org="big", org_secret="T", visibility="selected")
    names = [f"repo-{n:04}" for n in range(1, 2501)]
    (tmp_path / "list").write_text("\n".join(names) + "\n", encoding="ascii")
    directory = m.path / "orgs/big/actions/access/T"
    done = m.sh(f"cp {tmp_path}/list repositories && wc -l < repositories", cwd=directory)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "2500"
    assert len(m.github.requests("PUT")) == 1


# Refusals


@pytest.mark.undescribed("GitHub's description has no body for 409")
def test_a_conflict_is_busy(access):
    a = access()
    a.github.fault(method="PUT", path=PAGERDUTY, status=409)
    with fails("EBUSY"):
        put(a.path / "repositories", b"infra\n")
    a.github.fault(method="PUT", path=f"{PAGERDUTY}/*", status=409)
    a.refuses("echo +infra > repositories", "busy")
    a.github.fault(method="DELETE", path=f"{PAGERDUTY}/*", status=409)
    a.refuses("echo -api > repositories", "busy")
    assert a.selected() == ["acme/api", "acme/web"]


@pytest.mark.undescribed("GitHub's description has no body for 409")
def test_a_secret_that_another_hand_made_private(access):
    a = access(cache_ttl=60)
    assert a.does("cat visibility") == "selected\n"
    a.github.seed(org="acme", org_secret="PAGERDUTY_KEY", visibility="private")
    a.refuses("echo +infra > repositories", "busy")


def test_a_refused_set_is_told(access):
    a = access()
    a.github.fault(method="PUT", path=PAGERDUTY, status=403, count=-1)
    with fails("EACCES"):
        put(a.path / "repositories", b"infra\n")
    done = a.sh("echo infra > repositories")
    assert "ghsecretfs" in done.stderr
    assert any("EACCES" in line for line in a.mount.errors())


def test_of_several_adds_that_fail_one_is_named(access):
    a = access()
    number = a.ids["acme/docs"]
    a.github.fault(method="PUT", path=f"{PAGERDUTY}/{number}", status=403, count=-1)
    with fails("EACCES"):
        put(a.path / "repositories", b"+infra\n+docs\n")
    assert any("acme/docs" in line for line in a.mount.errors())


# Visibility


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("word", ["public", "ALL", "all private", "selectedx", "a", "+all"])
def test_echo_sees_a_bogus_word(access, word, shell):
    a = access()
    done = a.mount.sh(f"echo {word} > visibility", shell=shell, cwd=a.path)
    assert done.returncode == 1
    assert a.does("cat visibility") == "selected\n"
    assert a.changes() == []


@pytest.mark.root("of a write-only file only root may read attributes")
def test_what_is_held_goes_with_the_next_value(access):
    a = access("SONAR_TOKEN")
    a.does("echo all > visibility")
    assert a.changes() == []
    assert a.does("cat visibility") == "all\n"
    assert os.getxattr(a.secret, "user.visibility") == b"private"
    assert a.stored()["visibility"] == "private"
    put(a.secret, b"new")
    assert a.changes() == [f"PUT {LIST}/SONAR_TOKEN"]
    assert a.stored()["visibility"] == "all"
    assert os.getxattr(a.secret, "user.visibility") == b"all"
    assert a.does("cat visibility") == "all\n"
    put(a.secret, b"newer")
    assert a.stored()["visibility"] == "all"


def test_a_selection_is_held_too(access):
    a = access("SONAR_TOKEN")
    a.does("echo selected > visibility")
    assert sorted(os.listdir(a.path)) == ["repositories", "visibility"]
    assert a.does("cat repositories") == ""
    a.does("echo acme/web > repositories")
    assert a.does("cat repositories") == "acme/web\n"
    a.does("echo infra >> repositories; echo +docs > repositories; echo -web > repositories")
    assert a.does("cat repositories") == "acme/docs\nacme/infra\n"
    with fails("ENOENT"):
        put(a.path / "repositories", b"web\nnowhere\n")
    assert a.does("cat repositories") == "acme/docs\nacme/infra\n"
    assert a.changes() == []
    put(a.secret, b"new")
    assert a.changes() == [f"PUT {LIST}/SONAR_TOKEN"]
    assert a.stored()["visibility"] == "selected"
    assert a.selected() == ["acme/docs", "acme/infra"]
    assert a.does("cat repositories") == "acme/docs\nacme/infra\n"


@pytest.mark.parametrize(
    "name, now, word",
    [("SONAR_TOKEN", "all", "private"), ("CODECOV_TOKEN", "selected", "all")],
)
def test_a_word_counts_whatever_another_hand_did_meanwhile(access, name, now, word):
    """It is what the listing, of a while ago, has; and no more what the server has."""
    a = access(name, cache_ttl=60)
    time.sleep(1.1)
    a.github.seed(org="acme", org_secret=name, visibility=now)
    a.does(f"echo {word} > visibility")
    put(a.secret, b"new")
    assert a.stored()["visibility"] == word


def test_selected_keeps_the_list_that_another_hand_made_meanwhile(access):
    a = access("CODECOV_TOKEN", cache_ttl=60)
    time.sleep(1.1)
    a.github.seed(org="acme", org_secret="CODECOV_TOKEN", visibility="selected", selected_repos=2)
    before = a.stored()["selected_repository_ids"]
    a.does("echo selected > visibility")
    put(a.secret, b"new")
    assert a.stored()["selected_repository_ids"] == before


def test_a_word_that_is_written_while_another_one_is_on_its_way(access):
    a = access("SONAR_TOKEN")
    a.does("echo selected > visibility")
    a.github.fault(method="PUT", action="delay", ms=1000)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        putting = pool.submit(put, a.secret, b"new")
        a.github.wait_for(lambda _: a.changes())
        a.does("echo private > visibility; echo all > visibility")
        putting.result()
    assert a.stored()["visibility"] == "selected"
    assert a.does("cat visibility") == "all\n"
    put(a.secret, b"newer")
    assert a.stored()["visibility"] == "all"


def test_a_word_for_a_policy_that_was_removed(access):
    """Nobody would ever send what is held there."""
    a = access("SONAR_TOKEN")
    with opened(a.path / "visibility", os.O_WRONLY) as fd:
        os.write(fd, b"all\n")
        os.rmdir(a.path)
        with fails("ESTALE"):
            os.write(fd, b"all\n")


def test_held_private_on_a_selected_one(access):
    a = access()
    a.does("echo private > visibility")
    assert os.listdir(a.path) == ["visibility"]
    assert a.changes() == []
    put(a.secret, b"new")
    (request,) = a.github.requests("PUT")
    body = json.loads(request["body"])
    assert body["visibility"] == "private" and "selected_repository_ids" not in body
    assert os.listdir(a.path) == ["visibility"]


def test_rmdir_drops_what_is_held(access):
    a = access("SONAR_TOKEN")
    a.does("echo all > visibility")
    os.rmdir(a.path)
    assert (a.path / "visibility").read_text(encoding="ascii") == "private\n"
    with fails("EPERM"):
        os.rmdir(a.path)
    put(a.secret, b"new")
    assert a.stored()["visibility"] == "private"


def test_the_servers_word_again_holds_nothing(access):
    a = access()
    a.does("echo private > visibility; echo selected > visibility")
    assert a.does("cat repositories") == "acme/api\nacme/web\n"
    put(a.secret, b"new")
    assert a.selected() == ["acme/api", "acme/web"]
    with fails("EPERM"):
        os.rmdir(a.path)


def test_what_is_held_outlives_a_failure(access):
    a = access("SONAR_TOKEN")
    a.does("echo all > visibility")
    a.github.fault(method="PUT", status=403)
    with fails("EACCES"):
        put(a.secret, b"new")
    assert a.does("cat visibility") == "all\n"
    assert a.stored()["visibility"] == "private"


def test_what_is_held_outlives_a_listing(access):
    a = access("SONAR_TOKEN", cache_ttl=0)
    a.does("echo all > visibility")
    a.does("ls -lR ../..")
    assert a.does("cat visibility") == "all\n"
    put(a.secret, b"new")
    assert a.stored()["visibility"] == "all"


def test_an_open_value_has_its_own_length_after_a_change(access):
    """The list moves `updated_at`: what was stored here counts no more, but the kernel knows it."""
    a = access()
    put(a.secret, b"value")
    assert os.stat(a.secret).st_size == 5
    time.sleep(1.1)
    put(a.path / "repositories", b"+infra\n")
    assert not exists(a.secret.parent / "ANOTHER")
    with opened(a.secret, os.O_WRONLY) as fd:
        assert os.lseek(fd, 0, os.SEEK_END) == 0
        os.write(fd, b"new")
    assert a.github.plaintext(f"{LIST}/{a.name}") == b"new"


# Prepared policies


def test_prepared(access):
    a = access("NEW")
    done = a.mount.sh(
        "mkdir access/NEW && echo selected > access/NEW/visibility &&"
        " echo acme/web > access/NEW/repositories && echo v > secrets/NEW",
        cwd=a.mount.path / STORE,
    )
    assert done.returncode == 0 and done.stderr == ""
    assert a.changes() == [f"PUT {LIST}/NEW"]
    (request,) = a.github.requests("PUT")
    body = json.loads(request["body"])
    assert sorted(body) == ["encrypted_value", "key_id", "selected_repository_ids", "visibility"]
    assert body["visibility"] == "selected"
    assert body["selected_repository_ids"] == [a.ids["acme/web"]]
    assert a.github.plaintext(f"{LIST}/NEW") == b"v"
    assert a.selected() == ["acme/web"]
    assert a.does("cat visibility repositories") == "selected\nacme/web\n"
    with fails("EPERM"):
        os.rmdir(a.path)


@pytest.mark.parametrize("option", ["private", "all", "selected"])
def test_prepared_starts_at_the_mounts_visibility(access, option):
    a = access("NEW", visibility=option)
    os.mkdir(a.path)
    assert a.does("cat visibility") == f"{option}\n"
    assert ("repositories" in os.listdir(a.path)) == (option == "selected")
    assert "NEW" in os.listdir(a.path.parent)
    assert not exists(a.secret)
    assert "NEW" not in os.listdir(a.secret.parent)
    assert a.changes() == []
    a.does("echo all > visibility")
    put(a.secret, b"v")
    assert a.stored()["visibility"] == "all"


def test_prepared_names_are_spelled_as_the_server_does(access):
    """Also when the number is remembered, and nobody is asked."""
    a = access()
    os.mkdir(a.path.parent / "NEW")
    put(a.path.parent / "NEW/visibility", b"selected")
    names = a.path.parent / "NEW/repositories"
    for _ in range(2):
        put(names, b"ACME/Web\nAPI\n")
        assert names.read_text(encoding="ascii") == "acme/api\nacme/web\n"


def test_prepared_names_have_no_case(access):
    a = access("NEW")
    os.mkdir(a.path.parent / "new")
    (a.path.parent / "nEw/visibility").write_text("all\n", encoding="ascii")
    assert "NEW" in os.listdir(a.path.parent)
    put(a.secret.parent / "neW", b"v")
    assert a.stored()["visibility"] == "all"


def test_prepared_and_dropped(access):
    a = access("NEW")
    os.mkdir(a.path)
    a.does("echo all > visibility")
    os.rmdir(a.path)
    assert not exists(a.path)
    assert "NEW" not in os.listdir(a.path.parent)
    with fails("ENOENT"):
        os.rmdir(a.path)
    put(a.secret, b"v")
    assert a.stored()["visibility"] == "private"
    assert "NEW" in os.listdir(a.path.parent)


def test_prepared_outlives_a_failure(access):
    a = access("NEW")
    os.mkdir(a.path)
    a.does("echo all > visibility")
    a.github.fault(method="PUT", status=403)
    with fails("EACCES"):
        put(a.secret, b"v")
    assert a.does("cat visibility") == "all\n"
    assert a.stored() is None


def test_mkdir_of_what_is_there(access):
    a = access()
    with fails("EEXIST"):
        os.mkdir(a.path)
    with fails("EEXIST"):
        os.mkdir(a.path.parent / "pagerduty_key")
    os.mkdir(a.path.parent / "NEW")
    for name in ("NEW", "new"):
        with fails("EEXIST"):
            os.mkdir(a.path.parent / name)
    assert a.changes() == []


@pytest.mark.parametrize(
    "name", ["MY-TOKEN", "1ST", "GITHUB_TOKEN", "github_x", ".tmp", "é", "a b"]
)
def test_mkdir_of_a_bad_name(access, name):
    a = access()
    with fails("EINVAL"):
        os.mkdir(a.path.parent / name)
    assert not exists(a.path.parent / name)


def test_mkdir_where_nothing_may_be_seen(mount):
    m = mount()
    m.github.seed(org="elsewhere", repos_count=1, member=False)
    with fails("ENOENT", "EACCES"):
        os.mkdir(m.path / "orgs/elsewhere/actions/access/NEW")


def test_what_is_prepared_is_lost_with_the_mount(access, mount):
    a = access("NEW")
    os.mkdir(a.path)
    a.mount.stop()
    other = mount()
    assert not exists(other.path / STORE / "access/NEW")


def test_mounted_alone(mount):
    m = mount(f"{STORE}/access")
    directory = m.path / "PAGERDUTY_KEY"
    assert (directory / "repositories").read_text(encoding="ascii") == "acme/api\nacme/web\n"
    put(directory / "repositories", b"web\n")
    assert (directory / "repositories").read_text(encoding="ascii") == "acme/web\n"


def test_after_rm_of_the_secret_its_access_is_gone(access):
    a = access()
    assert a.does("cat visibility") == "selected\n"
    os.unlink(a.secret)
    assert not exists(a.path)
    assert "PAGERDUTY_KEY" not in os.listdir(a.path.parent)


HELD = {
    "a word": "echo all > visibility",
    "a list": "echo selected > visibility; echo web > repositories",
}


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
@pytest.mark.parametrize("by", ["rm", "another hand"])
def test_what_is_held_goes_with_its_secret(access, by, held):
    a = access("SONAR_TOKEN", cache_ttl=0)
    a.does(held)
    if by == "rm":
        os.unlink(a.secret)
        assert not exists(a.path)
        assert "SONAR_TOKEN" not in os.listdir(a.path.parent)
    else:
        a.github.api("DELETE", f"{LIST}/SONAR_TOKEN")
    for _ in range(2):
        put(a.secret, b"new")
        assert a.stored()["visibility"] == "private"
    assert a.does("cat visibility") == "private\n"


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_what_is_held_outlives_a_removal_that_is_held_or_fails(access, tmp_path, held):
    a = access("SONAR_TOKEN")
    a.does(held)
    a.github.fault(method="DELETE", status=403)
    with fails("EACCES"):
        os.unlink(a.secret)
    (tmp_path / "SONAR_TOKEN").write_bytes(b"new")
    a.mount.sh(f"mv -f {tmp_path}/SONAR_TOKEN .", cwd=a.secret.parent)
    assert a.stored()["visibility"] == ("all" if "all" in held else "selected")
    assert a.github.requests("DELETE")[1:] == []


def test_access_of_a_secret_made_a_moment_ago(access):
    a = access("NEW")
    assert not exists(a.path)
    put(a.secret, b"v")
    assert a.does("cat visibility") == "private\n"
    os.unlink(a.secret)
    os.mkdir(a.path)
    assert a.does("cat visibility") == "private\n"


def test_two_hold_policies_at_once(access):
    a = access("ONE")
    for name, word in (("ONE", "all"), ("TWO", "selected")):
        os.mkdir(a.path.parent / name)
        (a.path.parent / name / "visibility").write_text(f"{word}\n", encoding="ascii")
    (a.path.parent / "TWO/repositories").write_text("web\n", encoding="ascii")
    for name in ("TWO", "ONE"):
        put(a.secret.parent / name, b"v")
    secrets = a.github.secrets()[LIST]
    assert secrets["ONE"]["visibility"] == "all"
    assert secrets["TWO"]["selected_repository_ids"] == [a.ids["acme/web"]]


def test_a_policy_prepared_in_a_new_mount(access):
    """Nothing but mkdir has been asked for; the kernel knows no secrets yet."""
    a = access("NEW", cold=True)
    os.mkdir(a.path)
    a.does("echo selected > visibility; echo web > repositories")
    put(a.secret, b"v")
    assert a.changes() == [f"PUT {LIST}/NEW"]
    assert a.selected() == ["acme/web"]


def test_held_in_a_new_mount(access):
    a = access("SONAR_TOKEN", cold=True)
    a.does("echo all > visibility")
    assert a.does("cat visibility") == "all\n"
    put(a.secret, b"new")
    assert a.stored()["visibility"] == "all"


def test_the_servers_word_in_a_new_mount_holds_nothing(access):
    a = access(cold=True)
    a.does("echo selected > visibility")
    assert a.does("cat repositories") == "acme/api\nacme/web\n"
    put(a.secret, b"new")
    assert a.selected() == ["acme/api", "acme/web"]


def test_selected_again_in_a_new_mount_empties_nothing(access):
    a = access(cold=True)
    a.does("echo selected > visibility")
    put(a.secret, b"new")
    assert a.selected() == ["acme/api", "acme/web"]


def test_what_is_held_during_an_upload_stays_held(access):
    a = access("SONAR_TOKEN")
    a.does("echo selected > visibility; echo web > repositories")
    a.github.fault(method="PUT", action="delay", ms=700)
    writer = subprocess.Popen(["bash", "-c", "echo new > SONAR_TOKEN"], cwd=a.secret.parent)
    a.github.wait_for(lambda requests: any(r["method"] == "PUT" for r in requests))
    a.does("echo all > visibility")
    assert writer.wait(60) == 0
    assert a.does("cat visibility") == "all\n"
    put(a.secret, b"newer")
    assert a.stored()["visibility"] == "all"


def test_files_of_a_policy_that_is_gone(access):
    a = access("NEW")
    os.mkdir(a.path)
    with opened(a.path / "visibility", os.O_RDWR) as fd:
        os.rmdir(a.path)
        try:
            os.write(fd, b"all\n")
        except OSError:
            pass
    assert not exists(a.path)
    put(a.secret, b"v")
    assert a.stored()["visibility"] == "private"


def test_files_of_a_secret_that_is_gone(access):
    a = access()
    with opened(a.path / "repositories", os.O_WRONLY) as fd:
        os.unlink(a.secret)
        with fails("ENOENT", "ESTALE"):
            os.write(fd, b"+infra\n")
    assert a.stored() is None


@pytest.mark.parametrize("path", ["/repos/acme/infra", PAGERDUTY])
@pytest.mark.parametrize("end", ["kill", "unmount"])
def test_a_change_that_hangs_can_be_ended(access, tmp_path, path, end):
    (tmp_path / "list").write_text("acme/infra\n", encoding="ascii")
    a = access(timeout=3)
    a.github.fault(path=path, action="hang", count=-1)
    writer = subprocess.Popen(
        ["cp", tmp_path / "list", a.path / "repositories"], stderr=subprocess.DEVNULL
    )
    a.github.wait_for(lambda requests: any(r["path"] == path for r in requests))
    if end == "kill":
        writer.kill()
        writer.wait(2)
    else:
        a.mount.signal(signal.SIGTERM)
        assert a.mount.wait_for_end() == 0
        assert writer.wait(10) != 0
    assert a.selected() == ["acme/api", "acme/web"]


def test_changes_by_many_at_once(access):
    a = access()
    writers = [
        subprocess.Popen(["bash", "-c", f"echo +{name} > repositories"], cwd=a.path)
        for name in ("infra", "docs", "mobile-app")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert a.selected() == sorted(a.ids)


def test_read_only(access):
    a = access(ro=True)
    for name in ("visibility", "repositories"):
        with fails("EROFS"):
            put(a.path / name, b"all\n")
    assert a.text() == "acme/api\nacme/web\n"
