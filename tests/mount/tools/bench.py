"""Runs tools against cases: each in a repository of its own, many side by side."""

import collections
import concurrent.futures
import dataclasses
import errno
import os
import re
import shlex
import subprocess
import sys

from kit import mounting
from tools.cases import OTHER, Case
from tools.tool import Tool

TOOL_TIMEOUT = 60  # seconds; only so that what hangs fails
PATIENT = 30  # seconds: the timeout of the mount where answers come
HASTY = 2  # seconds: that of the mount where none will do, until it is over
HELD = 600  # seconds: no listing is asked for again
AT_WORK = 4  # tools side by side
WAITING = 100  # tools side by side that wait for answers which don't come
A_DAY = 86400
TOO_BUSY = (errno.ETIMEDOUT, errno.EHOSTUNREACH)  # of the hasty mount, on a busy machine
NOT_RUN = (126, 127)  # what a shell says of a program that it can't find or run


@dataclasses.dataclass
class Seen:
    """What happened."""

    tool: Tool
    case: Case
    status: int
    said: str  # on standard error
    listed: set  # names in the mount, right after it
    before: dict  # {name: value} on the server
    changes: dict  # what should change: {name: value, a pattern of it, or None}
    after: dict
    methods: collections.Counter  # of the requests for single secrets


class Run:
    """A tool and a case, in directories of their own."""

    def __init__(self, tool, case, repository, directory):
        self.tool = tool
        self.case = case
        self.repository = repository
        self.scope = f"/repos/{repository}/actions/secrets"
        self.work = directory / "work"
        self.files = directory / "files"
        home, temporary = directory / "home", directory / "tmp"
        for path in (self.work, self.files, home, temporary):
            path.mkdir(parents=True)
        (self.work / "script").write_text(tool.script, encoding="utf-8")
        self.env = mounting.environment(
            home,
            TMPDIR=temporary,
            WORK=self.work,
            DIR=self.files,
            FILE=self.files / case.target,
            NAME=case.target,
            PYTHON=sys.executable,
        )

    def _sh(self, command, cwd, shell="bash"):
        return subprocess.run(
            [*shlex.split(shell), "-c", command],
            cwd=cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TOOL_TIMEOUT,
            check=False,
        )

    def _prepare(self):
        if not self.tool.prepare:
            return
        done = self._sh(self.tool.prepare, self.work)
        assert done.returncode == 0, f"{self.tool.prepare}: {done.stderr}"

    def _list(self, directory):
        """[the names in it]; or None, on a busy machine where time is short."""
        try:
            return [set(os.listdir(directory))]
        except OSError as error:
            if error.errno not in TOO_BUSY:
                raise
            return None

    def _is_warm(self, directory):
        """Has what is fetched before a change been fetched?"""
        try:
            if not self.case.cold:
                os.close(os.open(directory / OTHER, os.O_WRONLY))
        except OSError as error:
            if error.errno not in TOO_BUSY:
                raise
            return False
        return self._list(directory)

    def go(self, mount):
        """The exit status, what it said, and the names in the directory then."""
        self._prepare()
        directory = mount.path / self.scope[1:]
        mounting.wait_until(lambda: self._is_warm(directory), PATIENT, "the listing")
        done = self._sh(self.tool.command, directory, self.tool.shell or "bash")
        assert done.returncode not in NOT_RUN, f"{self.tool.command}: {done.stderr}"
        (names,) = mounting.wait_until(lambda: self._list(directory), PATIENT, "the listing")
        return done.returncode, done.stderr, names


def _seed(github, runs):
    """Repositories with their secrets, which are older than all files."""
    github.config(clock_offset=-A_DAY, rate_limit=False)  # there are thousands of requests
    for exists in (False, True):
        repositories = [run.repository for run in runs if run.case.exists == exists]
        if repositories:
            github.seed(repos=repositories, secrets=2 if exists else 1)
    github.config(clock_offset=0)


def _order_faults(github, cases):
    for number, case in enumerate(cases):
        if case.fault:
            path = f"/repos/*/case-{number}-*/actions/secrets{case.fault['path']}"
            github.fault(**{**case.fault, "path": path})


def _values(github):
    return {
        scope: {name: secret["value"] for name, secret in secrets.items()}
        for scope, secrets in github.secrets().items()
    }


def _methods(journal):
    """{scope: {method: how often}}, of requests for single secrets."""
    found = collections.defaultdict(collections.Counter)
    for request in journal:
        path = re.match("(/repos/.*/secrets)/(?!public-key)", request["path"])
        if path:
            found[path[1]][request["method"]] += 1
    return found


def run_all(mount, github, directory, section):
    """What each of its tools does in each case, in this order."""
    cases = [case for column in section.columns for case in column.cases]
    runs = [
        Run(tool, case, f"acme/case-{c}-{t}", directory / f"{c}-{t}")
        for t, tool in enumerate(section.tools)
        for c, case in enumerate(cases)
    ]
    _seed(github, runs)
    _order_faults(github, cases)
    patient = mount(timeout=PATIENT, cache_ttl=HELD, **section.options)
    hasty = mount(timeout=HASTY, max_requests=WAITING, cache_ttl=HELD, **section.options)
    before = _values(github)
    changes = {run: section.give(run) for run in runs}

    pool = concurrent.futures.ThreadPoolExecutor
    with pool(AT_WORK) as working, pool(WAITING) as waiting:
        futures = {
            run: (waiting if run.case.waits else working).submit(
                run.go, hasty if run.case.waits else patient
            )
            for run in runs
        }
    patient.stop()
    hasty.stop()
    after, methods = _values(github), _methods(github.journal())
    return [
        Seen(
            run.tool,
            run.case,
            *futures[run].result(),
            before=before[run.scope],
            changes=changes[run],
            after=after[run.scope],
            methods=methods[run.scope],
        )
        for run in runs
    ]
