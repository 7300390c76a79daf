"""The command line: options, SOURCE, messages and exit statuses (contract §1)."""

import os
import shutil
import signal
import stat
import subprocess

import pytest

from kit import mounting
from kit.calls import fails
from kit.demo import WEB
from kit.mounting import is_mounted, wait_until
from kit.needs import skip_unless

UNREACHABLE = "https://nothing.invalid"


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    return path


def assert_one_line(done, status, *words):
    """It failed with that status and one line that has these words."""
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("ghsecretfs: ")
    for word in words:
        assert word in lines[0]
    assert done.stdout == ""
    mounting.assert_clean(done.stderr)


# Help and version


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_fits_a_screen(run, flag):
    done = run(flag)
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert 5 < len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert done.stdout.isascii()
    for option in ("api_url", "token_file", "token_command", "cacert", "cache_ttl", "timeout"):
        assert option in done.stdout


LIBRARIES = ["libfuse", "libcurl", "libsodium", "json-c"]


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version(run, flag):
    done = run(flag)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [name for name, *_ in lines] == ["ghsecretfs", *LIBRARIES]
    assert all(words[1][0].isdigit() for words in lines)


# Options

GOOD_OPTIONS = [
    {"api_version": "2022-11-28"},
    {"cache_ttl": 0},
    {"cache_ttl": 3600},
    {"timeout": 5},
    {"max_requests": 1},
    {"newline": "auto"},
    {"newline": "keep"},
    {"visibility": "private"},
    {"visibility": "all"},
    {"visibility": "selected"},
    {"commit": "close"},
    {"commit": "write"},
    {"failed_close": "message"},
    {"failed_close": "quiet"},
    {"replacers": "java:node"},
    {"ro": True},
    {"rw": True},
    {"umask": "077"},
    pytest.param(
        {"uid": 12345, "gid": 54321, "allow_other": True},
        marks=pytest.mark.root("gets in all the same"),
    ),
    {"default_permissions": True},
    {"fsname": "somewhere"},
    {"nosuid": True, "nodev": True, "noexec": True, "noatime": True},
    {"x-systemd.automount": True, "_netdev": True, "noauto": True},
]


@pytest.mark.parametrize("options", GOOD_OPTIONS, ids=str)
def test_option_is_taken(mount, options):
    m = mount(**options)
    assert sorted(os.listdir(m.path)) == ["orgs", "repos"]


@pytest.mark.root("others need user_allow_other in /etc/fuse.conf")
@pytest.mark.parametrize("option", ["allow_other", "allow_root"])
def test_options_for_other_users(mount, option):
    m = mount(**{option: True})
    assert "allow_other" in " ".join(mounting.mount_entry(m.path))


def test_long_options(mount):
    m = mount(flags=["--cache_ttl=3", "--newline=keep", "--max-requests=7"])
    assert sorted(os.listdir(m.path)) == ["orgs", "repos"]


def test_options_in_one_word(mount):
    m = mount(flags=["-o", "ro,umask=077,cache_ttl=1"])
    assert stat.S_IMODE(os.stat(m.path).st_mode) == 0o700


BAD_OPTIONS = [
    "no_such_option",
    "cache_ttl",
    "cache_ttl=",
    "cache_ttl=soon",
    "cache_ttl=-1",
    "timeout=0",
    "timeout=x",
    "max_requests=0",
    "max_requests=many",
    "newline=strip",
    "visibility=public",
    "commit=never",
    "failed_close=loud",
    "replacers=java::node",
    "umask=999",
    "uid=octavia",
    "api_version=today",
    "api_url=ftp://127.0.0.1",
    "api_url=http://api.example.com",
    "cacert=/nowhere/ca.pem",
    "token_file=/nowhere/token",
    "token=ghp_0123456789",
]


@pytest.mark.parametrize("option", BAD_OPTIONS)
def test_bad_option(run, github, directory, option):
    base = [] if option.startswith("api_url") else ["-o", f"api_url={github.url}"]
    done = run("-f", *base, "-o", option, directory)
    assert_one_line(done, 1)
    assert "ghp_0123456789" not in done.stderr
    assert not is_mounted(directory)


def test_no_mount_point(run):
    assert_one_line(run(), 1, "mount point")


def test_too_many_arguments(run, directory):
    assert_one_line(run(WEB, directory, directory), 1, "arguments")


# What the mount looks like


def mounted_options(m):
    entry = mounting.mount_entry(m.path)
    return entry, set(entry[5].split(","))


def test_mount_table(mount):
    entry, options = mounted_options(mount("acme.example:" + WEB))
    kind, source = entry[entry.index("-") + 1 : entry.index("-") + 3]
    assert kind == "fuse.ghsecretfs"
    assert source == "acme.example:" + WEB
    assert {"nosuid", "nodev", "noexec"} <= options
    assert "default_permissions" in entry[-1]


def test_suid_and_dev_can_not_be_had(mount):
    _, options = mounted_options(mount(suid=True, dev=True, exec=True))
    assert {"nosuid", "nodev", "noexec"} <= options


def test_fsname(mount):
    entry, _ = mounted_options(mount(fsname="vault"))
    assert "vault" in entry


def test_read_only(mount):
    m = mount(ro=True)
    done = m.sh("echo v > NEW")
    assert done.returncode != 0
    assert "Read-only" in done.stderr
    assert m.sh("rm -f NPM_TOKEN").returncode == 1
    assert not m.github.requests("PUT") + m.github.requests("DELETE")


@pytest.mark.root("gets in all the same")
def test_owner_and_umask(mount):
    m = mount(uid=12345, gid=54321, umask="277", allow_other=True)
    directory, secret = os.stat(m.secrets), os.stat(m.secrets / "NPM_TOKEN")
    assert (secret.st_uid, secret.st_gid) == (12345, 54321)
    assert (directory.st_uid, directory.st_gid) == (12345, 54321)
    assert stat.S_IMODE(secret.st_mode) == 0
    assert stat.S_IMODE(directory.st_mode) == 0o500


def test_debug_shows_no_value_and_no_token(mount):
    m = mount(flags=["-d"])
    assert m.sh("echo the-quick-brown-value > NEW").returncode == 0
    assert m.github.plaintext(f"/{WEB}/NEW") == b"the-quick-brown-value"
    m.stop()
    assert "the-quick-brown-value" not in m.log()
    assert m.log()


# SOURCE


@pytest.mark.parametrize(
    "source, shown",
    [
        ("", ["orgs", "repos"]),
        ("github.com:", ["orgs", "repos"]),
        ("repos", ["acme", "globex", "octavia"]),
        ("repos/", ["acme", "globex", "octavia"]),
        ("github.com:repos", ["acme", "globex", "octavia"]),
        ("repos/octavia", ["dotfiles", "notes"]),
        ("repos/acme/web", ["actions", "environments"]),
        ("repos/acme/web/actions", ["organization-secrets", "secrets"]),
        ("repos/acme/docs/actions/secrets", ["ALGOLIA_API_KEY", "NETLIFY_AUTH_TOKEN"]),
        ("repos/ACME/Docs/actions/secrets", ["ALGOLIA_API_KEY", "NETLIFY_AUTH_TOKEN"]),
        ("repos/acme/design.system/actions/secrets", []),
    ],
)
def test_source(mount, source, shown):
    m = mount(source)
    assert sorted(os.listdir(m.path)) == shown


def test_subtree_is_used_like_the_whole(mount):
    m = mount(WEB)
    assert m.sh("echo v > NEW && rm NPM_TOKEN").returncode == 0
    assert m.github.plaintext(f"/{WEB}/NEW") == b"v"
    assert m.github.plaintext(f"/{WEB}/NPM_TOKEN") is None
    assert m.status()["login"] == "octavia"


@pytest.mark.parametrize(
    "source",
    [
        "/repos",
        "repos//acme",
        "repos/./acme",
        "repos/../repos",
        "..",
        "github.com:..",
        "repos/acme/web/actions/secrets//",
        "not a host:repos",
    ],
)
def test_malformed_source(run, github, directory, source):
    done = run("-f", "-o", f"api_url={github.url}", source, directory)
    assert_one_line(done, 1, "SOURCE")
    assert not is_mounted(directory)


@pytest.mark.parametrize(
    "source",
    [
        "repos/acme/no-such-repository",
        "repos/no-such-owner",
        "repos/no-such-owner/web/actions/secrets",
        "repos/acme/no-such-repository/actions/secrets",
    ],
)
def test_path_that_the_server_does_not_have(run, github, directory, source):
    done = run("-f", "-o", f"api_url={github.url}", source, directory)
    assert_one_line(done, 2, source)
    assert not is_mounted(directory)


@pytest.mark.parametrize(
    "source", ["nowhere", "repos/acme/web/nowhere", "repos/acme/web/actions/secrets/NPM_TOKEN"]
)
def test_path_that_is_no_place_in_the_tree(run, github, directory, source):
    done = run("-f", "-o", f"api_url={github.url}", source, directory)
    assert_one_line(done, 1, source)
    assert not is_mounted(directory)


def test_gh_host_is_the_default_host(mount):
    m = mount(environment={"GH_HOST": "ghe.example.com"})
    assert m.status()["host"] == "ghe.example.com"


# Mount points


def test_mount_point_is_missing(run, github, tmp_path):
    done = run("-f", "-o", f"api_url={github.url}", tmp_path / "missing")
    assert_one_line(done, 1, "missing")


def test_advice_on_a_missing_mount_point_helps(run, github, tmp_path):
    done = run("-f", "-o", f"api_url={github.url}", tmp_path / "missing" / "below")
    advice = done.stderr.split("'")[1]
    subprocess.run(advice, shell=True, check=True)
    assert (tmp_path / "missing" / "below").is_dir()


def test_mount_point_is_a_file(run, github, tmp_path):
    file = tmp_path / "file"
    file.touch()
    done = run("-f", "-o", f"api_url={github.url}", file)
    assert_one_line(done, 1, "not a directory")


SHELL = os.path.dirname(os.path.realpath("/bin/sh"))


@pytest.mark.parametrize(
    "place, hidden",
    [
        ("/", "/proc"),
        ("/..", "/proc"),
        ("/proc", "/proc"),
        ("/proc/self/fdinfo", "/proc"),
        ("/dev", "/dev/null"),
        (SHELL, "/bin/sh"),
        (os.path.dirname(SHELL), "/"),
    ],
)
def test_mount_point_that_the_program_itself_needs(run, place, hidden):
    """The server is not there: if this were not refused, nothing would be mounted either."""
    before = mounting.mount_entry(os.path.realpath(place))
    done = run("-f", "-o", f"api_url={UNREACHABLE},timeout=2", place)
    assert_one_line(done, 1, f"mount point {place}: ", "would hide " + hidden)
    assert mounting.mount_entry(os.path.realpath(place)) == before


def test_mount_point_is_a_dead_mount(mount, run, github):
    m = mount()
    m.process.kill()
    m.process.wait(20)
    try:
        done = run("-f", "-o", f"api_url={github.url}", m.path)
        assert_one_line(done, 1, str(m.path), "fusermount3 -u")
    finally:
        mounting.unmount(m.path, lazy=True)
        m.forget()


@pytest.mark.parametrize("background", [False, True])
def test_relative_mount_point(binary, github, env, tmp_path, background):
    directory = tmp_path / "here"
    directory.mkdir()
    flags = [] if background else ["-f"]
    command = [str(binary), *flags, "-o", f"api_url={github.url}", "here"]
    process = subprocess.Popen(command, env=env(), cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_mounted(directory), 20, "the mount")
        assert os.listdir(directory) == ["orgs", "repos"]
    finally:
        mounting.unmount(directory)
        process.wait(20)
    assert process.returncode == 0
    assert not is_mounted(directory)


# The API can't be reached, or is not trusted, or is none


def test_host_does_not_resolve(run, directory):
    token = {"GH_ENTERPRISE_TOKEN": "some-token"}
    options = f"api_url={UNREACHABLE},timeout=10"
    done = run("-f", "-o", options, directory, environment=token)
    assert_one_line(done, 2, "nothing.invalid")


def test_host_does_not_resolve_in_the_background(run, directory):
    token = {"GH_ENTERPRISE_TOKEN": "some-token"}
    done = run("-o", f"api_url={UNREACHABLE},timeout=10", directory, environment=token)
    assert_one_line(done, 2, "nothing.invalid")
    assert not is_mounted(directory)


def test_connection_is_refused(run, new_github, directory):
    server = new_github()
    server.stop()
    done = run("-f", "-o", f"api_url={server.url},timeout=10", directory)
    assert_one_line(done, 2, server.url)


def test_no_answer(run, github, directory):
    github.fault(path="/user", action="hang", count=-1)
    done = run("-f", "-o", f"api_url={github.url},timeout=1", directory)
    assert_one_line(done, 2, github.url)


@pytest.mark.parametrize("api_path", ["/no/such/thing", "/user"])
def test_not_an_api(run, github, directory, api_path):
    done = run("-f", "-o", f"api_url={github.url}{api_path},timeout=5", directory)
    assert_one_line(done, 2, github.url, "https://HOST/api/v3")


@pytest.mark.parametrize(
    "fault",
    [{"action": "garbage"}, {"status": 200, "body": "<html>Welcome</html>"}, {"body": []}],
    ids=["garbage", "html", "array"],
)
def test_answers_are_not_an_apis(run, github, directory, fault):
    github.fault(path="/user", count=-1, **fault)
    done = run("-f", "-o", f"api_url={github.url},timeout=5", directory)
    assert_one_line(done, 2, github.url)


def test_server_is_broken(run, github, directory):
    github.fault(path="/user", count=-1, status=500)
    done = run("-f", "-o", f"api_url={github.url},timeout=1", directory)
    assert_one_line(done, 2, github.url)


def test_enterprise_path(mount, github):
    m = mount(api_url=f"{github.url}/api/v3/")
    assert m.sh("echo v > NEW").returncode == 0
    assert github.plaintext(f"/{WEB}/NEW") == b"v"


# mount(8)


@pytest.mark.root("mount")
def test_mount_helper(binary, github, env, tmp_path, directory):
    helper = shutil.which("mount.fuse3", path="/usr/sbin:/sbin:" + os.environ["PATH"])
    skip_unless(helper, "mount.fuse3 (package fuse3) is not installed")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ghsecretfs").symlink_to(binary)
    done = subprocess.run(
        [helper, f"github.com:{WEB}", directory, "-t", "fuse.ghsecretfs"]
        + ["-o", f"rw,nosuid,nodev,relatime,_netdev,api_url={github.url},cache_ttl=5"],
        env=env(PATH=f"{programs}:{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    try:
        assert done.returncode == 0, done.stderr
        assert is_mounted(directory)
        assert "NPM_TOKEN" in os.listdir(directory)
    finally:
        assert mounting.unmount(directory).returncode == 0
    assert not is_mounted(directory)


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_it(mount, number):
    m = mount()
    os.listdir(m.secrets)
    m.signal(number)
    assert m.wait_for_end() == 0
    assert not is_mounted(m.path)


def test_unmount_ends_it(mount):
    m = mount()
    assert mounting.unmount(m.path).returncode == 0
    assert m.wait_for_end() == 0


def test_upload_under_way_survives_a_signal(mount):
    m = mount()
    m.warm()
    m.github.fault(method="PUT", action="delay", ms=700)
    writer = subprocess.Popen(["bash", "-c", "echo v > NEW"], cwd=m.secrets)
    m.github.wait_for(lambda requests: any(r["method"] == "PUT" for r in requests))
    m.signal(signal.SIGTERM)
    assert m.wait_for_end() == 0
    writer.wait(20)
    assert m.github.plaintext(f"/{WEB}/NEW") == b"v"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_was_not_closed_is_not_sent(mount, number):
    m = mount()
    fd = os.open(m.secrets / "NPM_TOKEN", os.O_WRONLY)
    listing = os.scandir(m.secrets)
    os.write(fd, b"value")
    m.signal(number)
    assert m.wait_for_end() == 0
    listing.close()
    with fails("ENOTCONN", "ECONNABORTED"):
        os.close(fd)
    assert not m.github.requests("PUT")


def test_a_lazy_unmount_lets_writers_end(mount):
    m = mount()
    fd = os.open(m.secrets / "NEW", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"val")
    assert mounting.unmount(m.path, lazy=True).returncode == 0
    os.write(fd, b"ue")
    os.close(fd)
    assert m.wait_for_end() == 0
    assert m.github.plaintext(f"/{WEB}/NEW") == b"value"


def test_unmount_of_a_busy_mount_is_refused(mount):
    m = mount()
    with open(m.secrets / "NEW", "wb"):
        done = mounting.unmount(m.path)
        assert done.returncode != 0
        assert "busy" in done.stderr
    assert m.process.poll() is None


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_that_does_not_answer(run, directory, variable):
    proxy = {variable: "http://127.0.0.1:9"}
    done = run("-f", "-o", "timeout=2", directory, environment=proxy)
    assert_one_line(done, 2, "cannot reach https://api.github.com", f"${variable}")


@pytest.mark.parametrize("source", ["github.com", "github.com/acme/web"])
def test_a_host_without_a_colon(run, github, directory, source):
    done = run("-f", "-o", f"api_url={github.url}", source, directory)
    assert_one_line(done, 1, source, "a HOST ends with ':'")
