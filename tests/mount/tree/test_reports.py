"""The files under .ghsecretfs: what happened, in words that a person can act on."""

import contextlib
import os
import re
import subprocess

import pytest

from kit.calls import exists, fails, put
from kit.demo import LIST, WEB
from kit.mounting import is_mounted, unmount, wait_until
from kit.standin import TOKEN

KEPT = 256


def test_hidden_but_there(mount):
    m = mount()
    assert m.sh("ls -a", cwd=m.path).stdout.split() == [".", "..", "orgs", "repos"]
    assert ".ghsecretfs" not in m.sh("find . -maxdepth 1", cwd=m.path).stdout
    assert sorted(os.listdir(m.path / ".ghsecretfs")) == ["errors", "status"]


@pytest.mark.parametrize("source", ["", "repos", "repos/acme/web", WEB])
def test_at_the_root_of_every_mount(mount, source):
    m = mount(source)
    assert m.errors() == []
    assert m.status()["login"] == "octavia"
    assert ".ghsecretfs" not in os.listdir(m.path)


@pytest.mark.parametrize("directory", ["repos", "repos/acme", WEB])
def test_only_at_the_root(mount, directory):
    assert not exists(mount().path / directory / ".ghsecretfs")


def test_can_not_be_changed(mount):
    m = mount()
    reports = m.path / ".ghsecretfs"
    for name in ("errors", "status"):
        with fails("EACCES", "EPERM"):
            os.open(reports / name, os.O_WRONLY)
        with fails("EACCES", "EPERM"):
            os.truncate(reports / name, 0)
        with fails("EPERM"):
            os.unlink(reports / name)
    with fails("EPERM", "EACCES"):
        os.open(reports / "new", os.O_WRONLY | os.O_CREAT)
    with fails("EPERM"):
        os.rmdir(reports)


def test_tools_read_them(mount):
    m = mount()
    with fails("EBUSY"):
        m.github.fault(method="PUT", status=409)
        put(m.secrets / "NEW", b"value")
    reports = m.path / ".ghsecretfs"
    assert m.sh("cat errors | wc -l", cwd=reports).stdout.strip() == "1"
    assert (reports / "errors").stat().st_size == len((reports / "errors").read_bytes())
    assert m.sh("tail -n1 errors", cwd=reports).stdout.count("\n") == 1
    assert m.sh("grep -c login status", cwd=reports).stdout.strip() == "1"
    assert m.sh("head -c 5 status", cwd=reports).stdout == "host:"


# errors


def test_a_failure(mount):
    m = mount()
    m.warm()
    m.github.fault(
        method="PUT",
        status=403,
        body={"message": "Resource not accessible by personal access token"},
        headers={
            "X-GitHub-Request-Id": "ABCD:1234:5678",
            "X-Accepted-GitHub-Permissions": "secrets=write",
        },
    )
    with fails("EACCES"):
        put(m.secrets / "NEW", b"the-value-itself")
    (line,) = m.errors()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line)
    for part in (
        "write",
        f"{WEB}/NEW",
        "EACCES",
        "403",
        "Resource not accessible by personal access token",
        "secrets=write",
        "ABCD:1234:5678",
    ):
        assert part in line
    assert "the-value-itself" not in line
    assert TOKEN not in line


def test_a_failure_is_in_the_log_too(mount):
    m = mount()
    m.github.fault(method="DELETE", status=409, body={"message": "Try later"})
    with fails("EBUSY"):
        os.unlink(m.secrets / "NPM_TOKEN")
    (line,) = m.log().splitlines()
    assert line.startswith("ghsecretfs: ")
    assert "Try later" in line and "NPM_TOKEN" in line


def test_validation_errors_are_told(mount):
    m = mount()
    m.github.fault(
        method="PUT",
        status=422,
        body={"message": "Validation Failed", "errors": [{"message": "the second half"}]},
    )
    with fails("EINVAL"):
        put(m.secrets / "NEW", b"value")
    assert "Validation Failed" in m.errors()[0] and "the second half" in m.errors()[0]


def test_what_is_merely_absent_is_no_failure(mount):
    m = mount()
    assert not exists(m.secrets / "NO_SUCH_SECRET")
    assert not exists(m.path / "repos/nobody")
    with fails("EACCES"):
        os.open(m.secrets / "NPM_TOKEN", os.O_RDONLY)
    assert m.errors() == []


HOSTILE = [
    "\x1b]0;owned\x07title",
    "\x1b[31mred\x1b[0m",
    "first\r\nsecond",
    "c1 \u009b31m red",
    "over\u202eride",
    "tab\tand\0nul",
    "x" * 10000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[ascii(text)[:20] for text in HOSTILE])
def test_a_servers_text_is_made_harmless(mount, text):
    m = mount()
    m.github.fault(method="PUT", status=409, body={"message": text})
    with fails("EBUSY"):
        put(m.secrets / "NEW", b"value")
    (line,) = m.errors()
    assert line.isprintable()
    assert len(line) < 600


def test_a_servers_header_is_made_harmless(mount):
    m = mount()
    m.github.fault(
        method="PUT",
        status=409,
        headers={"X-GitHub-Request-Id": "A\x1b[31mB", "X-Accepted-GitHub-Permissions": "x" * 3000},
    )
    with fails("EBUSY"):
        put(m.secrets / "NEW", b"value")
    (line,) = m.errors()
    assert line.isprintable()
    assert len(line) < 1000


def test_a_callers_name_is_made_harmless(mount):
    m = mount()
    with fails("EINVAL"):
        put(m.secrets / "A\x1b[31m\nB", b"value")
    (line,) = m.errors()
    assert line.isprintable()


def test_the_last_failures_are_kept(mount):
    m = mount()
    for number in range(KEPT + 44):
        with fails("EINVAL"):
            os.open(m.secrets / f"BAD-{number}", os.O_WRONLY | os.O_CREAT)
    lines = m.errors()
    assert len(lines) == KEPT
    assert "BAD-44:" in lines[0]
    assert f"BAD-{KEPT + 43}:" in lines[-1]


# status


def test_status(mount, github):
    m = mount("ghe.example.com:")
    status = m.status()
    assert status["host"] == "ghe.example.com"
    assert status["api"] == github.url
    assert status["login"] == "octavia"
    assert "GH_TOKEN" in status["token"]
    assert TOKEN not in str(status)


def test_status_counts_requests(mount):
    def sent():
        return int(m.status()["requests"].split()[0])

    m = mount()
    m.warm()
    before = sent()
    os.listdir(m.path / "repos/acme")
    put(m.secrets / "NEW", b"value")
    assert sent() == before + len(m.github.journal()) == before + 2


def test_status_shows_the_rate_limit(mount):
    m = mount()
    m.github.config(rate_limit_limit=5000, rate_limit_remaining=1234)
    os.listdir(m.secrets)
    last = m.github.journal()[-1]["response_headers"]
    assert last["x-ratelimit-remaining"] in m.status()["rate limit"]
    assert "5000" in m.status()["rate limit"]


def test_status_without_rate_limits(mount, github):
    github.config(rate_limit=False)
    m = mount()
    assert m.sh("echo value > NEW").returncode == 0
    assert "rate limit" in m.status()
    assert github.plaintext(f"{LIST}/NEW") == b"value"


@pytest.mark.parametrize("flag", ["-f", "-d"])
def test_a_full_standard_error_holds_nobody_up(binary, github, env, tmp_path, flag):
    """Its reader has stopped: messages, libfuse's too, are dropped and counted."""
    directory = tmp_path / "mnt"
    directory.mkdir()
    read, write = os.pipe()
    command = [binary, "-f", flag, "-o", f"api_url={github.url},timeout=10", directory]
    process = subprocess.Popen(command, env=env(), stdin=subprocess.DEVNULL, stderr=write)
    try:
        wait_until(lambda: is_mounted(directory), 30, "the mount")
        secrets = directory / WEB
        os.listdir(secrets)
        github.fault(method="DELETE", count=-1, status=409)
        for number in range(1500):
            with contextlib.suppress(OSError):
                os.unlink(secrets / "NPM_TOKEN")
            with contextlib.suppress(OSError):
                os.stat(secrets / f"{number:0200}")  # a debug line each
        status = (directory / ".ghsecretfs/status").read_text(encoding="ascii")
    finally:
        unmount(directory, lazy=True)
        process.wait(20)
        os.close(read)
        os.close(write)
    assert process.returncode == 0
    if flag == "-d":
        dropped = next(line for line in status.splitlines() if line.startswith("log: "))
        assert int(dropped.split()[1]) > 0
