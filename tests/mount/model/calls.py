"""Processes that do system calls for the model, and what each call may return."""

import collections
import contextlib
import errno
import os
import select
import signal
import socket
import subprocess
import sys

from model import worker

WORKERS = 8
HUNG = 40  # seconds; far beyond the mount's timeout
KEPT = 1500  # calls that a report of a failure shows at most

# Of other calls it counts only how they failed.
WHOLE_RESULT = {"write", "stat", "size", "seek_end", "read_all"}


class Violation(Exception):
    """The mount did not do what the contract says."""


class Process:
    """A worker, and what it has been asked."""

    def __init__(self, zygote):
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(HUNG)
        socket.send_fds(zygote, [b"w"], [theirs.fileno()])
        theirs.close()
        self.pid = worker.receive(self.connection)
        self.pidfd = os.pidfd_open(self.pid)
        self.files = {}  # number: what it has open
        self.asked = None  # (calls, what each may return, what to do with the results, about)
        self.places = set()

    def wait_for_end(self):
        if not select.select([self.pidfd], [], [], HUNG)[0]:
            raise Violation(f"worker {self.pid} does not end: it hangs")
        os.close(self.pidfd)
        self.connection.close()


def name_of(result):
    """A result as a person reads it."""
    if isinstance(result, int) and result < 0:
        return errno.errorcode.get(-result, str(result))
    return "ok" if result == 0 else str(result)


def short(calls):
    """Calls as a person reads them."""

    def one(argument):
        if isinstance(argument, bytes):
            return f"{len(argument)} bytes {argument[:8]!r}"
        return os.path.basename(argument) if isinstance(argument, str) else str(argument)

    return "; ".join(" ".join(one(a) for a in call) for call in calls)


class Callers:
    """The workers. Never are two asked about one place at the same time."""

    def __init__(self):
        self.operations = 0
        self.kinds = collections.Counter()
        self.trace = collections.deque(maxlen=KEPT)
        ours, theirs = socket.socketpair()
        self._zygote_process = subprocess.Popen(
            [sys.executable, "-I", worker.__file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            # Where the mount tells writers of failures. Nobody reads it, and it must not matter.
            stderr=subprocess.PIPE,
            cwd="/",
        )
        theirs.close()
        self._zygote = ours
        self.processes = [Process(ours) for _ in range(WORKERS)]

    def close(self):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            with contextlib.suppress(OSError, Violation):
                process.wait_for_end()
        self._zygote.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._zygote_process.wait(10)
        if self._zygote_process.poll() is None:
            self._zygote_process.kill()
            self._zygote_process.wait(10)
        self._zygote_process.stderr.close()

    def ask(self, process, places, calls, done=None):
        """Sends calls: [(name, arguments…, {possible results} or None for any)]."""
        self.collect(process)
        self.collect_for(*places)
        self.operations += len(calls)
        for call in calls:
            self.kinds[call[0]] += 1
        about = " ".join(sorted("/".join(place) for place in places))
        process.asked = ([c[:-1] for c in calls], [c[-1] for c in calls], done, about)
        process.places = set(places)
        worker.send(process.connection, process.asked[0])

    def collect(self, process):
        """Takes the answers, and compares."""
        if not process.asked:
            return None
        calls, possible, done, about = process.asked
        process.asked = None
        process.places = set()
        try:
            results = worker.receive(process.connection)
        except TimeoutError:
            raise Violation(f"{about}: {short(calls)} hangs") from None
        self.trace.append((process.pid, f"{about}: {short(calls)}", results))
        if results is None:
            raise Violation(f"worker {process.pid} has ended at {short(calls)}")
        for call, result, wanted in zip(calls, results, possible):
            got = result if call[0] in WHOLE_RESULT else 0
            if isinstance(result, int) and result < 0:
                got = result
            if wanted is not None and got not in wanted:
                wanted = " or ".join(sorted(name_of(w) for w in wanted))
                raise Violation(f"{about}: {short([call])}: {name_of(got)}, not {wanted}")
        if done:
            done(results)
        return results

    def ask_now(self, process, places, calls):
        self.ask(process, places, calls)
        return self.collect(process)

    def collect_all(self):
        for process in self.processes:
            self.collect(process)

    def collect_for(self, *places):
        """Waits for whoever has been asked about one of them."""
        for process in self.processes:
            if not process.places.isdisjoint(places):
                self.collect(process)

    def replace(self, process):
        """It ends, and another one takes its place."""
        process.wait_for_end()
        self.processes[self.processes.index(process)] = Process(self._zygote)

    def note(self, who, what, details):
        """A line of the report."""
        self.trace.append((who, what, details))

    def report(self):
        return "\n".join(f"{pid}: {calls} -> {results}" for pid, calls, results in self.trace)
