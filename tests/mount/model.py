"""A model of the contract, and random operations that hold a mount to it.

What to do next is drawn from the seed alone, and never depends on how fast anything was, so a
seed gives the same operations again. Several workers have calls under way at the same time,
but never two on one name: which of them came first could not be told.
"""

import base64
import collections
import contextlib
import errno
import http.client
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import model_worker

LIMIT = 48 * 1024
SCOPES = ["acme/model-a", "acme/model-b", "octavia/model-c"]
NAMES = 30  # in each; GitHub allows 100
WORKERS = 8
FILES = 4  # that a worker has open at most
HUNG = 40  # seconds; far beyond the mount's timeout
INVALID = ["1ST", "GITHUB_TOKEN", "MY-TOKEN", "key.pem", "A B"]
CHECK_EVERY = 3000
KEPT = 1500  # calls that a report of a failure shows at most
SLOW_MS = 20

CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

# What may happen to one PUT or DELETE: the fault, and the error that the caller sees.
ONCE = [
    ({"status": 409}, errno.EBUSY),
    ({"status": 422}, errno.EINVAL),
    ({"status": 500}, 0),
    ({"action": "reset-before"}, 0),
    ({"action": "reset-after"}, 0),
    ({"action": "delay", "ms": SLOW_MS}, 0),
]


class Violation(Exception):
    """The mount did not do what the contract says."""


class Secret:
    """One file, from its creation to its end."""

    def __init__(self, place, value=None):
        self.place = place  # (scope, name)
        self.value = value  # what the server has; None: never stored
        self.gone = False
        self.files = []
        self.errors = {0}  # what an fsync with nothing to send may say


class File:
    """An open secret."""

    def __init__(self, number, secret, append):
        self.number = number
        self.secret = secret
        self.append = append
        self.descriptor = 0
        self.beside_another = False  # of the same secret, in the same process
        self.data = b""
        self.dirty = False
        self.spoilt = 0

    def payload(self):
        """What is sent of it: the newline rule."""
        data = self.data
        if data.endswith(b"\n") and b"\n" not in data[:-1]:
            return data[:-2] if data.endswith(b"\r\n") else data[:-1]
        return data

    def sends(self):
        """Will a flush send a request?"""
        return bool(
            self.dirty
            and not self.spoilt
            and not self.secret.gone
            and 0 < len(self.payload()) <= LIMIT
        )


class Process:
    """A worker, and what it has been asked."""

    def __init__(self, zygote):
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(HUNG)
        socket.send_fds(zygote, [b"w"], [theirs.fileno()])
        theirs.close()
        self.pid = model_worker.receive(self.connection)
        self.pidfd = os.pidfd_open(self.pid)
        self.files = {}
        self.asked = None  # (calls, what each may return, what to do with the results)
        self.places = set()

    def wait_for_end(self):
        if not select.select([self.pidfd], [], [], HUNG)[0]:
            raise Violation(f"worker {self.pid} does not end: it hangs")
        os.close(self.pidfd)
        self.connection.close()


class Control:
    """The stand-in's control interface, over one connection."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method, path, value=None):
        body = None if value is None else json.dumps(value)
        self._connection.request(method, f"/_standin/{path}", body)
        response = self._connection.getresponse()
        return response.status, response.read()

    def fault(self, **spec):
        assert self.ask("POST", "faults", spec)[0] < 400

    def value(self, path):
        status, content = self.ask("GET", "plaintext?" + urllib.parse.urlencode({"path": path}))
        return content if status == 200 else None

    def secrets(self):
        return json.loads(self.ask("GET", "secrets")[1])

    def journal(self):
        content = self.ask("GET", "journal")[1]
        return json.loads(content.decode("utf-8", "replace"))["requests"]


class Model:
    """Drives the workers."""

    def __init__(self, root, port, seed):
        self.random = random.Random(seed)
        self.root = str(root)
        self.control = Control(port)
        self.secrets = {}  # place: Secret, of what is there
        self.retired = set()  # the mount may not know yet what the server has
        self.operations = 0
        self.kinds = collections.Counter()
        self.numbers = 0
        self.trace = collections.deque(maxlen=KEPT)
        self.places = [(s, f"NAME_{n}") for s in SCOPES for n in range(NAMES)]
        self.writes = dict.fromkeys(self.places, 0)  # accepted PUTs; None: not known
        ours, theirs = socket.socketpair()
        script = os.path.join(os.path.dirname(__file__), "model_worker.py")
        self._zygote_process = subprocess.Popen(
            [sys.executable, "-I", script, str(theirs.fileno())],
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

    # Names

    @staticmethod
    def api(place):
        return f"/repos/{place[0]}/actions/secrets/{place[1]}"

    def path(self, place):
        return f"{self.root}/repos/{place[0]}/actions/secrets/{place[1]}"

    # Asking

    def ask(self, process, places, calls, done=None):
        """Sends calls: [(name, arguments…, {possible results} or None for any of them)]."""
        self.collect(process)
        for other in self.processes:
            if other.places & places:
                self.collect(other)
        self.operations += len(calls)
        for call in calls:
            self.kinds[call[0]] += 1
        about = " ".join(sorted("/".join(place) for place in places))
        process.asked = ([c[:-1] for c in calls], [c[-1] for c in calls], done, about)
        process.places = set(places)
        model_worker.send(process.connection, process.asked[0])

    def collect(self, process):
        """Takes the answers, and compares."""
        if not process.asked:
            return None
        calls, possible, done, about = process.asked
        process.asked = None
        process.places = set()
        try:
            results = model_worker.receive(process.connection)
        except TimeoutError:
            raise Violation(f"{self.short(calls)} hangs") from None
        self.trace.append((process.pid, f"{about}: {self.short(calls)}", results))
        if results is None:
            raise Violation(f"worker {process.pid} has ended at {self.short(calls)}")
        for call, result, wanted in zip(calls, results, possible):
            error = min(result, 0) if isinstance(result, int) else 0
            if wanted is not None and error not in wanted:
                wanted = sorted(errno.errorcode.get(-w, "ok") for w in wanted)
                got = errno.errorcode.get(-result, result) if result < 0 else result
                raise Violation(f"{self.short([call])}: {got}, not {' or '.join(wanted)}")
        if done:
            done(results)
        return results

    def ask_now(self, process, places, calls):
        self.ask(process, places, calls)
        return self.collect(process)

    def collect_all(self):
        for process in self.processes:
            self.collect(process)

    def short(self, calls):
        """Calls as a person reads them."""

        def one(argument):
            if isinstance(argument, bytes):
                return f"{len(argument)} bytes {argument[:8]!r}"
            return os.path.basename(argument) if isinstance(argument, str) else str(argument)

        return "; ".join(" ".join(one(a) for a in call) for call in calls)

    def report(self):
        return "\n".join(f"{pid}: {calls} -> {results}" for pid, calls, results in self.trace)

    @staticmethod
    def held(process):
        return [f"{f.number} {'/'.join(f.secret.place)}" for f in process.files.values()]

    # The rules

    def release(self, process, file):
        """It is closed."""
        secret = file.secret
        secret.files.remove(file)
        del process.files[file.number]
        if secret.value is None and not secret.files and not secret.gone:
            secret.gone = True
            del self.secrets[secret.place]

    def stored(self, secret, value, times=1):
        secret.value = value
        secret.errors = {0}
        writes = self.writes[secret.place]
        self.writes[secret.place] = None if None in (writes, times) else writes + times

    def failed(self, secret, error):
        secret.errors = {-error}

    def maybe_fault(self, method, place, likely):
        """Orders one for the next request; (fault, error of the caller)."""
        if self.random.random() > likely:
            return None, 0
        spec, error = self.random.choice(ONCE)
        if spec.get("status") == 500 and self.random.random() < 0.7:
            return None, 0  # what is tried again takes long
        self.collect_for(place)
        self.control.fault(method=method, path=self.api(place), **spec)
        self.kinds[f"fault {next(iter(spec.values()))}"] += 1
        self.trace.append((0, f"{'/'.join(place)}: fault {method}", spec))
        return spec, error

    def collect_for(self, place):
        for process in self.processes:
            if place in process.places:
                self.collect(process)

    def flush(self, file, is_close, likely=0.1):
        """What a flush with all that was written does: its possible results."""
        secret = file.secret
        if file.spoilt:
            if not secret.gone:
                secret.errors = {0, -file.spoilt, *secret.errors}
            return {-file.spoilt}
        if not file.dirty:
            if is_close:
                return {0}
            return {0, *secret.errors} if secret.gone else secret.errors
        file.dirty = False
        payload = file.payload()
        if len(payload) > LIMIT:
            file.spoilt = errno.EFBIG
            self.failed(secret, errno.EFBIG)
            return {-errno.EFBIG}
        if secret.gone or not payload:
            return {0}
        spec, error = self.maybe_fault("PUT", secret.place, likely)
        if error:
            self.failed(secret, error)
            return {-error}
        twice = spec and spec.get("action", "").startswith("reset")
        self.stored(secret, payload, None if twice else 1)
        return {0}

    # Operations; each returns False when there is nothing to do it on

    def pick_place(self, there=None):
        for _ in range(20):
            place = self.random.choice(self.places)
            if place in self.retired:
                continue
            if there is None or (place in self.secrets) == there:
                return place
        return None

    def pick_file(self, process):
        return self.random.choice(list(process.files.values())) if process.files else None

    def value(self):
        kind = self.random.random()
        if kind < 0.75:
            size = self.random.randrange(1, 100)
        elif kind < 0.95:
            size = self.random.randrange(100, 9000)
        elif kind < 0.98:
            size = LIMIT
        else:
            size = self.random.randrange(LIMIT + 3, 70000)
        data = self.random.randbytes(size)
        ending = self.random.random()
        if size < 100 and ending < 0.4:
            data = data.replace(b"\n", b" ") + (b"\n" if ending < 0.3 else b"\r\n")
        elif data.endswith(b"\n"):
            data = data[:-1] + b"."
        return data

    def open_calls(self, process):
        """Opens something; (calls, file or None)."""
        place = self.pick_place()
        if place is None or len(process.files) >= FILES:
            return None
        secret = self.secrets.get(place)
        path = self.path(place)
        self.numbers += 1
        number = self.numbers
        exists = secret is not None and secret.value is not None
        kind = self.random.random()
        flags, error = CREATE, 0
        if kind < 0.15:
            flags |= os.O_EXCL
            error = errno.EEXIST if secret else 0
        elif kind < 0.25:
            flags = os.O_WRONLY
            error = 0 if secret else errno.ENOENT
        elif kind < 0.35:
            flags |= os.O_APPEND
            error = errno.EPERM if exists else 0
        elif kind < 0.4 and (exists or not secret):
            flags = os.O_RDWR | os.O_CREAT
            error = errno.EACCES if exists else 0
        elif kind < 0.43 and exists:
            flags = os.O_RDONLY
            error = errno.EACCES
        call = ("open", number, path, flags, {-error})
        if error:
            return place, [call], None
        if secret is None:
            secret = self.secrets[place] = Secret(place)
        file = File(number, secret, bool(flags & os.O_APPEND))
        for other in process.files.values():
            if other.secret is secret:
                other.beside_another = file.beside_another = True
        process.files[number] = file
        secret.files.append(file)
        return place, [call], file

    @staticmethod
    def may_have_children(process):
        """Where a process had one secret open twice, a child's end is taken for the last."""
        return not any(file.beside_another for file in process.files.values())

    def write_calls(self, process, file):
        """Writes a value from where it ends, in pieces."""
        by_child = 0.02 if self.may_have_children(process) and not file.spoilt else 0
        value = self.value()
        pieces = self.random.choice([1, 1, 1, 2, 5])
        step = max(1, -(-len(value) // pieces))
        calls = []
        for at in range(0, len(value), step):
            piece = value[at : at + step]
            offset = len(file.data)
            kind = self.random.random()
            if kind < 0.02 and not file.append:
                offset += self.random.randrange(1, 10)
            elif kind < 0.1 and file.data:
                offset = self.random.randrange(len(file.data) + 1)
            name = "child_writes" if self.random.random() < by_child else "write"
            calls.append(self.one_write(file, name, piece, offset))
        return calls

    def one_write(self, file, name, piece, offset):
        at = len(file.data) if file.append else offset
        if not file.spoilt:
            if at > len(file.data):
                file.spoilt = errno.EINVAL
            elif at + len(piece) > LIMIT + 2:
                file.spoilt = errno.EFBIG
        if file.spoilt:
            # A child's end is a flush too, and leaves the error behind.
            file.secret.errors = {0, -file.spoilt, *file.secret.errors}
            return ("write", file.number, piece, offset, {-file.spoilt})
        file.data = file.data[:at] + piece + file.data[at + len(piece) :]
        file.dirty = True
        return (name, file.number, piece, offset, {0})

    def do_whole(self, process):
        """What a tool does: open, write, close, at once."""
        opened = self.open_calls(process)
        if not opened:
            return False
        place, calls, file = opened
        if file:
            calls += self.write_calls(process, file)
            calls += self.close_calls(process, file)
        self.ask(process, {place}, calls, file and self.descriptor_setter(file))
        return True

    @staticmethod
    def descriptor_setter(file):
        def done(results):
            file.descriptor = results[0]

        return done

    def close_calls(self, process, file):
        possible = self.flush(file, True)
        self.release(process, file)
        return [("close", file.number, possible)]

    def do_open(self, process):
        opened = self.open_calls(process)
        if not opened:
            return False
        place, calls, file = opened
        self.ask(process, {place}, calls, file and self.descriptor_setter(file))
        return True

    def do_write(self, process):
        file = self.pick_file(process)
        if not file:
            return False
        self.ask(process, {file.secret.place}, self.write_calls(process, file))
        return True

    def do_fsync(self, process):
        file = self.pick_file(process)
        if not file:
            return False
        possible = self.flush(file, False)
        self.ask(process, {file.secret.place}, [("fsync", file.number, possible)])
        return True

    def do_truncate(self, process):
        file = self.pick_file(process)
        if not file:
            return False
        length = self.random.choice([0, len(file.data), len(file.data) + 1])
        if length == 0:
            file.data, file.dirty, file.spoilt = b"", False, 0
            possible = {0}
        elif file.spoilt:
            possible = {0, -errno.EINVAL, -file.spoilt}
        else:
            possible = {0} if length == len(file.data) else {-errno.EINVAL}
        self.ask(
            process, {file.secret.place}, [("truncate", file.number, length, possible)]
        )
        return True

    def do_read(self, process):
        file = self.pick_file(process)
        if not file:
            return False
        possible = {-errno.EACCES, -errno.EBADF}
        self.ask(process, {file.secret.place}, [("read", file.number, possible)])
        return True

    def do_close(self, process):
        file = self.pick_file(process)
        if not file:
            return False
        place = file.secret.place
        sample = file.sends() and self.random.random() < 0.03
        self.ask(process, {place}, self.close_calls(process, file))
        if sample:
            self.collect(process)
            self.compare_one(place)
        return True

    def do_unlink(self, process):
        place = self.pick_place(there=self.random.random() < 0.8)
        if place is None:
            return False
        secret = self.secrets.get(place)
        error = 0
        if secret is None:
            error = errno.ENOENT
        elif secret.value is not None:
            _, error = self.maybe_fault("DELETE", place, 0.1)
        if not error:
            self.removed(secret)
        self.ask(process, {place}, [("unlink", self.path(place), {-error})])
        return True

    def removed(self, secret):
        secret.gone = True
        del self.secrets[secret.place]

    def do_replace(self, process):
        """As tar, install and mv do: the old value outlives a failure."""
        place = self.pick_place(there=True)
        if place is None or self.secrets[place].value is None:
            return False
        value = self.value()[:1000]
        self.numbers += 1
        number = self.numbers
        old = self.secrets[place]
        old.gone = True
        secret = self.secrets[place] = Secret(place, old.value)
        file = File(number, secret, False)
        process.files[number] = file
        secret.files.append(file)
        file.data, file.dirty = value, True
        calls = [
            ("become", self.random.choice(["tar", "install", "mv", "git"]), None),
            ("unlink", self.path(place), {0}),
            ("open", number, self.path(place), CREATE | os.O_EXCL, {0}),
            ("write", number, value, 0, {0}),
            *self.close_calls(process, file),
            ("become", "worker", None),
        ]
        self.ask(process, {place}, calls)
        return True

    def do_refused(self, process):
        """What no secret takes."""
        place = self.pick_place()
        if place is None:
            return False
        secret = self.secrets.get(place)
        path, directory = self.path(place), os.path.dirname(self.path(place))
        kind = self.random.randrange(4)
        places = {place}
        self.numbers += 1
        if kind == 0:
            name = f"{directory}/{self.random.choice(INVALID)}"
            call = ("open", self.numbers, name, CREATE, {-errno.EINVAL})
        elif kind == 1:
            other = self.pick_place()
            if other is None or other[0] != place[0] or other == place:
                return False
            places.add(other)
            error = errno.EPERM if secret else errno.ENOENT
            call = ("rename", path, self.path(other), {-error})
        elif kind == 2:
            error = errno.EEXIST if secret else errno.EPERM
            call = ("mkdir", path, {-error})
        else:
            if secret and secret.value is None:
                possible = {0, -errno.ENOENT}
            else:
                possible = {0} if secret else {-errno.ENOENT}
            call = ("stat", path, possible)
        self.ask(process, places, [call])
        return True

    def do_list(self, process):
        scope = self.random.choice(SCOPES)
        self.collect_all()
        path = f"{self.root}/repos/{scope}/actions/secrets"
        (names,) = self.ask_now(process, set(), [("list", path, {0})])
        names = set(names) - {name for s, name in self.retired if s == scope}
        there = {p[1] for p, s in self.secrets.items() if p[0] == scope and s.value is not None}
        pending = {p[1] for p, s in self.secrets.items() if p[0] == scope and s.value is None}
        if names - pending != there:
            raise Violation(f"{scope}: listed {sorted(names ^ there)}, or not, against the model")
        return True

    # Ends

    def replaced(self, process):
        process.wait_for_end()
        self.processes[self.processes.index(process)] = Process(self._zygote)

    def drop_files(self, process):
        """A process that fails publishes nothing of what it still holds."""
        for file in list(process.files.values()):
            if (file.dirty or file.spoilt) and not file.secret.gone:
                errors = {-errno.ECANCELED, -file.spoilt}
                file.secret.errors = {*file.secret.errors, *errors}
            file.dirty = False
            self.release(process, file)

    def collect_places(self, process):
        self.collect(process)
        for file in process.files.values():
            self.collect_for(file.secret.place)

    def do_kill(self, process):
        if self.random.random() > 0.2:
            return False
        self.collect_places(process)
        number = self.random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
        self.operations += 1
        self.kinds["kill"] += 1
        self.trace.append((process.pid, number.name, self.held(process)))
        os.kill(process.pid, number)
        self.drop_files(process)
        self.replaced(process)
        return True

    def do_exit(self, process):
        """Files that are still open at the end: what counts is how it ends."""
        if self.random.random() > 0.2:
            return False
        self.collect_places(process)
        status = self.random.choice([0, 0, 1, 77])
        self.operations += 1
        self.kinds["exit"] += 1
        self.trace.append((process.pid, f"exit {status}", self.held(process)))
        model_worker.send(process.connection, [("exit", status)])
        if status:
            self.drop_files(process)
        else:
            for file in sorted(process.files.values(), key=lambda f: f.descriptor):
                self.flush(file, True, likely=0)
                self.release(process, file)
        self.replaced(process)
        return True

    def do_kill_in_upload(self, process):
        """The server has the old or the whole new value."""
        if self.random.random() > 0.3:
            return False
        file = next((f for f in process.files.values() if f.sends()), None)
        if not file or len(file.secret.files) > 1:
            return False
        self.collect_all()
        secret, place, payload = file.secret, file.secret.place, file.payload()
        self.control.ask("DELETE", "journal")
        self.control.fault(method="PUT", path=self.api(place), action="delay", ms=SLOW_MS)
        self.operations += 1
        self.kinds["kill in an upload"] += 1
        wait = self.random.random() * SLOW_MS * 1.5
        what = f"{'/'.join(place)}: killed {wait:.0f} ms after close {file.number}"
        self.trace.append((process.pid, what, self.held(process)))
        model_worker.send(process.connection, [("close", file.number)])
        time.sleep(wait / 1000)
        os.kill(process.pid, signal.SIGKILL)
        before = secret.value
        file.dirty = False
        self.drop_files(process)
        self.replaced(process)
        self.wait_for_quiet()
        self.control.ask("DELETE", "faults")
        value = self.control.value(self.api(place))
        if value not in (before, payload):
            raise Violation(f"{place}: neither the old nor the new value after a kill")
        if before is None:
            # Not known: whether the mount knows of it. Its PUTs are not compared any more.
            self.secrets.pop(place, None)
            secret.gone = True
            if value is not None:
                self.retired.add(place)
        else:
            secret.value = value
            self.writes[place] = None
            # Never EINTR: whoever is told that tries again for ever.
            secret.errors = {0, -errno.ECANCELED, *secret.errors}
        return True

    def wait_for_quiet(self):
        until = time.monotonic() + HUNG
        while any(r["t_end_ms"] is None for r in self.control.journal()):
            if time.monotonic() > until:
                raise Violation("a request without an end")
            time.sleep(0.005)

    def do_outage(self, process):
        """The server fails until the deadline."""
        if self.random.random() > 0.03:
            return False
        file = next((f for f in process.files.values() if f.sends()), None)
        if not file:
            return False
        self.collect_all()
        secret, place = file.secret, file.secret.place
        self.control.fault(method="PUT", path=self.api(place), status=500, count=-1)
        self.kinds["outage"] += 1
        file.dirty = False
        self.failed(secret, errno.EIO)
        self.release(process, file)
        self.ask_now(process, {place}, [("close", file.number, {-errno.EIO})])
        self.control.ask("DELETE", "faults")
        self.compare_one(place)
        return True

    # Comparing

    def requests(self, place):
        """Those for one name since the last comparison."""
        return [
            f"{r['n']}: {r['method']} {r['status']} fault {r['fault']} connection "
            f"{r['connection']} at {r['t_start_ms']}"
            for r in self.control.journal()
            if r["path"] == self.api(place)
        ]

    def compare_one(self, place):
        secret = self.secrets.get(place)
        wanted = secret.value if secret else None
        value = self.control.value(self.api(place))
        if value != wanted:
            raise Violation(f"{place}: the server has {value!r:.60}, not {wanted!r:.60}")

    def compare(self):
        """All that the server has, and how often it was written."""
        self.collect_all()
        scopes = self.control.secrets()
        for scope in SCOPES:
            stored = scopes.get(f"/repos/{scope}/actions/secrets", {})
            for name in sorted({n for s, n in self.places if s == scope} | set(stored)):
                place = (scope, name)
                if place in self.retired:
                    continue
                there, secret = stored.get(name), self.secrets.get(place)
                wanted = secret.value if secret else None
                value = base64.b64decode(there["value_base64"]) if there else None
                if value != wanted:
                    raise Violation(
                        f"{place}: the server has {value!r:.60}, not {wanted!r:.60}"
                    )
                if not there:
                    continue
                writes = self.writes[place]
                if writes is not None and there["writes"] != writes:
                    requests = self.requests(place)
                    raise Violation(f"{place}: {there['writes']} PUTs, not {writes}: {requests}")
                self.writes[place] = there["writes"]
        self.control.ask("DELETE", "journal")

    STEPS = [
        (do_whole, 30),
        (do_open, 12),
        (do_write, 16),
        (do_close, 12),
        (do_fsync, 5),
        (do_truncate, 3),
        (do_read, 1),
        (do_unlink, 8),
        (do_replace, 3),
        (do_refused, 4),
        (do_list, 1),
        (do_kill, 2),
        (do_exit, 2),
        (do_kill_in_upload, 1),
        (do_outage, 1),
    ]

    def run(self, seconds, operations, checked):
        """Until either is reached (None: no bound); checked() after each comparison."""
        steps, weights = zip(*self.STEPS)
        until = time.monotonic() + seconds if seconds else None
        compare_at = CHECK_EVERY
        while operations is None or self.operations < operations:
            process = self.random.choice(self.processes)
            self.random.choices(steps, weights)[0](self, process)
            if self.operations >= compare_at:
                compare_at += CHECK_EVERY
                self.compare()
                checked()
                if until and time.monotonic() > until:
                    break
        self.compare()
        for process in self.processes:
            while process.files:
                self.do_close(process)
        self.compare()
        checked()
