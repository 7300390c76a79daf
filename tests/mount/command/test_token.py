"""Where the token comes from, and where it must never be seen (contract §1.6, §1.7, §7.2)."""

import os
import sys
import time

import pytest

from kit import mounting
from kit.calls import fails
from kit.demo import WEB
from kit.mounting import is_mounted
from kit.standin import TOKEN

OTHER = "another-token-than-the-stand-in-takes"
NO_TOKEN = {"GH_TOKEN": None}
VARIABLES = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    return path


@pytest.fixture
def token_file(tmp_path):
    def write(text=TOKEN + "\n", mode=0o600):
        path = tmp_path / "token"
        path.write_text(text, encoding="ascii")
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def refused(run, github, directory):
    """The mount is refused: the one line that says why."""

    def start(status, environment=None, **options):
        settings = {"api_url": github.url, "timeout": 5, **options}
        arguments = ["-f", *mounting.option_arguments(settings), directory]
        done = run(*arguments, environment=environment)
        assert done.returncode == status, done.stderr
        lines = done.stderr.splitlines()
        assert len(lines) == 1 and lines[0].startswith("ghsecretfs: "), done.stderr
        assert TOKEN not in done.stderr and OTHER not in done.stderr
        assert not is_mounted(directory)
        return lines[0]

    return start


def works(m):
    return m.sh("echo v > NEW").returncode == 0 and m.github.plaintext(f"/{WEB}/NEW") == b"v"


# Files


@pytest.mark.parametrize(
    "text", [TOKEN, TOKEN + "\n", TOKEN + "\r\n", TOKEN + " \n", TOKEN + "\nsecond line\n"]
)
def test_from_a_file(mount, token_file, text):
    assert works(mount(token_file=token_file(text), environment=NO_TOKEN))


def test_a_file_counts_more_than_the_environment(mount, token_file):
    assert works(mount(token_file=token_file(), environment={"GH_TOKEN": OTHER}))


def test_from_a_file_given_relatively(mount, token_file):
    path = token_file()
    assert works(mount(token_file=path.name, cwd=path.parent, environment=NO_TOKEN))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604, 0o601, 0o610])
def test_a_file_open_to_others_is_refused(refused, token_file, mode):
    line = refused(1, token_file=token_file(mode=mode))
    assert "chmod" in line


def test_a_link_is_refused(refused, token_file, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(token_file())
    assert "link" in refused(1, token_file=link)


@pytest.mark.parametrize("text", ["", "\n", "two words\n", "bell\a\n", "x" * 5000])
def test_a_file_without_a_token_is_refused(refused, token_file, text):
    refused(1, token_file=token_file(text))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_told(refused, token_file, encoding):
    file = token_file()
    file.write_bytes(TOKEN.encode(encoding))
    assert "byte order mark" in refused(1, token_file=file)


def test_a_command_that_prints_nothing(refused):
    assert "printed nothing" in refused(1, token_command="true")


def test_a_missing_file_is_refused(refused, tmp_path):
    assert "missing" in refused(1, token_file=tmp_path / "missing")


def test_a_directory_is_refused(refused, tmp_path):
    (tmp_path / "directory").mkdir(mode=0o700)
    refused(1, token_file=tmp_path / "directory")


def test_a_fifo_is_refused(refused, tmp_path):
    os.mkfifo(tmp_path / "fifo", 0o600)
    refused(1, token_file=tmp_path / "fifo")


# Commands


def test_from_a_command(mount):
    assert works(mount(token_command=f"echo {TOKEN}", environment={"GH_TOKEN": OTHER}))


@pytest.mark.parametrize("form", ["-o{}", "--{}", "-o ro,{},rw"])
def test_a_command_with_backslashes(mount, form):
    flags = form.format(f"token_command=printf '%s\\n' {TOKEN}").split(maxsplit=form.count(" "))
    assert works(mount(flags=flags, environment=NO_TOKEN))


def test_a_command_sees_the_environment(mount):
    m = mount(token_command='echo "$KEPT"', environment={"GH_TOKEN": None, "KEPT": TOKEN})
    assert works(m)


@pytest.mark.parametrize("command", ["false", "exit 3", "true", "kill -9 $$", "missing 2>&-"])
def test_a_command_that_fails(refused, command):
    refused(1, token_command=command)


def test_a_command_that_does_not_end(refused):
    refused(1, token_command="sleep 100", timeout=1)


def test_a_command_that_says_too_much(refused):
    refused(1, token_command="head -c 5000 /dev/zero | tr '\\0' x")


def test_a_file_and_a_command_are_one_too_many(refused, token_file):
    refused(1, token_file=token_file(), token_command="true")


# The environment


@pytest.mark.parametrize("variable", VARIABLES)
def test_from_the_environment(mount, variable):
    """On a loopback address any of the four will do."""
    assert works(mount(environment={**NO_TOKEN, variable: TOKEN}))


@pytest.mark.parametrize("first, second", zip(VARIABLES, VARIABLES[1:]))
def test_order_of_the_variables(mount, first, second):
    assert works(mount(environment={**NO_TOKEN, first: TOKEN, second: OTHER}))


def test_an_empty_variable_is_none(mount):
    assert works(mount(environment={"GH_TOKEN": "", "GITHUB_TOKEN": TOKEN}))


@pytest.mark.parametrize(
    "api_url, accepted",
    [
        ("https://ghe.invalid/api/v3", VARIABLES[2:]),
        ("https://api.acme-corp.ghe.com.invalid", VARIABLES[2:]),
    ],
)
@pytest.mark.parametrize("variable", VARIABLES)
def test_tokens_of_github_com_go_to_no_other_host(refused, api_url, accepted, variable):
    line = refused(
        2 if variable in accepted else 1,
        api_url=api_url,
        environment={**NO_TOKEN, variable: OTHER},
    )
    assert ("no token" in line) == (variable not in accepted)


def test_from_the_credentials_directory(mount, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "token").write_text(TOKEN + "\n", encoding="ascii")
    (credentials / "token").chmod(0o440)
    assert works(mount(environment={**NO_TOKEN, "CREDENTIALS_DIRECTORY": credentials}))


def test_the_environment_counts_more_than_the_credentials_directory(mount, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "token").write_text(OTHER, encoding="ascii")
    (credentials / "token").chmod(0o400)
    assert works(mount(environment={"CREDENTIALS_DIRECTORY": credentials}))


@pytest.mark.root("others ask gh")
def test_gh_is_not_asked_for_root(refused, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    gh = programs / "gh"
    gh.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho {TOKEN}\n", encoding="ascii")
    gh.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    line = refused(1, environment={**NO_TOKEN, "PATH": path})
    assert "no token" in line
    assert not (tmp_path / "asked").exists()


# Refusals


def test_no_token(refused):
    line = refused(1, environment=NO_TOKEN)
    assert "no token" in line and "token_file" in line and "_TOKEN," in line


def test_a_credential_of_another_name(refused, tmp_path):
    (tmp_path / "gh-token").write_text(TOKEN, encoding="ascii")
    line = refused(1, environment={**NO_TOKEN, "CREDENTIALS_DIRECTORY": tmp_path})
    assert "no token" in line and "$CREDENTIALS_DIRECTORY there is no file 'token'" in line


@pytest.mark.root("sudo")
def test_sudo_drops_the_token(refused):
    line = refused(1, environment={**NO_TOKEN, "SUDO_UID": "1000"})
    assert "set GH_ENTERPRISE_TOKEN (sudo passes it on only with --preserve-env)" in line


def test_wrong_token(refused):
    line = refused(2, environment={"GH_TOKEN": OTHER})
    assert "Bad credentials" in line and "GH_TOKEN" in line


def test_a_token_that_lacks_something(refused, github):
    github.fault(path="/user", count=-1, status=403, body={"message": "Use a VPN"})
    line = refused(2)
    assert "Use a VPN" in line and "expired" not in line


def test_wrong_token_in_the_background(run, github, directory):
    done = run("-o", f"api_url={github.url}", directory, environment={"GH_TOKEN": OTHER})
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not is_mounted(directory)


# A token that is refused later


def test_a_new_token_in_the_file_is_read(mount, github, token_file):
    m = mount(token_file=token_file(), environment=NO_TOKEN)
    github.config(tokens=[OTHER])
    token_file(OTHER + "\n")
    assert m.sh("echo v > NEW").returncode == 0
    assert github.plaintext(f"/{WEB}/NEW") == b"v"


def test_a_command_is_asked_again(mount, github, tmp_path):
    current = tmp_path / "current"
    current.write_text(TOKEN, encoding="ascii")
    m = mount(token_command=f"cat {current}", environment=NO_TOKEN)
    current.write_text(OTHER, encoding="ascii")
    github.config(tokens=[OTHER])
    assert m.sh("echo v > NEW").returncode == 0
    assert github.plaintext(f"/{WEB}/NEW") == b"v"


@pytest.mark.parametrize("command, why", [("exit 3", "exit status 3"), ("", "printed nothing")])
def test_why_a_token_can_not_be_read_again_is_told(mount, github, tmp_path, command, why):
    script = tmp_path / "command"
    script.write_text(f"echo {TOKEN}", "ascii")
    m = mount(token_command=f". {script}", environment=NO_TOKEN)
    github.config(tokens=[OTHER])
    script.write_text(command, "ascii")
    done = m.sh(f"ls {m.secrets}", cwd=tmp_path)
    assert done.returncode != 0 and "Permission denied" in done.stderr
    errors = (m.path / ".ghsecretfs/errors").read_text("utf-8")
    assert "reading it again failed: token_command: " in errors and why in errors


def test_a_file_is_read_again_once(mount, github, token_file):
    m = mount(token_file=token_file(), environment=NO_TOKEN)
    github.config(tokens=[OTHER])
    github.clear_journal()
    done = m.sh("ls", cwd=m.path / "repos")
    assert done.returncode != 0
    assert "Permission denied" in done.stderr
    assert [r["status"] for r in github.requests("GET", "/user/orgs")] == [401, 401]


def test_a_refused_token_is_no_refusal_of_the_directory(mount, github, token_file):
    """Once the file was not looked at for ten seconds: opens had the refusal's answer."""
    m = mount(token_file=token_file(), environment=NO_TOKEN)
    m.warm()
    github.config(tokens=[OTHER])
    assert m.sh("cp /proc/version NPM_TOKEN").returncode == 1
    token_file(OTHER + "\n")
    assert works(m)


@pytest.mark.parametrize("command", ["false", f"echo {TOKEN}"], ids=["no token", "the old one"])
def test_a_refused_commands_token_is_no_refusal(mount, github, tmp_path, command):
    script = tmp_path / "command"
    script.write_text(f"echo {TOKEN}", "ascii")
    m = mount(token_command=f". {script}", environment=NO_TOKEN)
    m.warm()
    github.config(tokens=[OTHER])
    script.write_text(command, "ascii")
    assert m.sh("cp /proc/version NPM_TOKEN").returncode == 1
    script.write_text(f"echo {OTHER}", "ascii")
    time.sleep(1.1)  # until the command may run again
    assert works(m)


# Secrecy


def process_bytes(pid, file):
    with open(f"/proc/{pid}/{file}", "rb") as content:
        return content.read()


@pytest.mark.parametrize("origin", ["environment", "file", "command"])
def test_the_token_is_seen_nowhere(mount, token_file, tmp_path, origin):
    source = tmp_path / "source"
    source.write_text(TOKEN, encoding="ascii")
    options = {
        "environment": {"environment": {name: TOKEN for name in VARIABLES}},
        "file": {"token_file": token_file()},
        "command": {"token_command": f"cat {source}", "environment": NO_TOKEN},
    }[origin]
    m = mount(**options)
    assert works(m)
    secret = TOKEN.encode()
    assert secret not in process_bytes(m.pid, "cmdline")
    if os.geteuid() == 0:
        assert secret not in process_bytes(m.pid, "environ")
    else:
        with fails("EACCES"):
            process_bytes(m.pid, "environ")
    assert secret not in process_bytes("self", "mounts")
    assert secret not in (m.path / ".ghsecretfs/status").read_bytes()
    assert secret not in (m.path / ".ghsecretfs/errors").read_bytes()
    assert "token" in m.status()


def test_the_program_leaves_no_core(mount):
    limits = process_bytes(mount().pid, "limits").decode()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


# A token that is refused again and again


def test_a_refused_tokens_command_runs_ever_more_rarely(mount, github, tmp_path):
    runs = tmp_path / "runs"
    m = mount(
        token_command=f"echo >> {runs}; printf %s {TOKEN}", environment=NO_TOKEN, cache_ttl=0
    )
    github.config(tokens=[OTHER])
    start = time.monotonic()
    while time.monotonic() - start < 3.7:
        assert not os.path.lexists(m.path / "orgs/acme/actions/secrets/X")
    assert len(runs.read_text(encoding="ascii")) <= 1 + 3  # the mount's; at 0, 1 and 3 s
    github.config(tokens=[OTHER, TOKEN])
    assert os.listdir(m.secrets)


LEAVING = {
    "setsid": "exec setsid sleep 30",
    "setsid -f": "exec setsid -f sleep 30",
    "double fork": "(setsid sh -c 'sleep 30' &); sleep 30",
    "another group": f"exec {sys.executable} -c 'import os, time; "
    "os.setpgid(0, os.getpgid(os.getppid())); time.sleep(30)'",
}


@pytest.mark.parametrize("command", LEAVING.values(), ids=LEAVING)
def test_a_command_that_leaves_its_group(mount, github, tmp_path, command):
    """It is ended or given up in time, others go on meanwhile, and unmounting does not wait."""
    slow = tmp_path / "slow"
    script = tmp_path / "command"
    script.write_text(f"printf %s {TOKEN}; test ! -e {slow} && exit\n{command}\n", "ascii")
    m = mount(token_command=f"exec sh {script}", environment=NO_TOKEN, timeout=2)
    os.listdir(m.secrets)
    slow.touch()
    github.fault(path="/repos/acme/api*", status=401, count=-1)
    start = time.monotonic()
    with pytest.raises(OSError):
        os.listdir(m.path / "repos/acme/api/actions/secrets")
    assert time.monotonic() - start < 12
    assert os.stat(m.secrets / "NPM_TOKEN")
    start = time.monotonic()
    m.stop()
    assert time.monotonic() - start < 12
