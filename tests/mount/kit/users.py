"""Several users of one machine: root, ann and bob in a namespace of tests/as-user.

What they do are commands. All that they make there vanishes with it.
"""

import contextlib
import os
import pathlib
import signal
import subprocess

from kit.demo import WEB
from kit.mounting import MountError, environment, option_arguments, wait_until
from kit.standin import TOKEN

AS_USER = pathlib.Path(__file__).resolve().parents[2] / "as-user"
COMMAND_TIMEOUT = 60  # seconds; a sanitizer build on a busy machine is slow to start
END_TIMEOUT = 20
TYPE = "fuse.ghsecretfs"
PROGRAM = "ghsecretfs"


class Users:
    """A context manager; at its end all is unmounted, and every process has to end well."""

    def __init__(self, github):
        self.github = github
        # It keeps the namespace for as long as we have its standard input open.
        self._keeper = subprocess.Popen(
            [AS_USER, "-u", "root", "sh", "-c", 'echo $$ "$TMPDIR"; exec cat'],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        pid, directory = self._keeper.stdout.readline().decode().split()
        self._proc = pathlib.Path("/proc") / pid
        self.tmp = pathlib.Path(directory)  # anybody may write there
        self.place = self.tmp.parent
        self.ids = {name: self.home(name, outside=True).stat().st_uid for name in ("ann", "bob")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._end()
        finally:
            self._keeper.communicate(timeout=END_TIMEOUT)

    def _end(self):
        for directory, *_ in self.mounts():
            self.do("root", f"umount --lazy {directory}")
        try:
            wait_until(lambda: not self.processes(), END_TIMEOUT, "the end of everybody")
        except MountError:
            self.free()
            raise
        reports = [log.read_text() for log in self.outside(self.tmp).glob("sanitizer.*")]
        assert not reports, reports[0]

    def outside(self, path):
        """How a path of theirs is reached from the test."""
        return pathlib.Path(f"{self._proc}/root{path}")

    def home(self, user, outside=False):
        path = self.place / "home" / user
        return self.outside(path) if outside else path

    # What they do

    def run(self, user, command, variables=None):
        """A command line, in the home of the user: a CompletedProcess."""
        settings = {
            "PATH": f"{self.place}/bin:{os.environ['PATH']}",
            "ASAN_OPTIONS": f"log_path={self.tmp}/sanitizer",
            "USER": user,
            **(variables or {}),
        }
        number = self.ids.get(user, 0)
        process = subprocess.Popen(
            ["nsenter", f"--target={self._proc.name}", "--mount", "--root"]
            + [f"--wdns={self.home(user)}"]
            + [f"--setuid={number}", f"--setgid={number}", "bash", "-c", command],
            env=environment(self.home(user), **settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            out, err = process.communicate(timeout=COMMAND_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.free()
            process.kill()
            process.communicate()
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def do(self, user, command):
        """What has to succeed, and what it printed."""
        done = self.run(user, command)
        assert done.returncode == 0, f"{user}: {command}: {done.stderr}"
        return done.stdout

    def directory(self, owner, mode="700"):
        """A new directory of that user's, to mount on."""
        path = self.do("root", f"mktemp --directory --tmpdir={self.place} mnt.XXXXXX").strip()
        self.do("root", f"chown {owner}:{owner} {path}; chmod {mode} {path}")
        return pathlib.Path(path)

    def try_mount(self, user, directory, before="", flags="", token=TOKEN, **options):
        """Has the user mount acme/web's secrets, after another command: how that ended."""
        settings = {"api_url": self.github.url, "timeout": 10, **options}
        arguments = " ".join([flags, *option_arguments(settings)])
        command = f"{before} {PROGRAM} {arguments} {WEB} {directory}"
        return self.run(user, command, {"GH_TOKEN": token})

    def mount(self, user, **settings):
        """Mounts acme/web's secrets on a new directory of that user's."""
        directory = self.directory(user)
        done = self.try_mount(user, directory, **settings)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return directory

    # What there is

    def mounts(self):
        """(directory, source, options) of each of ours, newest first."""
        found = []
        for line in reversed((self._proc / "mountinfo").read_text().splitlines()):
            own, rest = line.split(" - ")
            kind, source, options = rest.split()
            if kind == TYPE:
                directory, here = own.split()[4:6]
                options = {*here.split(","), *options.split(",")}
                found.append((pathlib.Path(directory), source, options))
        return found

    def processes(self):
        """{pid: name} of all that run there now."""
        found = {}
        namespace = os.readlink(self._proc / "ns/mnt")
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                if process != self._proc and os.readlink(process / "ns/mnt") == namespace:
                    found[int(process.name)] = (process / "comm").read_text().strip()
        return found

    def daemon(self):
        """The process of the one mount that there is."""
        (pid,) = [pid for pid, name in self.processes().items() if name == PROGRAM]
        return pid

    def free(self):
        """Lets go whoever waits for a mount that does not answer."""
        for pid, name in self.processes().items():
            if name == PROGRAM:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
