"""Fixtures of the mount tests: a stand-in GitHub and mounts of the real program on it.

The two programs come from the environment: GHSECRETFS and GITHUB_STANDIN.
"""

import os
import pathlib
import shutil
import warnings

import pytest

from kit import mounting
from kit.needs import need_tools, skip_unless
from kit.standin import TOKEN, Standin, TlsFront, find_nghttpx

OPERATION_TIMEOUT = 10  # seconds; shorter than the default, so that what hangs fails soon
CACHE_TTL = 3600  # seconds; on a slow machine no request is more, because time went by


def _program(variable):
    path = os.environ.get(variable)
    if not path:
        pytest.exit(f"set {variable} to the program: ctest does, or see scripts/test", 2)
    if not os.access(path, os.X_OK):
        pytest.exit(f"{variable}={path} is no program that can be run", 2)
    return pathlib.Path(path).resolve()


def _why_no_mount():
    if not shutil.which("fusermount3"):
        return "fusermount3 (package fuse3) is not installed"
    if os.geteuid() != 0 and not os.path.exists("/etc/mtab"):
        return "fusermount3 needs an /etc/mtab to unmount what a user mounted"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse: {error.strerror}"
    return None


@pytest.fixture(scope="session")
def binary():
    """The program under test."""
    program = _program("GHSECRETFS")
    reason = _why_no_mount()
    skip_unless(reason is None, f"can't mount: {reason}")
    return program


def _has_sanitizers(program):
    return b"__asan_init" in program.read_bytes()


@pytest.fixture(scope="session")
def has_sanitizers(binary):
    return _has_sanitizers(binary)


MARKERS = [
    "undescribed(why): requests or answers that GitHub's description does not have",
    "root(why): only root can do what the test does",
    "released(why): with sanitizers what it looks at is another thing",
]


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def _tell_left_out(items):
    """Tells scripts/test what nobody runs: each of the workers finds the same."""
    log = os.environ.get("GHSECRETFS_LEFT_OUT")
    if log and items and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        files = sorted({item.path.name for item in items})
        with open(log, "a", encoding="utf-8") as out:
            print(len(items), "tests that need root, of", *files, file=out)


def pytest_collection_modifyitems(config, items):
    """What can't be tested here is no skipped test: another run has it (tests/CMakeLists.txt)."""
    elsewhere = set()
    if os.geteuid() != 0:
        elsewhere.add("root")
    if _has_sanitizers(_program("GHSECRETFS")):
        elsewhere.add("released")
    gone = [item for item in items if any(map(item.get_closest_marker, elsewhere))]
    if "root" in elsewhere:
        _tell_left_out([item for item in gone if item.get_closest_marker("root")])
    config.hook.pytest_deselected(items=gone)
    items[:] = [item for item in items if item not in gone]


@pytest.fixture(scope="session")
def checker():
    """Checks journals against GitHub's OpenAPI description; None where it can not."""
    try:
        import validate  # of tests/openapi: pytest.ini has the path
    except ImportError as error:
        if os.environ.get("CI"):
            pytest.fail(f"python3-jsonschema is not installed: {error}")
        warnings.warn("nothing is checked against GitHub's description: no python3-jsonschema")
        return None
    return validate.Checker()


@pytest.fixture
def openapi(checker):
    """The checker, for tests of it."""
    skip_unless(checker, "python3-jsonschema is not installed")
    return checker


@pytest.fixture
def new_github(request, checker):
    """Starts stand-ins: new_github(seed=…, latency_ms=…).

    What they were asked, and what they answered, must be as GitHub describes it.
    """
    program = _program("GITHUB_STANDIN")
    started = []
    is_checked = checker and not request.node.get_closest_marker("undescribed")

    def start(**arguments):
        started.append(Standin(program, **arguments))
        return started[-1]

    yield start
    try:
        journals = [
            [*server.forgotten, *server.journal()]
            for server in started
            if is_checked and server.running
        ]
    finally:
        statuses = [server.stop() for server in started]
    assert statuses == [0] * len(started), "a stand-in ended badly"
    differences = [
        line
        for journal in journals
        for line in checker.problems(journal)
    ]
    assert not differences, "not as GitHub describes it:\n" + "\n".join(differences)


@pytest.fixture
def github(new_github):
    """A stand-in with the demo's organization."""
    return new_github()


@pytest.fixture
def env(tmp_path):
    """An environment for the program with the stand-in's token; env(NAME=…) changes it."""
    home = tmp_path / "home"
    home.mkdir()

    def make(**changes):
        return mounting.environment(home, **{"GH_TOKEN": TOKEN, **changes})

    return make


@pytest.fixture
def mount(binary, github, env, tmp_path):
    """Mounts: mount(source, environment={…}, **options). All are ended and checked."""
    mounts = []

    def start(source="", environment=None, server=None, cwd=None, flags=(), **options):
        settings = {
            "api_url": (server or github).url,
            "timeout": OPERATION_TIMEOUT,
            "cache_ttl": CACHE_TTL,
            **options,
        }
        made = mounting.Mount(
            binary,
            tmp_path / f"mount{len(mounts)}",
            [*mounting.option_arguments(settings), *flags],
            env(**(environment or {})),
            source,
            cwd,
        )
        made.github = server or github
        mounts.append(made)
        return made

    yield start
    failures = []
    for made in reversed(mounts):
        # Hanging answers would hold uploads, and so the end.
        if made.github.running:
            made.github.clear_faults()
        try:
            made.stop()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def run(binary, env):
    """The program where it ends by itself: run(*arguments, environment={…})."""

    def start(*arguments, environment=None, cwd=None):
        return mounting.run(binary, *arguments, env=env(**(environment or {})), cwd=cwd)

    return start


@pytest.fixture
def tls(github, tmp_path):
    """TLS and HTTP/2 in front of the stand-in: has url and ca_file."""
    skip_unless(find_nghttpx(), "nghttpx (package nghttp2-proxy) is not installed")
    directory = tmp_path / "tls"
    directory.mkdir()
    with TlsFront(github, directory) as front:
        yield front


@pytest.fixture
def gh_environment(tls, tmp_path):
    """That of GitHub's own client, for which the stand-in is an Enterprise Server."""
    need_tools("gh")
    home = tmp_path / "gh"
    home.mkdir()
    return mounting.environment(
        home,
        GH_HOST=f"localhost:{tls.port}",
        GH_ENTERPRISE_TOKEN=TOKEN,
        GH_NO_UPDATE_NOTIFIER="1",
        GH_PROMPT_DISABLED="1",
        SSL_CERT_FILE=tls.ca_file,
    )
