"""What is done with any open file in the model, and how processes end that have some."""

import errno
import os
import signal
import time

from model import sharing, staging, worker
from model.bulk import BulkFile
from model.calls import HUNG, Violation, short
from model.secret_files import CREATE, LIMIT, SecretFile, pick_to_replace, without_line_end

SLOW_MS = 20
OUTAGES = 0.03  # of those drawn: each takes as long as an operation may
# What an outage is to the caller. The first PUT is answered with 500 and the next one with
# nothing, so the deadline mostly finds EIO. The deadline finds ETIMEDOUT (contract §5.3) where the
# 500 itself comes too late, on a busy machine; and where the visibility of an organization's secret
# had to be read anew after the 500 (contract §3.20), since the PUT after that is a request of its own.
OUTAGE = {-errno.EIO, -errno.ETIMEDOUT}


def do_close(model, process):
    file = model.pick_file(process)
    if not file:
        return False
    places, sent = file.places(), file.uploads(model)
    sample = sent and model.random.random() < 0.03
    model.ask(process, places, model.close_calls(process, file))
    if sample:
        model.collect(process)
        for secret, _ in sent:
            model.compare_one(secret.place)
    return True


def do_fsync(model, process):
    file = model.pick_file(process)
    if not file or (isinstance(file, BulkFile) and not file.dirty):
        return False  # what `.env` says of the last upload is another's as well
    possible = file.flush(model, False)
    model.ask(process, file.places(), [("fsync", file.number, possible)])
    return True


def do_read(model, process):
    file = model.pick_file(process)
    if not file or getattr(file, "has_text", False):
        return False
    possible = {-errno.EACCES, -errno.EBADF}
    model.ask(process, file.places(), [("read", file.number, possible)])
    return True


def drop_files(model, process):
    """A process that fails publishes nothing of what it still holds."""
    for file in list(process.files.values()):
        file.drop(model)
        model.release(process, file)


def held(process):
    """What it has open, for the report."""
    return [f"{f.number} {sorted(f.places())}" for f in process.files.values()]


def settle(model, process):
    """Waits until nothing is under way that its end could change."""
    model.collect(process)
    for file in process.files.values():
        model.collect_for(*file.places())


def note_end(model, process, kind, what):
    model.operations += 1
    model.kinds[kind] += 1
    model.note(process.pid, what, held(process))


def do_kill(model, process):
    if model.random.random() > 0.2:
        return False
    settle(model, process)
    number = model.random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
    note_end(model, process, "kill", number.name)
    os.kill(process.pid, number)
    drop_files(model, process)
    model.replace(process)
    return True


def do_exit(model, process):
    """Files that are still open at the end: what counts is how it ends."""
    if model.random.random() > 0.2:
        return False
    settle(model, process)
    status = model.random.choice([0, 0, 1, 77])
    note_end(model, process, "exit", f"exit {status}")
    worker.send(process.connection, [("exit", status)])
    if status:
        drop_files(model, process)
    else:
        for file in sorted(process.files.values(), key=lambda f: f.descriptor):
            file.flush(model, True, 0)
            model.release(process, file)
    model.replace(process)
    return True


def may_kill_in(model, uploads):
    """A list that is open would not survive it that what is held is made certain."""
    held = {secret.place for secret, _ in uploads} & model.organization.held.keys()
    return not any(file.place in held for file in model.organization.lists)


def drop_held(model, place):
    """Whether what was sent is held still is not known: nothing is, after that."""
    if model.organization.drop(place):
        directory = sharing.directory(model, place)
        call = ("rmdir", directory, {0, -errno.EPERM})
        model.ask_now(model.processes[0], {place}, [call])


def kill_in(model, process, call, uploads):
    """Kills it while what it asked for is sent: the server has the old or the new value."""
    model.server.clear_journal()
    for secret, _ in uploads:
        path = model.api(secret.place)
        model.server.fault(method="PUT", path=path, action="delay", ms=SLOW_MS)
    wait = model.random.random() * SLOW_MS * 1.5
    about = " ".join("/".join(secret.place) for secret, _ in uploads)
    what = f"{about}: killed {wait:.0f} ms after {short([call])}"
    note_end(model, process, "kill in an upload", what)
    worker.send(process.connection, [call])
    time.sleep(wait / 1000)
    os.kill(process.pid, signal.SIGKILL)
    before = {secret: secret.value for secret, _ in uploads}
    drop_files(model, process)
    model.replace(process)
    time.sleep(SLOW_MS / 1000)  # what was sent has come, or never will
    wait_for_quiet(model)
    model.server.clear_faults()
    for secret, sent in uploads:
        value = model.server.value(model.api(secret.place))
        if value not in (before[secret], sent):
            raise Violation(f"{secret.place}: neither the old nor the new value after a kill")
        if before[secret] is None:
            write_again(model, secret.place)
        else:
            model.interrupted(secret, value)
            drop_held(model, secret.place)


def write_again(model, place):
    """Whether there was a secret, and whether the mount knows of it, is the same after that."""
    process, number, value = model.processes[0], model.new_number(), b"after a kill"
    model.writes[place] = None
    model.upload_by_name(process.pid, place, value, likely=0)
    calls = [
        ("open", number, model.path(place), CREATE, {0}),
        ("write", number, value, 0, {len(value)}),
        ("close", number, {0}),
    ]
    model.ask_now(process, {place}, calls)


def wait_for_quiet(model):
    until = time.monotonic() + HUNG
    while any(r["t_end_ms"] is None for r in model.server.journal()):
        if time.monotonic() > until:
            raise Violation("a request without an end")
        time.sleep(0.005)


def pick_sending(model, process):
    """A file of its that will send something when it is closed, and what."""
    sending = ((file, file.uploads(model)) for file in process.files.values())
    return next(((file, uploads) for file, uploads in sending if uploads), (None, None))


def do_kill_in_close(model, process):
    if model.random.random() > 0.3:
        return False
    file, uploads = pick_sending(model, process)
    if not file or (isinstance(file, SecretFile) and len(file.secret.files) > 1):
        return False
    if not may_kill_in(model, uploads):
        return False
    model.collect_all()
    file.dirty = False
    kill_in(model, process, ("close", file.number), uploads)
    return True


def pick_renaming(model, process):
    """A rename that will send something: (staging file, call, what is sent), or None."""
    staged, place = model.pick_staged(), pick_to_replace(model, process)
    if not staged or place is None:
        return None
    payload = without_line_end(staged.data)
    if staged.spoilt or not 0 < len(payload) <= LIMIT:
        return None
    call = ("rename", model.path(staged.place), model.path(place), 0)
    return staged, call, [(model.secrets[place], payload)]


def do_kill_in_rename(model, process):
    """What becomes of the staging file cannot be told."""
    renamed = pick_renaming(model, process) if model.random.random() < 0.3 else None
    if not renamed or renamed[0].files or not may_kill_in(model, renamed[2]):
        return False
    staged, call, uploads = renamed
    model.collect_all()
    kill_in(model, process, call, uploads)
    staging.remove(model, staged)
    unlink = ("unlink", model.path(staged.place), {0, -errno.ENOENT})
    model.ask_now(model.processes[0], {staged.place}, [unlink])
    return True


def fail_for_long(model, process, call, uploads):
    """The server fails until the deadline."""
    model.collect_all()
    for secret, _ in uploads:
        path = model.api(secret.place)
        model.server.fault(method="PUT", path=path, status=500)
        # Not for ever 500: a try that the deadline cuts off could come after the outage.
        model.server.fault(method="PUT", path=path, action="hang", count=-1)
        model.failed(process.pid, secret, OUTAGE)
    model.kinds["outage"] += 1
    places = {secret.place for secret, _ in uploads}
    model.ask_now(process, places, [(*call, OUTAGE)])
    wait_for_quiet(model)
    model.server.clear_faults()
    for secret, _ in uploads:
        model.compare_one(secret.place)


def do_outage_in_close(model, process):
    if model.random.random() > OUTAGES:
        return False
    file, uploads = pick_sending(model, process)
    if not file:
        return False
    file.dirty = False
    fail_for_long(model, process, ("close", file.number), uploads)
    model.release(process, file)
    return True


def do_outage_in_rename(model, process):
    """Both stay as they are."""
    renamed = pick_renaming(model, process) if model.random.random() < OUTAGES else None
    if not renamed:
        return False
    _, call, uploads = renamed
    fail_for_long(model, process, call, uploads)
    return True


STEPS = [
    (do_close, 18),
    (do_fsync, 7),
    (do_read, 1),
    (do_kill, 2),
    (do_exit, 2),
    (do_kill_in_close, 3),
    (do_kill_in_rename, 1),
    (do_outage_in_close, 2),
    (do_outage_in_rename, 1),
]
