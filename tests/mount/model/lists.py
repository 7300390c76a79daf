"""The control files of an organization's secrets in the model, by every kind of writer."""

import errno
import os
import signal
import time

from model import ends, worker
from model.calls import Violation, short
from model.list_file import BAD, MARK, ListFile, parse
from model.secret_files import CREATE, FILES, SecretFile, random_value
from model.sharing import ORGANIZATION, directory

MOST = 6  # lines
PIECES = [1, 5, 13, 13, 100, 4096]

# Drawing


def pick_place(model):
    """Of a secret that has a list."""
    organization = model.organization
    places = [p for p in model.places if p[0] == ORGANIZATION and organization.has_list(p)]
    return model.random.choice(places) if places else None


def random_line(model, sign=b""):
    random, organization = model.random, model.organization
    number = random.choice(organization.ids)
    name = organization.names[number]
    spelling = random.choice([name, name, name.split("/")[1], str(number), name.upper()])
    blank, end = random.choice([b"", b"", b"", b" "]), random.choice([b"", b"", b"", b"\r"])
    return blank + sign + spelling.encode() + end + b"\n"


def random_text(model, signed=False):
    """A list, or changes."""
    random = model.random
    lines = []
    for _ in range(random.randrange(1, MOST + 1)):
        sign = random.choice([b"+", b"+", b"-"]) if signed else b""
        lines.append(random_line(model, sign))
        if random.random() < 0.1:
            lines.append(random.choice([b"# -why\n", b"\n", b" \n", b"#+\n"]))
    kind = random.random()
    if kind < 0.05 and not signed:
        lines = random.choice([[b"# none\n"], [b"\n"]])
    text = b"".join(lines).lstrip() if signed else b"".join(lines)
    if kind > 0.9 and not signed:
        text = MARK + text
    return text[:-1] if random.random() < 0.1 else text


def in_pieces(model, text):
    size = model.random.choice(PIECES if len(text) < 60 else PIECES[1:])
    return [text[at : at + size] for at in range(0, len(text), size)]


FLAGS = [
    os.O_WRONLY | os.O_TRUNC,
    os.O_WRONLY | os.O_TRUNC,
    os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    os.O_RDWR | os.O_TRUNC,
    os.O_WRONLY,
    os.O_RDWR,
    os.O_RDWR,
    os.O_WRONLY | os.O_APPEND,
    os.O_RDWR | os.O_APPEND,
    os.O_RDONLY,
]


def open_calls(model, process, flags):
    """Opens a list; (place, calls, file or None)."""
    place, organization = pick_place(model), model.organization
    if place is None or len(process.files) >= FILES:
        return None
    beside = [f for f in process.files.values() if f.places() == {place}]
    is_reader = flags & os.O_ACCMODE == os.O_RDONLY
    if not is_reader and any(isinstance(f, ListFile) and f.can_write for f in beside):
        return None  # a process's descriptors cannot be told apart
    is_text_read = not flags & os.O_TRUNC and flags != os.O_WRONLY | os.O_APPEND
    error = 0
    if is_text_read and place not in organization.held and model.random.random() < 0.05:
        error = errno.EPROTO
        model.collect_for(place)
        model.server.fault(method="GET", path=f"{model.api(place)}/repositories", status=304)
        model.kinds["fault 304 of a list"] += 1
    number = model.new_number()
    call = ("open", number, f"{directory(model, place)}/repositories", flags, {-error})
    if error:
        return place, [call], None
    text = organization.text(place) if is_text_read else b""
    file = ListFile(number, process.pid, place, flags, text)
    process.files[number] = file
    organization.lists.append(file)
    return place, [call], file


def pieces_calls(model, file, text, at):
    calls = []
    for piece in in_pieces(model, text):
        if model.random.random() < 0.03 and not file.adds and not file.signed:
            append = model.random.random() < 0.5 and at == len(file.text)
            calls.append(("set_append", file.number, append, {0}))
        calls.append(("write", file.number, piece, at, file.written(model, piece, at)))
        at += len(piece)
    if not file.adds:
        calls.append(("set_append", file.number, False, {0}))
    return calls


def over_calls(model, file):
    """Over the list that there is: at a line's begin, at the end, or all of it."""
    random, organization = model.random, model.organization
    lines = [f"{organization.names[number]}\n".encode() for number in organization.ids]
    width = len(lines[0])
    new = b"".join(random.sample(lines, random.randrange(1, MOST)))
    kind = random.random()
    at = 0 if kind < 0.6 else len(file.text)
    if kind < 0.3:
        at = random.randrange(len(file.text) // width + 1) * width
    calls = pieces_calls(model, file, new, at)
    if 0.3 <= kind < 0.6:
        calls.append(("truncate", file.number, len(new), file.truncated(len(new))))
    return calls


def more_calls(model, file):
    """Lines behind those that are there."""
    signed = file.signed or (file.adds and file.number % 2 == 1)
    text = random_text(model, signed)
    is_cut = file.text and not file.text.endswith(b"\n")
    if is_cut or text.startswith(MARK) and file.text:
        text = b"\n" + (text[len(MARK) :] if text.startswith(MARK) else text)
    return pieces_calls(model, file, text, len(file.text))


def bad_calls(model, file):
    """One write with a line that is refused: of changes by the write, of a list by close."""
    random = model.random
    line, _ = random.choice(BAD)
    if not (file.adds or file.signed) and random.random() < 0.3:
        line = b"+repo-0001\n"
    at = len(file.text)
    if not (file.adds or file.signed) and random.random() < 0.2:
        at += 5
    text = random_line(model) + line
    return [("write", file.number, text, at, file.written(model, text, at))]


def one_change_calls(model, file):
    """One line that the server may refuse."""
    sign = model.random.choice([b"", b"+", b"-"]) if not file.signed else b"+"
    line = random_line(model, sign).lstrip()
    at = len(file.text)
    return [("write", file.number, line, at, file.written(model, line, at, likely=0.3))]


def first_calls(model, file):
    """What is written to a list that was just opened."""
    random = model.random
    kind = random.random()
    if not file.can_write:
        return []
    if kind < 0.05:
        return []
    if kind < 0.15 and not file.signed:
        return bad_calls(model, file)
    if not file.adds and kind < 0.3:
        file.signed, file.text = True, b""
    if file.adds or file.signed:
        file.acted = len(file.text)
        if kind > 0.7 or 0.25 < kind < 0.3:
            return one_change_calls(model, file)
        return more_calls(model, file)
    if file.text and not file.flags & os.O_TRUNC:
        return over_calls(model, file)
    return more_calls(model, file)


def length_calls(model, file):
    """Of a list that nobody else has open."""
    others = [f for f in model.organization.lists if f.place == file.place and f is not file]
    if others or not file.can_write:
        return []
    size = {len(file.text)}
    return [("size", file.number, size), ("seek_end", file.number, size)]


def read_calls(file):
    can_read = file.flags & os.O_ACCMODE != os.O_WRONLY
    return [("read_all", file.number, {file.text} if can_read else {-errno.EBADF})]


# Steps


def do_whole(model, process):
    """All at once, as a tool does."""
    opened = open_calls(model, process, model.random.choice(FLAGS))
    if not opened:
        return False
    place, calls, file = opened
    if file:
        calls += read_calls(file)
        calls += first_calls(model, file)
        if model.random.random() < 0.2:
            calls += length_calls(model, file) + read_calls(file)
        if model.random.random() < 0.2:
            calls.append(("fsync", file.number, file.flush(model, False)))
        calls += model.close_calls(process, file)
    model.ask(process, {place}, calls)
    return True


def do_open(model, process):
    """It is closed later, or its process ends before, or others write meanwhile."""
    opened = open_calls(model, process, model.random.choice(FLAGS))
    if not opened:
        return False
    place, calls, file = opened
    if file and model.random.random() < 0.6:
        calls += first_calls(model, file)
    model.ask(process, {place}, calls, file and model.descriptor_setter(file))
    return True


def do_write(model, process):
    file = model.pick_file(process, ListFile)
    if not file or not file.can_write:
        return False
    calls = read_calls(file) if model.random.random() < 0.3 else []
    calls += more_calls(model, file) if file.text or file.dirty else first_calls(model, file)
    model.ask(process, file.places(), calls)
    return True


def do_truncate(model, process):
    file = model.pick_file(process, ListFile)
    if not file or not file.can_write:
        return False
    cut = file.text.rfind(b"\n", 0, max(0, len(file.text) - 1)) + 1
    length = 0 if file.spoilt else model.random.choice([0, len(file.text), cut])
    call = ("truncate", file.number, length, file.truncated(length))
    model.ask(process, file.places(), [call])
    return True


def do_refused(model, process):
    """No file can be put there, and nothing but the access of what there is."""
    place = pick_place(model)
    if place is None:
        return False
    path, staged = directory(model, place), model.pick_staged()
    places, calls = {place}, [
        ("open", model.new_number(), f"{path}/.repositories.x7Gq2K", CREATE, {-errno.EPERM}),
        ("mkdir", path, {-errno.EEXIST}),
        ("unlink", f"{path}/repositories", {-errno.EPERM}),
    ]
    if staged:
        places.add(staged.place)
        source = model.path(staged.place)
        calls.append(("rename", source, f"{path}/repositories", 0, {-errno.EPERM}))
    model.ask(process, places, [model.random.choice(calls)])
    return True


def put_calls(model, path, data):
    number = model.new_number()
    return [
        ("open", number, path, os.O_WRONLY | os.O_TRUNC, {0}),
        ("write", number, data, 0, {len(data)}),
        ("close", number, {0}),
    ]


def word_calls(model, place):
    """Says who may use it: held until a value is written."""
    random, organization, path = model.random, model.organization, directory(model, place)
    calls = []
    if organization.now(place) is None:
        calls.append(("mkdir", path, {0}))
        organization.prepare(place)
    word = random.choices(["selected", "all", "private"], [5, 2, 1])[0]
    organization.hold(place, word)
    calls += put_calls(model, f"{path}/visibility", word.encode() + random.choice([b"", b"\n"]))
    if word == "selected" and random.random() < 0.8:
        text = b"".join(random_line(model) for _ in range(random.randrange(1, MOST)))
        organization.select(place, {number for _, number in parse(organization, text)})
        organization.list_errors[place] = {0}
        calls += put_calls(model, f"{path}/repositories", text)
    return calls


def value_calls(model, process, place):
    """The value that goes with it."""
    secret = model.secrets.get(place) or model.created(place)
    number, value = model.new_number(), random_value(model.random)[:1000]
    file = SecretFile(number, process.pid, secret)
    process.files[number] = file
    secret.files.append(file)
    file.data, file.dirty = value, True
    return [
        ("open", number, model.path(place), CREATE, {0}),
        ("write", number, value, 0, {len(value)}),
        *model.close_calls(process, file),
    ]


def do_share(model, process):
    place = model.random.choice([p for p in model.places if p[0] == ORGANIZATION])
    secret, organization = model.secrets.get(place), model.organization
    if place in model.emptied and not secret or secret and secret.value is None:
        return False  # whether there is one
    calls = word_calls(model, place)
    has_it = any(getattr(f, "secret", None) is secret for f in process.files.values())
    if len(process.files) < FILES and not (has_it and secret) and model.random.random() < 0.85:
        calls += value_calls(model, process, place)
    model.ask(process, {place}, calls)
    return True


def do_drop(model, process):
    """What is held, or prepared."""
    organization = model.organization
    place = model.random.choice([p for p in model.places if p[0] == ORGANIZATION])
    if any(file.place == place for file in organization.lists) or place in model.emptied:
        return False
    error = 0
    if place not in organization.held:
        error = errno.EPERM if place in organization.sharing else errno.ENOENT
    organization.drop(place)
    model.ask(process, {place}, [("rmdir", directory(model, place), {-error})])
    return True


def do_select_elsewhere(model, _process):
    """Another hand selects fewer, or others: what is written here keeps that."""
    place, organization = pick_place(model), model.organization
    if place is None or place in organization.held:
        return False
    selected = model.random.sample(organization.ids, model.random.randrange(4))
    model.collect_for(place)
    path = f"{model.api(place)}/repositories"
    model.server.api("PUT", path, {"selected_repository_ids": selected})
    organization.select(place, selected)
    model.note(0, f"{'/'.join(place)}: another hand selects", selected)
    return True


def do_kill_in_list(model, process):
    """The server has the old selection or the new one."""
    place, organization = pick_place(model), model.organization
    if model.random.random() > 0.2 or place is None or place in organization.held:
        return False
    model.collect_all()
    old, text = organization.sharing[place].selected, random_text(model)
    entries = parse(organization, text)
    new = old if entries is None else {number for _, number in entries}
    model.server.clear_journal()
    path = f"{model.api(place)}/repositories"
    model.server.fault(method="PUT", path=path, action="delay", ms=ends.SLOW_MS)
    calls = [c[:-1] for c in put_calls(model, f"{directory(model, place)}/repositories", text)]
    wait = model.random.random() * ends.SLOW_MS * 1.5
    what = f"{'/'.join(place)}: killed {wait:.0f} ms after {short(calls)}"
    ends.note_end(model, process, "kill in a list", what)
    worker.send(process.connection, calls)
    time.sleep(wait / 1000)
    os.kill(process.pid, signal.SIGKILL)
    ends.drop_files(model, process)
    model.replace(process)
    time.sleep(ends.SLOW_MS / 1000)  # what was sent has come, or never will
    ends.wait_for_quiet(model)
    model.server.clear_faults()
    there = organization.fetch(model.api(place))
    if there.selected not in (old, frozenset(new)):
        raise Violation(f"{place}: neither the old nor the new selection after a kill")
    organization.select(place, there.selected)
    organization.list_errors[place] = {0, -errno.ECANCELED, *organization.list_errors[place]}
    return True


STEPS = [
    (do_whole, 8),
    (do_open, 4),
    (do_write, 3),
    (do_truncate, 1),
    (do_refused, 1),
    (do_share, 4),
    (do_drop, 1),
    (do_select_elsewhere, 1),
    (do_kill_in_list, 2),
]
