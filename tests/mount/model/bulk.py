"""`.env` in the model: many secrets at once."""

import errno
import os
import string

from model.secret_files import (
    CREATE,
    FILES,
    LIMIT,
    as_replacing,
    in_pieces,
    pick_to_replace,
    replaced,
)
from model.staging import EXCLUSIVE, create, publish

NAME = ".env"
MOST = 8  # entries
WORD = string.ascii_letters + string.digits + "+/=_-$."

# One of them, and nothing of the file is sent
BAD_LINES = [
    "1ST=x",
    "GITHUB_TOKEN=x",
    "MY-TOKEN=x",
    "A B=x",
    "=x",
    "no more than words",
    f"LONG={'x' * (LIMIT + 1)}",
    "OPEN='never closed",
]


def quoted(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


# How a value of words and lines is written: any; one that nothing can be expanded of; such a
# one of one line
FORMS = [
    lambda name, value: f"{name}='{value}'",
    lambda name, value: f"export\t{name}='{value}'#",
    lambda name, value: f"\n# a comment\n  {name} = '{value}'",
]
FORMS_OF_LINES = [
    *FORMS,
    lambda name, value: f'export {name}="{quoted(value)}" # and why',
    lambda name, value: f'{name}="{value}"',
]
FORMS_OF_WORDS = [
    *FORMS_OF_LINES,
    lambda name, value: f"{name}={value}",
    lambda name, value: f"{name}=\t{value}\t",
    lambda name, value: f'{name}: "{value}"',
]


class Text:
    """A dotenv file."""

    def __init__(self, random, scope, places):
        """With a line for each place, and perhaps what is not to be there."""
        self.values = {}  # place: value; of one name the last counts
        lines = []
        places = [*places, *random.sample(places, len(places) // 4)]
        for place in places:
            value = random_value(random)
            forms = FORMS if "$" in value else FORMS_OF_LINES
            if set(value) <= set(WORD) - {"$"}:
                forms = FORMS_OF_WORDS
            name = place[1].lower() if random.random() < 0.1 else place[1]
            lines.append(random.choice(forms)(name, value))
            self.values[place] = value.encode()
        self.scope = scope
        self.is_bad = random.random() < 0.15
        if self.is_bad:
            # A quote that is not closed would take what comes after it.
            lines.append(random.choice(BAD_LINES))
        self.bytes = "\n".join([*lines, ""]).encode()

    def places(self):
        return {(self.scope, NAME), *self.values}

    def store(self, model, pid, likely):
        """Sends it: the possible results."""
        if self.is_bad:
            return {-errno.EINVAL}
        errors = {
            -model.upload_by_name(pid, place, value, likely)
            for place, value in self.values.items()
        }
        return errors - {0} or {0}


class BulkFile:
    """An open `.env` with all of its text written."""

    def __init__(self, number, pid, text):
        self.number = number
        self.pid = pid
        self.text = text
        self.descriptor = 0
        self.dirty = True

    def places(self):
        return self.text.places()

    def uploads(self, model):
        """What a flush sends of secrets that are there: [(secret, value)]."""
        if not self.dirty or self.text.is_bad:
            return []
        values = self.text.values.items()
        known = [(model.secrets.get(place), value) for place, value in values]
        return known if all(secret and secret.value is not None for secret, _ in known) else []

    def flush(self, model, _is_close, likely=0.1):
        if not self.dirty:
            return {0}
        self.dirty = False
        return self.text.store(model, self.pid, likely)

    def drop(self, _model):
        """Its process failed: nothing of it is sent."""
        self.dirty = False

    def released(self, _model):
        """It is closed."""


def random_value(random):
    kind = random.random()
    if kind < 0.05:
        return ""
    size = LIMIT if kind > 0.99 else random.randrange(5000 if kind > 0.9 else 60) + 1
    words = "".join(random.choices(WORD, k=size))
    if kind < 0.6:
        return words
    return words.replace("a", " ").replace("b", "\n").replace("c", "#")[:size]


def random_text(model, scope):
    """Of some of a directory's secrets, and some new ones."""
    places = {model.pick_place() for _ in range(len(model.SCOPES) * MOST)}
    return Text(model.random, scope, sorted(p for p in places if p and p[0] == scope)[:MOST])


def open_calls(model, process, text):
    """Opens it and writes it; (calls, file)."""
    number = model.new_number()
    file = BulkFile(number, process.pid, text)
    process.files[number] = file
    flags = model.random.choice([CREATE, os.O_WRONLY | os.O_CREAT | os.O_APPEND])
    calls = [("open", number, model.path((text.scope, NAME)), flags, {0})]
    at = 0
    for piece in in_pieces(model.random, text.bytes):
        calls.append(("write", number, piece, at, {len(piece)}))
        at += len(piece)
    return calls, file


def may_open(process):
    """Where a process has it open twice, the first close is taken for the last."""
    files = process.files.values()
    return len(files) < FILES and not any(isinstance(file, BulkFile) for file in files)


# Steps


def do_whole(model, process):
    """As cp does it."""
    if not may_open(process):
        return False
    text = random_text(model, model.random.choice(model.SCOPES))
    calls, file = open_calls(model, process, text)
    calls += model.close_calls(process, file)
    model.ask(process, text.places(), calls)
    return True


def do_open(model, process):
    """It is closed later, or its process ends before."""
    if not may_open(process):
        return False
    text = random_text(model, model.random.choice(model.SCOPES))
    calls, file = open_calls(model, process, text)
    model.ask(process, {(text.scope, NAME)}, calls, model.descriptor_setter(file))
    return True


def do_rename(model, process):
    """A staging file is renamed onto it."""
    place = model.pick_staging_place()
    if place in model.staged:
        return False
    text, number = random_text(model, place[0]), model.new_number()
    staged = create(model, place)
    staged.data = text.bytes
    path, places = model.path(place), text.places() | {place}
    possible = text.store(model, process.pid, 0.1)
    if possible == {0}:
        publish(model, staged)
    calls = [
        ("open", number, path, EXCLUSIVE, {0}),
        ("write", number, text.bytes, 0, {len(text.bytes)}),
        ("close", number, {0}),
        ("rename", path, model.path((text.scope, NAME)), 0, possible),
    ]
    model.ask(process, places, calls)
    return True


def do_unlink(model, process):
    """Only its name was ever there."""
    scope = model.random.choice(model.SCOPES)
    for other in model.processes:
        for file in other.files.values():
            if isinstance(file, BulkFile) and file.text.scope == scope:
                return False
    place = (scope, NAME)
    model.ask(process, {place}, [("unlink", model.path(place), {0, -errno.ENOENT})])
    return True


def do_take_held(model, process):
    """One removes a secret, and another's file has the name: one update."""
    place = pick_to_replace(model, process)
    other = model.random.choice(model.processes)
    if place is None or other is process or not may_open(other):
        return False
    text = Text(model.random, place[0], [place])
    if text.is_bad:
        return False  # the DELETE would be sent, or not: in a second
    unlink = [("unlink", model.path(place), {0})]
    model.ask_now(process, {place}, as_replacing(model, unlink))
    replaced(model, place)
    calls, file = open_calls(model, other, text)
    calls += model.close_calls(other, file, likely=0)
    # What the first did next meanwhile would end the hold, and the new one be another secret.
    model.ask_now(other, text.places(), calls)
    return True


STEPS = [(do_whole, 3), (do_open, 2), (do_rename, 2), (do_unlink, 1), (do_take_held, 1)]
