"""Staging files in the model: temporary files, and renaming them."""

import errno
import os

from model.secret_files import (
    CREATE,
    FILES,
    INVALID,
    LIMIT,
    as_replacing,
    child_ends,
    file_steps,
    in_pieces,
    may_have_children,
    pick_to_replace,
    random_value,
    replaced,
    without_line_end,
)

STAGING_MAX = 256 << 10
FILES_MAX = 64  # in a directory
ONE_WRITE = 60000

DOTTED = [".NAME_1.x7Gq2K", ".NAME_2.swp", ".ansible_tmpNAME_3", ".four"]
PYTHONS = "tmpab12_9xz"  # without O_EXCL a secret's name
MKTEMPS = "tmp.a1B2c3"  # without O_EXCL no name at all
MADE = "NAME_5-1a2b"  # but as mkstemp(3) makes one no name at all
NAMES = [*DOTTED, PYTHONS, MKTEMPS, MADE]

RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4
EXCLUSIVE = os.O_RDWR | os.O_CREAT | os.O_EXCL


class Staged:
    """A staging file, from its creation until nobody has it open any more."""

    def __init__(self, place):
        self.place = place
        self.data = b""
        self.spoilt = 0
        self.files = []
        self.published = False  # sent, under another name

    def written(self, data, at):
        """Takes a write: its possible results."""
        if self.published:
            return {-errno.ESTALE}
        if at + len(data) > STAGING_MAX:
            self.spoilt = errno.EFBIG
        if self.spoilt:
            return {-self.spoilt}
        before = self.data[:at].ljust(at, b"\0")
        self.data = before + data + self.data[at + len(data) :]
        return {len(data)}

    def truncated(self, length):
        """Its possible results. What is spoilt is truncated to nothing only."""
        if self.published:
            return {0, -errno.ESTALE, -errno.EFBIG}
        if length > STAGING_MAX:
            return {-errno.EFBIG}
        if length == 0:
            self.spoilt = 0
        self.data = self.data[:length].ljust(length, b"\0")
        return {0}


class StagedFile:
    """An open staging file: all that have it open write one value."""

    def __init__(self, number, pid, staged, append):
        self.number = number
        self.pid = pid
        self.staged = staged
        self.append = append
        self.descriptor = 0

    def places(self):
        return {self.staged.place}

    def uploads(self, _model):
        return []

    def flush(self, _model, _is_close, _likely=0):
        """Nothing is sent."""
        return {-self.staged.spoilt}

    def drop(self, _model):
        """It stays as it is: what was written is there."""

    def released(self, _model):
        self.staged.files.remove(self)


def create(model, place):
    model.staged[place] = Staged(place)
    return model.staged[place]


def remove(model, staged):
    del model.staged[staged.place]


def publish(model, staged):
    remove(model, staged)
    staged.published = True
    staged.data, staged.spoilt = b"", 0


def move(model, staged, place):
    """To another temporary name, in the place of what has it."""
    del model.staged[staged.place]
    staged.place = place
    model.staged[place] = staged


def spelling(model, place):
    """The path, now and then in other letters: names compare without case."""
    path = model.path(place)
    if model.random.random() > 0.1:
        return path
    directory, name = os.path.split(path)
    return f"{directory}/{name.swapcase()}"


def value(random):
    if random.random() < 0.95:
        return random_value(random)
    return random.randbytes(random.choice([LIMIT + 1, 100_000, STAGING_MAX, STAGING_MAX + 1]))


def write_calls(model, process, file):
    random, staged = model.random, file.staged
    by_child = 0.02 if may_have_children(process) and not staged.published else 0
    calls = []
    for part in in_pieces(random, value(random)):
        for begin in range(0, len(part), ONE_WRITE):
            piece = part[begin : begin + ONE_WRITE]
            at = len(staged.data)
            kind = random.random()
            if kind < 0.1:
                at = random.randrange(len(staged.data) + 1)
            elif kind < 0.15:
                at += random.randrange(1, 5000)  # zeroes, as in any file
            possible = staged.written(piece, len(staged.data) if file.append else at)
            name = "write"
            if min(possible) > 0 and random.random() < by_child:
                name, possible = "child_writes", {0}
                child_ends(process)
            calls.append((name, file.number, piece, at, possible))
    return calls


# How it is opened: how often, the flags, the error where it is there, and where it is not
WAYS = [
    (8, EXCLUSIVE, errno.EEXIST, 0),
    (6, CREATE, 0, 0),
    (2, os.O_RDWR | os.O_CREAT, 0, 0),
    (2, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0, 0),
    (3, os.O_WRONLY, 0, errno.ENOENT),
    (1, os.O_RDWR, 0, errno.ENOENT),
    (1, os.O_RDONLY, errno.EACCES, errno.ENOENT),
]


def can_make(name, flags):
    """May a staging file of that name be created so?"""
    as_mkstemp = flags & (os.O_ACCMODE | os.O_EXCL) == os.O_RDWR | os.O_EXCL
    return as_mkstemp or name != MADE and (flags & os.O_EXCL or name != MKTEMPS)


def open_calls(model, process):
    """Opens something; (place, calls, file or None)."""
    random, place = model.random, model.pick_staging_place()
    if len(process.files) >= FILES:
        return None
    staged = model.staged.get(place)
    _, flags, there, not_there = random.choices(WAYS, [way[0] for way in WAYS])[0]
    if not staged and flags & os.O_CREAT and place[1] == PYTHONS:
        flags |= os.O_EXCL
    error = there if staged else not_there
    if not staged and flags & os.O_CREAT and not can_make(place[1], flags):
        error = errno.EINVAL
    number = model.new_number()
    path = spelling(model, place) if staged else model.path(place)
    call = ("open", number, path, flags, {-error})
    if error:
        return place, [call], None
    staged = staged or create(model, place)
    if flags & os.O_TRUNC:
        staged.truncated(0)
    file = StagedFile(number, process.pid, staged, bool(flags & os.O_APPEND))
    process.files[number] = file
    staged.files.append(file)
    return place, [call], file


def rename_onto_secret(model, process, staged, place, flags=0, likely=0.1):
    """Sends it: the possible results."""
    secret = model.secrets.get(place)
    payload = without_line_end(staged.data)
    if secret and flags & RENAME_NOREPLACE:
        return {-errno.EEXIST}
    if staged.spoilt or len(payload) > LIMIT:
        if secret:
            secret.failed_by.add(process.pid)
            secret.errors = {-errno.EFBIG, *secret.errors}
        return {-errno.EFBIG}
    if not secret and not payload:
        model.emptied.add(place)
    error = model.upload_by_name(process.pid, place, payload, likely) if payload else 0
    if not error:
        publish(model, staged)
    return {-error}


def rename_aside(model, staged, place, flags):
    """To another temporary name: the possible results."""
    if place in model.staged:
        if flags & RENAME_NOREPLACE:
            return {-errno.EEXIST}
    elif place[1] in (MKTEMPS, MADE):
        return {-errno.EINVAL}
    if staged.place != place:
        move(model, staged, place)
    return {0}


# Steps


do_whole, do_open, do_write = file_steps(StagedFile, open_calls, write_calls)


def do_truncate(model, process):
    file = model.pick_file(process, StagedFile)
    staged = file.staged if file else model.pick_staged()
    if not staged:
        return False
    lengths = [0, len(staged.data), model.random.randrange(60000), STAGING_MAX + 1]
    length = 0 if staged.spoilt else model.random.choice(lengths)
    if file:
        call = ("truncate", file.number, length, staged.truncated(length))
    else:
        path = spelling(model, staged.place)
        call = ("truncate_path", path, length, staged.truncated(length))
    model.ask(process, {staged.place}, [call])
    return True


def do_look(model, process):
    """Its size, through the descriptor or by name."""
    file = model.pick_file(process, StagedFile)
    if file and not file.staged.published:
        call = ("size", file.number, {len(file.staged.data)})
        model.ask(process, file.places(), [call])
        return True
    place = model.pick_staging_place()
    staged = model.staged.get(place)
    possible = {len(staged.data)} if staged else {-errno.ENOENT}
    model.ask(process, {place}, [("stat", spelling(model, place), possible)])
    return True


def do_unlink(model, process):
    place = model.pick_staging_place()
    staged = model.staged.get(place)
    if staged:
        remove(model, staged)
    possible = {0} if staged else {-errno.ENOENT}
    model.ask(process, {place}, [("unlink", spelling(model, place), possible)])
    return True


def do_rename_to_secret(model, process):
    staged, place = model.pick_staged(), model.pick_place()
    if not staged or place is None:
        return False
    flags = RENAME_NOREPLACE if model.random.random() < 0.3 else 0
    if place in model.emptied and place not in model.secrets:
        flags = 0  # it may be there
    path, places = spelling(model, staged.place), {staged.place, place}
    possible = rename_onto_secret(model, process, staged, place, flags)
    model.ask(process, places, [("rename", path, model.path(place), flags, possible)])
    return True


def do_rename_aside(model, process):
    """Also into another directory, or onto itself."""
    staged, place = model.pick_staged(), model.pick_staging_place()
    if not staged or (place[1] == PYTHONS and place not in model.staged):
        return False
    flags = RENAME_NOREPLACE if model.random.random() < 0.3 else 0
    path, places = spelling(model, staged.place), {staged.place, place}
    possible = rename_aside(model, staged, place, flags)
    model.ask(process, places, [("rename", path, model.path(place), flags, possible)])
    return True


def do_replace(model, process):
    """As `install -b` does: unlink, then a rename, are one update."""
    place, staged = pick_to_replace(model, process), model.pick_staged()
    if place is None or not staged:
        return False
    replaced(model, place)
    path, places = model.path(staged.place), {staged.place, place}
    # The name is free now, so nothing is in the way.
    possible = rename_onto_secret(model, process, staged, place)
    flags = model.random.choice([0, RENAME_NOREPLACE])
    calls = [
        ("unlink", model.path(place), {0}),
        ("rename", path, model.path(place), flags, possible),
    ]
    model.ask(process, places, as_replacing(model, calls))
    return True


def do_take_held(model, process):
    """One removes, another renames onto the name: one update too."""
    place, staged = pick_to_replace(model, process), model.pick_staged()
    other = model.random.choice(model.processes)
    if place is None or not staged or staged.spoilt or other is process:
        return False
    if not 0 < len(without_line_end(staged.data)) <= LIMIT:
        return False  # the DELETE would be sent, or not: in a second
    unlink = [("unlink", model.path(place), {0})]
    model.ask_now(process, {place}, as_replacing(model, unlink))
    replaced(model, place)
    path, places = model.path(staged.place), {staged.place, place}
    possible = rename_onto_secret(model, other, staged, place, likely=0)
    # What the first did next meanwhile would end the hold, and the new one be another secret.
    model.ask_now(other, places, [("rename", path, model.path(place), 0, possible)])
    return True


def do_refused(model, process):
    """What no staging file takes."""
    staged, place = model.pick_staged(), model.pick_place(there=True)
    if not staged or place is None:
        return False
    directory = os.path.dirname(model.path(staged.place))
    invalid = f"{directory}/{model.random.choice([*INVALID, '.envrc', '.env.local'])}"
    path, other = model.path(staged.place), model.path(place)
    missing = model.pick_staging_place()
    places, calls = {staged.place, place, missing}, [
        ("rename", path, invalid, 0, {-errno.EINVAL}),
        ("rename", path, f"{directory}/../NAME", 0, {-errno.EPERM}),
        ("open", model.new_number(), invalid, CREATE | os.O_EXCL, {-errno.EINVAL}),
        ("mkdir", path, {-errno.EEXIST}),
    ]
    if model.secrets[place].value is not None:
        flags = model.random.choice([RENAME_EXCHANGE, RENAME_WHITEOUT])
        calls.append(("rename", path, other, flags, {-errno.EINVAL}))
        calls.append(("rename", other, path, 0, {-errno.EPERM}))
    if missing not in model.staged:
        calls.append(("rename", model.path(missing), other, 0, {-errno.ENOENT}))
    model.ask(process, places, [model.random.choice(calls)])
    return True


def do_fill(model, process):
    """As many as a directory takes, and one more."""
    if model.random.random() > 0.02:
        return False
    model.collect_all()
    scope = model.random.choice(model.SCOPES)
    staged = next((s for s in model.staged.values() if s.place[0] != scope), None)
    free = FILES_MAX - sum(place[0] == scope for place in model.staged)
    fill = [model.path((scope, f".fill_{n}")) for n in range(free)]
    more, number = model.path((scope, ".fill_more")), model.new_number()
    calls = []
    for path in fill:
        calls.append(("open", number, path, EXCLUSIVE, {0}))
        calls.append(("close", number, {0}))
    calls.append(("open", number, more, EXCLUSIVE, {-errno.ENOSPC}))
    if staged:
        path = model.path(staged.place)
        calls.append(("rename", path, more, RENAME_NOREPLACE, {-errno.ENOSPC}))
    calls += [("unlink", path, {0}) for path in fill]
    model.ask_now(process, {(scope, ".fill")}, calls)
    return True


STEPS = [
    (do_whole, 10),
    (do_open, 5),
    (do_write, 6),
    (do_truncate, 2),
    (do_look, 2),
    (do_unlink, 3),
    (do_rename_to_secret, 8),
    (do_rename_aside, 4),
    (do_replace, 2),
    (do_take_held, 1),
    (do_refused, 2),
    (do_fill, 1),
]
