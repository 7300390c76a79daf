"""An open list in the model: what a text means, and what is done with it."""

import errno
import os

MARK = b"\xef\xbb\xbf"
BAD = [  # a line, and what becomes of the list
    (b"nowhere\n", errno.ENOENT),
    (b"elsewhere/nowhere\n", errno.ENOENT),
    (b"999999999\n", errno.ENOENT),
    (b"repo-0001 repo-0002\n", errno.EINVAL),
    (b"a/b/c\n", errno.EINVAL),
]


class Refused(Exception):
    """Of a list, with an errno."""


class Line:
    """One that says something, or nothing."""

    def __init__(self, line):
        line = line.strip(b" \t\r")
        self.is_blank = not line
        self.is_comment = line[:1] == b"#"
        self.sign = line[:1] if line[:1] in (b"+", b"-") else b""
        self.name = line[len(self.sign) :].strip().decode("latin-1")

    @property
    def is_entry(self):
        return not self.is_blank and not self.is_comment


def lines_of(text):
    text = text[len(MARK) :] if text.startswith(MARK) else text
    return [Line(line) for line in text.split(b"\n")]


def parse(organization, text):
    """[(sign, number)], or None of a text that says nothing; Refused."""
    if b"\0" in text:
        raise Refused(errno.EINVAL)
    lines = lines_of(text)
    if all(line.is_blank for line in lines):
        return None
    entries = [line for line in lines if line.is_entry]
    if any(" " in line.name or line.name.count("/") > 1 for line in entries):
        raise Refused(errno.EINVAL)
    if any(line.name.lower() not in organization.spellings for line in entries):
        raise Refused(errno.ENOENT)
    return [(line.sign, organization.spellings[line.name.lower()]) for line in entries]


class ListFile:
    """An open `repositories`."""

    has_text = True  # which its descriptor may read

    def __init__(self, number, pid, place, flags, text):
        self.number = number
        self.pid = pid
        self.place = place
        self.flags = flags
        self.text = text
        self.can_write = flags & os.O_ACCMODE != os.O_RDONLY
        self.adds = bool(flags & os.O_APPEND)  # its lines are changes
        self.signed = False  # so they are
        self.acted = len(text) if self.adds else 0
        self.dirty = False
        self.spoilt = 0
        self.descriptor = 0

    def places(self):
        return {self.place}

    def uploads(self, _model):
        """No value."""
        return []

    # Writing

    def written(self, model, piece, at, likely=0):
        """Takes a write: its possible results."""
        if self.spoilt:
            return {-self.spoilt}
        begin = len(self.text)
        if self.goes_on_with_acted(piece):
            error = self.spoilt = errno.EINVAL
        elif self.signed or self.adds:
            self.text += piece
            error = self.lines_act(model, begin, likely)
        else:
            before = self.text[:at].ljust(at, b"\0")
            self.text = before + piece + self.text[at + len(piece) :]
            self.dirty = True
            lines = [line for line in lines_of(self.text) if line.is_entry]
            error = errno.EINVAL if len({bool(line.sign) for line in lines}) > 1 else 0
            self.spoilt = error
        if error:
            model.organization.list_errors[self.place] = {-error}
        return {-error} if error else {len(piece)}

    def goes_on_with_acted(self, piece):
        """A line that fsync applied, or that the end of what failed left behind."""
        is_cut = self.text and self.acted == len(self.text) and not self.text.endswith(b"\n")
        return bool(is_cut) and piece.lstrip(b" \t\r")[:1] not in (b"", b"\n")

    def lines_act(self, model, begin, likely):
        """Those whose end is written; of a change that fails the text is taken back."""
        before, self.acted = self.acted, max(self.acted, self.text.rfind(b"\n") + 1)
        self.dirty = self.acted < len(self.text)
        piece = self.text[before : self.acted]
        may_fail = before == begin and not self.dirty
        error = self.apply(model, piece, likely if may_fail else 0) if piece else 0
        if error and (self.dirty or (error == errno.EINVAL and is_refused(piece))):
            self.spoilt = error  # the beginning of a line must not act later
        elif error:
            self.text, self.acted = self.text[:begin], min(begin, self.acted)
        return error

    def apply(self, model, text, likely):
        """It becomes what is selected: an errno, or 0."""
        organization, place = model.organization, self.place
        try:
            entries = parse(organization, text)
        except Refused as refused:
            return refused.args[0]
        is_change = self.adds or self.signed
        if entries is None or (is_change and not entries):
            return 0
        error = self.fault(model, entries, likely)
        if not error:
            selected = set(organization.now(place).selected) if is_change else set()
            for sign, number in entries:
                (selected.discard if sign == b"-" else selected.add)(number)
            organization.select(place, selected)
            organization.list_errors[place] = {0}
        return error

    def fault(self, model, entries, likely):
        organization, place = model.organization, self.place
        if place in organization.held:
            return 0
        if place not in organization.sharing:
            return errno.ENOENT
        if not organization.has_list(place):
            return errno.EBUSY
        if not (self.adds or self.signed):
            return model.maybe_fault("PUT", place, likely, "/repositories")[1]
        if len(entries) > 1:
            return 0  # of several some might be changed
        sign, number = entries[0]
        method = "DELETE" if sign == b"-" else "PUT"
        return model.maybe_fault(method, place, likely, f"/repositories/{number}")[1]

    def truncated(self, length):
        """Its possible results."""
        if length == 0:
            self.text, self.acted, self.spoilt = b"", 0, 0
            self.adds = self.signed = self.dirty = False
        elif length == len(self.text):
            pass
        elif self.adds or self.signed:
            return {-errno.EINVAL}
        else:
            self.text, self.dirty = self.text[:length].ljust(length, b"\0"), True
        return {0}

    # Ends

    def flush(self, model, is_close, likely=0.1):
        """What it does with all that was written: its possible results."""
        errors = model.organization.list_errors
        if self.spoilt:
            errors[self.place] = {-self.spoilt}
            return {-self.spoilt}
        if not self.dirty and is_close:
            return {0}
        if not self.dirty:
            beside = [f for f in model.organization.lists if f.place == self.place]
            return {0, *errors[self.place], *(-file.spoilt for file in beside)}
        self.dirty = False
        text, self.acted = self.text[self.acted :], len(self.text)
        if self.adds or self.signed:
            likely = 0  # a line before, of the same repository, might meet the fault
        else:
            text, self.acted = self.text, 0
        error = self.apply(model, text, likely)
        if error == errno.EINVAL and is_refused(text):
            self.spoilt = error
        if error:
            errors[self.place] = {-error} if not is_close else {0, -error}
        return {-error}

    def drop(self, model):
        """Its process failed: what did not act is no list."""
        if self.dirty or self.spoilt:
            told = model.organization.list_errors[self.place]
            model.organization.list_errors[self.place] = {*told, -errno.ECANCELED, -self.spoilt}
        self.dirty = False

    def released(self, model):
        model.organization.lists.remove(self)


def is_refused(text):
    """For what it says, not by the server."""
    return b"\0" in text or any(line in text for line, error in BAD if error == errno.EINVAL)
