"""Readers that are killed while they wait, and a full descriptor table, in the model."""

import contextlib
import errno
import os
import resource
import signal
import time

from model import ends, lists, worker
from model.calls import Violation, short
from model.list_file import ListFile
from model.secret_files import CREATE, random_value
from model.sharing import NAME, ORGANIZATION, directory

UNKNOWN = 20  # names
FULL = {0, -errno.EMFILE, -errno.ENOMEM}

# Killed readers


def pick_reading(model):
    """A call that waits for the server, and the path that it asks for."""
    random, organization = model.random, model.organization
    repository = random.choice(sorted(organization.names.values()))
    unknown = f"repos/{NAME}/unknown-{random.randrange(UNKNOWN)}"
    choices = [
        (("stat", f"{model.root}/{unknown}"), f"/{unknown}"),
        (("list", f"{model.root}/repos/{repository}/environments"), f"/repos/{repository}/env*"),
        (("list", f"{model.root}/{ORGANIZATION}/actions/access"), f"/{ORGANIZATION}/*"),
        (("read_file", f"{model.root}/.ghsecretfs/status"), "/"),
    ]
    place = lists.pick_place(model)
    if place is not None and place not in organization.held:
        path = f"{directory(model, place)}/repositories"
        asked = f"{model.api(place)}/repositories"
        choices += [(("read_file", path), asked)] * 4
        choices += [(("open", model.new_number(), path, os.O_RDWR), asked)] * 4
    return random.choice(choices)


def do_kill_reader(model, process):
    """Nothing comes of it, and nothing of it is left: that, the figures show at the end."""
    if model.random.random() > 0.3:
        return False
    model.collect_all()
    call, path = pick_reading(model)
    model.server.fault(method="GET", path=path, action="delay", ms=ends.SLOW_MS)
    wait = model.random.random() * ends.SLOW_MS
    what = f"killed {wait:.0f} ms after {short([call])}"
    ends.note_end(model, process, "kill of a reader", what)
    worker.send(process.connection, [call])
    time.sleep(wait / 1000)
    os.kill(process.pid, signal.SIGKILL)
    ends.drop_files(model, process)
    model.replace(process)
    model.server.clear_faults()
    return True


# A full descriptor table


@contextlib.contextmanager
def full_table(pid):
    """What it has stays; it gets no other."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    free = next(n for n in range(len(used) + 1) if n not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def check_upload(model, process, result, secret, sent):
    """Stored and told so, or refused and as it was."""
    value = model.server.value(model.api(secret.place))
    wanted = sent if result == 0 else secret.value
    if value != wanted:
        raise Violation(f"{secret.place}: {result} without a descriptor, and another value")
    if result == 0:
        model.stored(secret, value, None)
    # The same whatever it was, so that what is drawn later does not depend on it.
    secret.failed_by.add(process.pid)
    secret.errors = {*secret.errors, *FULL}


def store_without(model, process):
    """Opens, writes and closes a secret that is there."""
    place = model.pick_place(there=True)
    secret = place and model.secrets[place]
    if not secret or secret.value is None:
        return
    value = b"without a descriptor " + random_value(model.random)[:100] + b"."
    call = ("store", model.path(place), CREATE, value, FULL)
    (result,) = model.ask_now(process, {place}, [call])
    check_upload(model, process, result, secret, value)


def close_without(model, process):
    """What was written before is not sent half."""
    file, uploads = ends.pick_sending(model, process)
    if not file or len(uploads) != 1 or uploads[0][0].value is None:
        return
    ((secret, sent),) = uploads
    (result,) = model.ask_now(process, file.places(), [("close", file.number, FULL)])
    check_upload(model, process, result, secret, sent)
    file.dirty = False
    model.release(process, file)


def select_without(model, process):
    organization, place = model.organization, lists.pick_place(model)
    if place is None or place in organization.held:
        return
    numbers = model.random.sample(organization.ids, 3)
    text = "".join(f"{number}\n" for number in numbers).encode()
    path = f"{directory(model, place)}/repositories"
    call = ("store", path, os.O_WRONLY | os.O_TRUNC, text, FULL)
    (result,) = model.ask_now(process, {place}, [call])
    if result == 0:
        organization.select(place, numbers)
    organization.list_errors[place] = {*organization.list_errors[place], *FULL}
    organization.compare_sharing(
        place, organization.fetch(model.api(place)), [organization.sharing[place]]
    )


def fail_without(model, process):
    """A writer that fails: whether that can be seen or not, nothing is sent."""
    ends.settle(model, process)
    uploads = [upload for file in process.files.values() for upload in file.uploads(model)]
    status = model.random.choice([77, None])
    ends.note_end(model, process, "end without a descriptor", f"exit {status}")
    if status:
        worker.send(process.connection, [("exit", status)])
    else:
        os.kill(process.pid, signal.SIGKILL)
    for file in process.files.values():
        told = model.organization.list_errors
        if isinstance(file, ListFile):
            told[file.place] = {*told[file.place], *FULL}
        for secret in [file.secret] if hasattr(file, "secret") else []:
            secret.errors = {*secret.errors, *FULL}
    ends.drop_files(model, process)
    model.replace(process)
    for secret, _ in uploads:
        model.compare_one(secret.place)


def do_full_table(model, _process):
    if model.random.random() > 0.2:
        return False
    model.collect_all()
    model.kinds["full table"] += 1
    with full_table(model.pid):
        for _ in range(model.random.randrange(2, 8)):
            process = model.random.choice(model.processes)
            act = model.random.choice(
                [store_without, close_without, close_without, select_without, fail_without]
            )
            act(model, process)
    return True


STEPS = [(do_kill_reader, 3), (do_full_table, 2)]
