"""Secrets in the model, and operations on them."""

import errno
import os

LIMIT = 48 * 1024
FILES = 4  # that a worker has open at most
INVALID = ["1ST", "GITHUB_TOKEN", "MY-TOKEN", "key.pem", "A B"]
REPLACING = ["tar", "install", "mv", "git"]  # what the DELETE is held for

CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Secret:
    """One file, from its creation to its end."""

    def __init__(self, place, value=None):
        self.place = place  # (scope, name)
        self.value = value  # what the server has; None: never stored
        self.gone = False
        self.files = []
        self.errors = {0}  # what an fsync with nothing to send may say
        # Processes that failed to write it. For a second they can't remove it, and how long
        # ago that was is not asked.
        self.failed_by = set()


def without_line_end(data):
    """What is sent of a value: the newline rule."""
    if data.endswith(b"\n") and b"\n" not in data[:-1]:
        return data[:-2] if data.endswith(b"\r\n") else data[:-1]
    return data


def is_too_long(data):
    """So that nothing that is appended could make it fit."""
    may_go_on = len(data) == LIMIT + 1 and data.endswith(b"\r") and b"\n" not in data
    return not may_go_on and len(without_line_end(data)) > LIMIT


class SecretFile:
    """An open secret."""

    def __init__(self, number, pid, secret, flags=CREATE):
        self.number = number
        self.pid = pid
        self.secret = secret
        self.append = bool(flags & os.O_APPEND)
        self.starts_empty = bool(flags & (os.O_TRUNC | os.O_EXCL))
        self.missing = set()  # offsets in holes
        self.cut_short = False  # its last writer was killed
        self.descriptor = 0
        self.beside_another = False  # of the same secret, in the same process
        self.data = b""
        self.dirty = False
        self.spoilt = 0

    def places(self):
        return {self.secret.place}

    def uploads(self, _model):
        """What a flush sends: [(secret, value)]."""
        payload = without_line_end(self.data)
        is_whole = self.dirty and not self.spoilt and not self.missing
        if is_whole and not self.secret.gone and 0 < len(payload) <= LIMIT:
            return [(self.secret, payload)]
        return []

    def flush(self, model, is_close, likely=0.1):
        """What a flush with all that was written does: its possible results."""
        secret = self.secret
        if self.spoilt:
            self.failed({0, -self.spoilt})
            return {-self.spoilt}
        if not self.dirty:
            if is_close:
                return {0}
            return {0, *secret.errors} if secret.gone else secret.errors
        self.dirty = False
        payload = without_line_end(self.data)
        if self.missing or len(payload) > LIMIT:
            self.spoilt = errno.EINVAL if self.missing else errno.EFBIG
            secret.errors = {-self.spoilt}
            secret.failed_by.add(self.pid)
            return {-self.spoilt}
        if secret.gone or not payload:
            return {0}
        return {-model.upload(self.pid, secret, payload, likely)}

    def drop(self, _model):
        """Its process failed: what it wrote is no value."""
        if self.dirty or self.spoilt:
            self.failed({-errno.ECANCELED, -self.spoilt})
        self.dirty = False

    def failed(self, errors):
        """Which of the errors is told later depends on more than the contract."""
        self.secret.failed_by.add(self.pid)
        self.secret.errors = {*self.secret.errors, *errors}

    def released(self, model):
        """It is closed."""
        self.secret.files.remove(self)
        if self.secret.value is None and not self.secret.files and not self.secret.gone:
            model.removed(self.secret)
            model.emptied.add(self.secret.place)


def random_value(random):
    kind = random.random()
    if kind < 0.75:
        size = random.randrange(1, 100)
    elif kind < 0.95:
        size = random.randrange(100, 9000)
    elif kind < 0.98:
        size = LIMIT
    else:
        size = random.randrange(LIMIT + 3, 70000)
    data = random.randbytes(size)
    ending = random.random()
    if size < 100 and ending < 0.4:
        data = data.replace(b"\n", b" ") + (b"\n" if ending < 0.3 else b"\r\n")
    elif data.endswith(b"\n"):
        data = data[:-1] + b"."
    return data


def in_pieces(random, data):
    pieces = random.choice([1, 1, 1, 2, 5])
    step = max(1, -(-len(data) // pieces))
    return [data[at : at + step] for at in range(0, len(data), step)]


def open_calls(model, process):
    """Opens something; (place, calls, file or None)."""
    random = model.random
    place = model.pick_place()
    if place is None or len(process.files) >= FILES:
        return None
    secret = model.secrets.get(place)
    number = model.new_number()
    exists = secret is not None and secret.value is not None
    kind = random.random()
    flags, error = CREATE, 0
    if not secret and place in model.emptied:
        pass  # whether it is there or not
    elif kind < 0.15:
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
    call = ("open", number, model.path(place), flags, {-error})
    if error:
        return place, [call], None
    if secret is None:
        secret = model.created(place)
    file = SecretFile(number, process.pid, secret, flags)
    for other in process.files.values():
        if isinstance(other, SecretFile) and other.secret is secret:
            other.beside_another = file.beside_another = True
    process.files[number] = file
    secret.files.append(file)
    return place, [call], file


def may_have_children(process):
    """Where a process had one secret open twice, a child's end is taken for the last."""
    return not any(getattr(file, "beside_another", False) for file in process.files.values())


def child_ends(process):
    """That is a flush of all that it had: of what is spoilt an error stays behind."""
    for file in process.files.values():
        if isinstance(file, SecretFile) and file.spoilt:
            file.failed({0, -file.spoilt})


def write_calls(model, process, file):
    """Writes a value from where it ends, in pieces."""
    random = model.random
    by_child = 0.02 if may_have_children(process) and not file.spoilt else 0
    calls = []
    for piece in in_pieces(random, random_value(random)):
        if random.random() < 0.05:
            file.append = not file.append
            calls.append(("set_append", file.number, file.append, {0}))
        if random.random() < 0.1:
            calls.extend(length_calls(process, file))
        offset = len(file.data)
        kind = random.random()
        if kind < 0.02 and not file.append:
            offset += random.randrange(1, 10)
        elif kind < 0.05 and file.missing and not file.append:
            offset = min(file.missing)
        elif kind < 0.1 and file.data:
            offset = random.randrange(len(file.data) + 1)
        name = "child_writes" if random.random() < by_child else "write"
        calls.append(one_write(file, name, piece, offset))
        if calls[-1][0] == "child_writes":
            child_ends(process)
    return calls


def length_calls(process, file):
    """Of a file, and of what a process has open of it; what is spoilt has no certain one."""
    if file.spoilt:
        return []
    calls = [("seek_end", file.number, {len(file.data)})]
    files = [other for other in file.secret.files if other.pid == process.pid]
    if not any(other.spoilt for other in files):
        calls.append(("size", file.number, {max(len(other.data) for other in files)}))
    return calls


def one_write(file, name, piece, offset):
    at = len(file.data) if file.append else offset
    if not file.spoilt:
        file.missing |= set(range(len(file.data), at))
        file.missing -= set(range(at, at + len(piece)))
        file.data = file.data[:at].ljust(at, b"\0") + piece + file.data[at + len(piece) :]
        if is_too_long(file.data):
            file.spoilt = errno.EFBIG
    if file.spoilt:
        return ("write", file.number, piece, offset, {-file.spoilt})
    file.dirty = True
    return (name, file.number, piece, offset, {len(piece) if name == "write" else 0})


# Steps; each returns False when there is nothing to do it on


def file_steps(kind, open_calls, write_calls):
    """The same for every kind of file: all at once, as a tool does; open; write."""

    def do_whole(model, process):
        opened = open_calls(model, process)
        if not opened:
            return False
        place, calls, file = opened
        if file:
            calls += write_calls(model, process, file)
            calls += model.close_calls(process, file)
        model.ask(process, {place}, calls)
        return True

    def do_open(model, process):
        opened = open_calls(model, process)
        if not opened:
            return False
        place, calls, file = opened
        model.ask(process, {place}, calls, file and model.descriptor_setter(file))
        return True

    def do_write(model, process):
        file = model.pick_file(process, kind)
        if not file:
            return False
        model.ask(process, file.places(), write_calls(model, process, file))
        return True

    return do_whole, do_open, do_write


do_whole, do_open, do_write = file_steps(SecretFile, open_calls, write_calls)


def do_truncate(model, process):
    file = model.pick_file(process, SecretFile)
    if not file:
        return False
    length = model.random.choice([0, len(file.data), len(file.data) + 1])
    possible = {0}
    if length == 0:
        file.data, file.dirty, file.spoilt, file.missing = b"", False, 0, set()
    elif file.spoilt:
        possible = {-file.spoilt}
    elif length == len(file.data) and not (file.missing and file.starts_empty):
        pass
    elif not file.starts_empty:
        possible = {-errno.EINVAL}
    elif length > LIMIT:
        possible = {-errno.EFBIG}
    else:
        file.data, file.dirty, file.missing = file.data.ljust(length, b"\0"), True, set()
    model.ask(process, file.places(), [("truncate", file.number, length, possible)])
    return True


def do_unlink(model, process):
    place = model.pick_place(there=model.random.random() < 0.8)
    if place is None:
        return False
    secret = model.secrets.get(place)
    error = 0
    if secret is None and place in model.emptied:
        model.emptied.remove(place)
        model.ask(process, {place}, [("unlink", model.path(place), {0, -errno.ENOENT})])
        return True
    if secret is None:
        error = errno.ENOENT
    elif process.pid in secret.failed_by:
        return False
    elif secret.value is not None:
        _, error = model.maybe_fault("DELETE", place, 0.1)
    if not error:
        model.removed(secret)
    model.ask(process, {place}, [("unlink", model.path(place), {-error})])
    return True


def pick_to_replace(model, process):
    """The place of a secret that the process may remove, as it would to replace it; or None."""
    place = model.pick_place(there=True)
    if place is None:
        return None
    secret = model.secrets[place]
    return None if secret.value is None or process.pid in secret.failed_by else place


def replaced(model, place):
    """The node that takes the place of one whose DELETE is held."""
    old = model.secrets[place]
    old.gone = True
    model.secrets[place] = Secret(place, old.value)
    return model.secrets[place]


def as_replacing(model, calls):
    """Done under a name that the DELETE is held for."""
    return [
        ("become", model.random.choice(REPLACING), None),
        *calls,
        ("become", "worker", None),
    ]


def do_replace(model, process):
    """As tar, install and mv do: the old value outlives a failure."""
    place = pick_to_replace(model, process)
    if place is None:
        return False
    value = random_value(model.random)[:1000]
    number = model.new_number()
    secret = replaced(model, place)
    file = SecretFile(number, process.pid, secret)
    process.files[number] = file
    secret.files.append(file)
    file.data, file.dirty = value, True
    calls = [
        ("unlink", model.path(place), {0}),
        ("open", number, model.path(place), CREATE | os.O_EXCL, {0}),
        ("write", number, value, 0, {len(value)}),
        *model.close_calls(process, file),
    ]
    model.ask(process, {place}, as_replacing(model, calls))
    return True


def do_refused(model, process):
    """What no secret takes."""
    place = model.pick_place()
    if place is None:
        return False
    secret = model.secrets.get(place)
    path, directory = model.path(place), os.path.dirname(model.path(place))
    places = {place}
    kind = model.random.randrange(4)
    if not secret and place in model.emptied:
        kind = 0
    if kind == 0:
        name = f"{directory}/{model.random.choice(INVALID)}"
        call = ("open", model.new_number(), name, CREATE, {-errno.EINVAL})
    elif kind == 1:
        other = model.pick_place()
        if other is None or other[0] != place[0] or other == place:
            return False
        if model.random.random() < 0.5:
            other = model.pick_staging_place()
        places.add(other)
        error = errno.EPERM if secret else errno.ENOENT
        call = ("rename", path, model.path(other), 0, {-error})
    elif kind == 2:
        error = errno.EEXIST if secret else errno.EPERM
        call = ("mkdir", path, {-error})
    else:
        if secret and secret.value is None:
            possible = {0, -errno.ENOENT}
        else:
            possible = {0} if secret else {-errno.ENOENT}
        if secret and (secret.files or secret.value is not None):
            possible = None  # what others write, or stored by `.env` a moment ago, counts too
        call = ("stat", path, possible)
    model.ask(process, places, [call])
    return True


STEPS = [
    (do_whole, 30),
    (do_open, 12),
    (do_write, 16),
    (do_truncate, 3),
    (do_unlink, 8),
    (do_replace, 3),
    (do_refused, 4),
]
