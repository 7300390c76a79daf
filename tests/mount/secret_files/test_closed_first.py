"""What closes the file before it fails can't be told from success (contract §3.15).

A child's failure is its parent's business. How to write then, so that nothing is stored.
"""

import subprocess
import sys

import pytest

from kit.demo import LIST
from kit.needs import need_tools

OLD = f"{LIST}/NPM_TOKEN"
BOTH = ("bash", "dash")
TOOL_TIMEOUT = 30  # seconds; only so that what hangs fails

PUBLISHED = [
    ("cat {good} missing > NPM_TOKEN", 1, b"good"),
    ("sh -c 'echo a; exit 3' | cat > NPM_TOKEN", 0, b"a"),
    ("sh -c 'echo a; exit 3' | tee NPM_TOKEN", 0, b"a"),
    ("echo a > NPM_TOKEN; exit 3", 3, b"a"),
    ("{{ echo a; exit 3; }} > NPM_TOKEN", 3, b"a"),
    ("{{ echo a; false; }} > NPM_TOKEN", 1, b"a"),
    ("{{ echo a; false; echo b; }} > NPM_TOKEN", 0, b"a\nb\n"),
    ("{{ echo a; /bin/false; echo b; }} > NPM_TOKEN", 0, b"a\nb\n"),
    ("{{ echo a; sh -c 'echo b; exit 3'; }} > NPM_TOKEN", 3, b"a\nb\n"),
    ("{{ echo a; sh -c 'echo b; exit 3'; echo c; }} > NPM_TOKEN", 0, b"a\nb\nc\n"),
    ("{{ echo a; sh -c 'kill -KILL $$'; echo b; }} > NPM_TOKEN", 0, b"a\nb\n"),
    ("{{ echo a; sh -c 'echo b; kill -KILL $$'; echo c; }} > NPM_TOKEN", 0, b"a\nb\nc\n"),
    ("{{ echo a; sh -c 'kill -KILL $$'; true; }} > NPM_TOKEN", 0, b"a"),
    ("{{ sh -c '/bin/echo a; kill -KILL $$'; /bin/echo b; }} > NPM_TOKEN", 0, b"a\nb\n"),
    ("{{ /bin/echo a; sh -c 'kill -KILL $$'; true; }} > NPM_TOKEN", 0, b"a"),
    ("{{ sleep 5 & /bin/echo a; sleep 0.1; kill -KILL $!; wait; }} > NPM_TOKEN", 0, b"a"),
    ("{{ sh -c '/bin/echo a; exit 3'; true; }} > NPM_TOKEN", 0, b"a"),
    ("exec 5> NPM_TOKEN; echo a >&5; /bin/false; exec 5>&-; exit 3", 3, b"a"),
    (
        "{python} -c 'with open(\"NPM_TOKEN\", \"w\") as f: f.write(\"a\"); 1 / 0'",
        1,
        b"a",
    ),
]


@pytest.mark.parametrize("shell", BOTH)
@pytest.mark.parametrize("command, status, value", PUBLISHED, ids=[c for c, _, _ in PUBLISHED])
def test_closed_before_it_failed(mount, tmp_path, shell, command, status, value):
    m = mount()
    m.warm()
    good = tmp_path / "good"
    good.write_bytes(b"good")
    done = m.sh(command.format(good=good, python=sys.executable), shell=shell)
    assert done.returncode == status, done.stderr
    assert m.github.plaintext(OLD) == value
    assert m.requests() == [f"PUT {OLD}"]


# Programs that close standard output before they exit with a status other than 0, or whose child
# fails: half of the value is written, and nothing tells the file system that it is half.

HALVES = {
    "base64": "base64 -d {rubbish}",
    "cat": "cat {half} missing",
    "grep": "grep -h half {half} missing",
    "sed": "sed n {half} missing",
    "jq": "jq -r . {no_json}",
    "timeout": "timeout 9 sh -c 'cat {half}; exit 3'",
}
SAFE_FORMS = {
    "staging": "{cmd} > .new && mv .new {to}",
    "elsewhere": "{cmd} > {file} && cp {file} {to}",
    "variable": "x=$({cmd}) && printf '%s\\n' \"$x\" > {to}",
    "pipe": "set -o pipefail; {cmd} | cat > .new && mv .new {to}",
}
ALL_SHELLS = ("bash", "dash", "zsh", "mksh", "busybox sh")
SAFE_ROWS = [
    (shell, form)
    for form in SAFE_FORMS
    for shell in ALL_SHELLS
    if (shell, form) != ("dash", "pipe")  # before 0.5.13 it has no pipefail
]


@pytest.fixture
def halves(tmp_path):
    """The commands; each writes "half"."""
    need_tools("jq")
    half, rubbish, no_json = (tmp_path / name for name in ("half", "rubbish", "no_json"))
    half.write_text("half\n", encoding="ascii")
    rubbish.write_text("aGFsZgo=\n!\n", encoding="ascii")
    no_json.write_text('"half" {', encoding="ascii")
    return {
        name: command.format(half=half, rubbish=rubbish, no_json=no_json)
        for name, command in HALVES.items()
    }


@pytest.mark.parametrize("program", HALVES)
def test_half_of_what_closes_first(mount, halves, program):
    m = mount()
    m.warm()
    assert m.sh(f"{halves[program]} > NPM_TOKEN").returncode != 0
    assert m.github.plaintext(OLD) == b"half"


def run_in(m, shell, command):
    done = subprocess.run(
        [*shell.split(), "-c", command],
        cwd=m.secrets,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TOOL_TIMEOUT,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize("shell, form", SAFE_ROWS)
def test_a_form_that_is_safe_for_all(mount, halves, tmp_path, shell, form):
    need_tools(shell.split()[0])
    m = mount()
    m.warm()
    before = m.github.secrets()[LIST]
    for command in halves.values():
        for name in ("NPM_TOKEN", "NEW"):
            line = SAFE_FORMS[form].format(cmd=command, to=name, file=tmp_path / "file")
            assert run_in(m, shell, line) != 0, line
            assert not m.github.requests("PUT"), line
    assert m.github.secrets()[LIST] == before
    good = SAFE_FORMS[form].format(cmd="echo good", to="NPM_TOKEN", file=tmp_path / "file")
    assert run_in(m, shell, good) == 0
    assert m.github.plaintext(OLD) == b"good"


def test_pipefail_comes_too_late_for_a_pipe_into_the_secret(mount, halves):
    m = mount()
    m.warm()
    assert m.sh(f"set -o pipefail; {halves['cat']} | cat > NPM_TOKEN").returncode != 0
    assert m.github.plaintext(OLD) == b"half"


# A subshell has its file until it exits, in some shells; others undo its redirection before.
SUBSHELLS = {"bash": True, "dash": True, "zsh": True, "busybox sh": True, "mksh": False}


@pytest.mark.parametrize("shell, keeps", SUBSHELLS.items())
@pytest.mark.parametrize(
    "group",
    [
        "echo half; exit 3",
        "set -e; echo half; false; echo x",
        "/bin/echo half; exit 3",
        "{cat}; exit",
    ],
)
def test_a_subshell_that_fails(mount, halves, shell, keeps, group):
    need_tools(shell.split()[0])
    m = mount()
    m.warm()
    before = m.github.plaintext(OLD)
    assert run_in(m, shell, f"({group}) > NPM_TOKEN".format(**halves)) != 0
    assert m.github.plaintext(OLD) == (before if keeps else b"half")


@pytest.mark.parametrize("shell", SUBSHELLS)
def test_a_subshell_becomes_its_last_command(mount, halves, shell):
    need_tools(shell.split()[0])
    m = mount()
    m.warm()
    assert run_in(m, shell, f"({halves['cat']}) > NPM_TOKEN") != 0
    assert m.github.plaintext(OLD) == b"half"


# Two open files of one name can't be told apart where their positions are the same.
TWO = "sh -c 'echo {out}; echo {err} >&2; exit 3' > NPM_TOKEN 2> NPM_TOKEN"


@pytest.mark.parametrize("err, value", [("error", b"seeded"), ("err", b"out")])
def test_two_open_files_of_one_name(mount, err, value):
    m = mount()
    m.warm()
    m.sh(TWO.format(out="out", err=err))
    assert m.github.plaintext(OLD).startswith(value)
