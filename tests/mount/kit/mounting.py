"""A mount of the program under test: started, used, ended and checked.

Nothing in here waits for ever. A system call on a mount whose program hangs can only be
freed from outside, so each mount has a watchdog that aborts its FUSE connection.
"""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import threading
import time

from kit.demo import WEB
from kit.standin import TOKEN

START_TIMEOUT = 30  # seconds; a sanitizer build on a busy machine is slow to start
STOP_TIMEOUT = 20
SHELL_TIMEOUT = 60
WATCHDOG_TIMEOUT = 300  # of a whole test, which takes long on a busy machine

SUSPICIOUS = ("AddressSanitizer", "LeakSanitizer", "runtime error", "assert", "Assert")


class MountError(Exception):
    """The program did not mount, or did not end as it should."""


def environment(home, **changes):
    """What the program sees of ours: nothing that could change its behaviour."""
    kept = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    values = {name: os.environ[name] for name in kept if name in os.environ}
    values.update(HOME=str(home), LC_ALL="C.UTF-8", TZ="UTC")
    values.update(changes)
    return {name: str(value) for name, value in values.items() if value is not None}


def option_arguments(options):
    """{"ro": True, "timeout": 2, "cacert": None} as -o arguments."""
    arguments = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        arguments += ["-o", name if value is True else f"{name}={value}"]
    return arguments


def mount_entry(path):
    """The line of /proc/self/mountinfo, in fields, of what is mounted there, or None."""
    wanted = str(path)
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        for line in table:
            fields = line.split()
            if fields[4].encode().decode("unicode_escape") == wanted:
                return fields
    return None


def is_mounted(path):
    return mount_entry(path) is not None


@contextlib.contextmanager
def _connections():
    """The directory of FUSE's connections, mounted for the while if it is not."""
    usual = pathlib.Path("/sys/fs/fuse/connections")
    if any(usual.glob("*")):
        yield usual
        return
    with tempfile.TemporaryDirectory() as directory:
        control = ["fusectl", directory]
        mounted = subprocess.run(["mount", "-t", "fusectl", *control], timeout=20, check=False)
        try:
            yield pathlib.Path(directory)
        finally:
            if mounted.returncode == 0:
                subprocess.run(["umount", directory], timeout=20, check=False)


def abort_connection(entry):
    """Ends the FUSE connection of a mount, so that whoever waits for it is let go."""
    minor = entry[2].split(":")[1]
    try:
        with _connections() as directory:
            (directory / minor / "abort").write_text("1", encoding="ascii")
    except OSError:
        pass  # not ours to do: killing the program does the same


def unmount(path, lazy=False):
    flags = "-uz" if lazy else "-u"
    return subprocess.run(
        ["fusermount3", flags, str(path)],
        capture_output=True,
        text=True,
        timeout=STOP_TIMEOUT,
        check=False,
    )


def holders(path):
    """Processes that have something below the path open, or work there: {pid: name}."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            links = [entry / "cwd", *(entry / "fd").iterdir()]
            if any(os.readlink(link).startswith(f"{path}/") for link in links):
                found[int(entry.name)] = (entry / "comm").read_text(encoding="utf-8").strip()
    return found


def wait_until(condition, timeout=10, what="it"):
    """Polls until condition() is true, and returns what it gave."""
    until = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > until:
            raise MountError(f"waited {timeout} s for {what} in vain")
        time.sleep(0.01)


def assert_clean(log, lines_are_ours=True):
    """Did a sanitizer or an assertion speak, or the program say what it should not?"""
    for word in (*SUSPICIOUS, TOKEN):
        assert word not in log, f"{word!r} in the log:\n{log}"
    if lines_are_ours:
        for line in log.splitlines():
            assert line.startswith("ghsecretfs: "), f"a line of somebody else:\n{log}"
            assert line.isprintable(), f"unprintable: {line!r}"


class Mount:
    """The program in the foreground on a directory of its own."""

    def __init__(self, binary, directory, arguments, env, source="", cwd=None):
        self.path = pathlib.Path(directory) / "mnt"
        self.path.mkdir(parents=True)
        self.github = None  # the stand-in; set by whoever made both
        self.log_file = pathlib.Path(directory) / "stderr"
        self.debugs = "-d" in arguments  # libfuse then writes to the log as well
        self._source = source
        self._stopped = False
        self._hung = ""  # why the program was killed
        command = [str(binary), "-f", *arguments, *([source] if source else [])]
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [*command, str(self.path)],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.pid = self.process.pid
        self._watchdog = threading.Timer(WATCHDOG_TIMEOUT, self._let_go)
        self._watchdog.daemon = True
        try:
            wait_until(self._is_up, START_TIMEOUT, "the mount")
        except BaseException:
            self._kill()
            raise
        self._watchdog.start()

    def _is_up(self):
        if self.process.poll() is not None:
            raise MountError(f"status {self.process.returncode}: {self.log()}")
        return is_mounted(self.path)

    def _let_go(self):
        """Frees everybody who waits for a program that does not answer."""
        self._hung = f"the mount was there for {WATCHDOG_TIMEOUT} s"
        entry = mount_entry(self.path)
        if entry:
            abort_connection(entry)
        if self.process.poll() is None:
            self.process.kill()

    def _kill(self):
        entry = mount_entry(self.path)
        if entry:
            abort_connection(entry)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_TIMEOUT)
        if is_mounted(self.path):
            unmount(self.path, lazy=True)

    # What tests use

    @property
    def secrets(self):
        """The directory of acme/web's secrets."""
        rest = WEB[len(self._source) :].lstrip("/") if self._source else WEB
        return self.path / rest

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def sh(self, command, shell="bash", timeout=SHELL_TIMEOUT, cwd=None):
        """Runs a command line in the directory of secrets: a CompletedProcess."""
        return subprocess.run(
            [shell, "-c", command],
            cwd=cwd or self.secrets,
            env=environment(self.path.parent),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )

    def errors(self):
        """The lines of .ghsecretfs/errors."""
        return (self.path / ".ghsecretfs/errors").read_text(encoding="utf-8").splitlines()

    def failures(self):
        """How many failures there were: of those that repeat, `errors` has one line."""
        return int(self.status()["failures"].split()[0])

    def status(self):
        """.ghsecretfs/status as {"host": "github.com", …}."""
        text = (self.path / ".ghsecretfs/status").read_text(encoding="utf-8")
        return dict(line.split(": ", 1) for line in text.splitlines())

    def warm(self):
        """Has the listing and the key of acme/web fetched, and the journal forgotten."""
        names = os.listdir(self.secrets)
        if names:
            os.close(os.open(self.secrets / names[0], os.O_WRONLY))
        self.github.clear_journal()

    def requests(self):
        """Method and path of all requests since the journal was last cleared."""
        return [f"{r['method']} {r['path'].split('?')[0]}" for r in self.github.journal()]

    def signal(self, number):
        self.process.send_signal(number)

    def wait_for_end(self):
        """The exit status of a program that was told to end."""
        status = self.process.wait(STOP_TIMEOUT)
        self._stopped = True
        self._watchdog.cancel()
        return status

    def forget(self):
        """The test has ended it in its own way; nothing is left to be checked."""
        self.wait_for_end()
        assert not is_mounted(self.path)
        self.log_file.write_text("", encoding="ascii")

    def stop(self):
        """Unmounts, and checks that the program ended well. A second call does nothing."""
        if self._stopped:
            self._check_log()
            return
        try:
            try:
                done = unmount(self.path)
                if done.returncode != 0:
                    unmount(self.path, lazy=True)
                status = self.wait_for_end()
            except subprocess.TimeoutExpired:
                self._hung = f"it did not end in {STOP_TIMEOUT} s, held by {holders(self.path)}"
                status = None
        finally:
            self._watchdog.cancel()
            self._stopped = True
            self._kill()
        assert not self._hung, f"the program was killed: {self._hung}; its log:\n{self.log()}"
        assert status == 0, f"exit status {status}; the log:\n{self.log()}"
        self._check_log()

    def _check_log(self):
        log = self.log()
        assert_clean(log, not self.debugs)
        assert not is_mounted(self.path)


def find_children(parent, word):
    """Processes of that parent whose command line has the word."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/status", encoding="utf-8", errors="replace") as status:
                if f"\nPPid:\t{parent}\n" not in status.read():
                    continue
            with open(f"/proc/{entry}/cmdline", "rb") as line:
                if word.encode() in line.read():
                    found.append(int(entry))
        except OSError:
            continue  # it has ended
    return found


def run(binary, *arguments, env, cwd=None, timeout=START_TIMEOUT):
    """The program where it is expected to end by itself: a CompletedProcess."""
    return subprocess.run(
        [str(binary), *map(str, arguments)],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
