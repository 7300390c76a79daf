"""What happened, in the words of docs/tools.md. What must not happen is in bold."""

import errno
import os
import re

from tools.cases import by_newline_rule

BAD = "**"

# What tools say of an error.
REASONS = [
    os.strerror(getattr(errno, name))
    for name in "EACCES EPERM EINVAL EEXIST EXDEV EOPNOTSUPP EFBIG ENOSPC EIO ENOENT".split()
]


def _fits(value, wanted):
    """Is it, byte for byte, what should be there?"""
    if value is None or wanted is None:
        return value is wanted
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(value.decode(errors="replace")) is not None
    return value == by_newline_rule(wanted)


def _changed(seen):
    """The names that have what they should have."""
    return {name for name, wanted in seen.changes.items() if _fits(seen.after.get(name), wanted)}


def _is_whole(seen):
    return len(_changed(seen)) == len(seen.changes)


def _extent(seen):
    number, of = len(_changed(seen)), len(seen.changes)
    if of == 1:
        return ["done"] if number else []
    return [f"{number} of {of}"] if number else []


def _damage(seen):
    """To what is neither as it was nor as it should be."""
    words = set()
    for name in {*seen.before, *seen.after} - _changed(seen):
        if seen.after.get(name) != seen.before.get(name):
            words.add("another value" if name in seen.after else "the old value is lost")
    return [f"{BAD}{each}{BAD}" for each in sorted(words)]


def _is_reset(seen):
    """Has the server done what it did not answer?"""
    return bool(seen.case.fault) and seen.case.fault.get("action") == "reset-after"


def _left(seen):
    """What is in the mount, and not on the server."""
    names = seen.listed - set(seen.after)
    if _is_reset(seen):
        names -= set(seen.before)
    temporary = {name for name in names if re.match(r"\.|tmp\.|tmp[a-z0-9_]{8}$", name)}
    words = ["leaves its temporary file"] if temporary else []
    return [*words, *(f"{BAD}leaves {name}{BAD}" for name in sorted(names - temporary))]


def _requests(seen):
    """What is odd about them."""
    uploads = sum(wanted is not None for wanted in seen.changes.values())
    words = []
    if seen.methods["PUT"] != uploads:
        words.append(f"{BAD}{seen.methods['PUT']} uploads{BAD}")
    if seen.methods["DELETE"] != len(seen.changes) - uploads:
        words.append(f"{BAD}removed first{BAD}")
    return words


def _lines(seen, ours):
    lines = [line for line in seen.said.splitlines() if line]
    return [line for line in lines if line.startswith("ghsecretfs: ") == ours]


def _reason(seen):
    said = "\n".join(_lines(seen, ours=False)).lower()
    return next((f": {reason}" for reason in REASONS if reason.lower() in said), "")


def _end(seen):
    """How a failure shows."""
    if seen.status:
        return "fails"
    if _lines(seen, ours=True):
        return "exit 0, told"
    return "exit 0, says so" if _lines(seen, ours=False) else f"exit 0, {BAD}silent{BAD}"


def of_success(seen):
    """Where nothing is in the way."""
    words = [*_damage(seen), *_requests(seen), *_left(seen)]
    if not _is_whole(seen) or seen.status or _lines(seen, ours=True):
        words = [*_extent(seen), _end(seen), *words]
    if not _changed(seen) and not _damage(seen):
        end = [] if seen.status else [_end(seen)]
        words = [f"refused{_reason(seen)}", *end, *_left(seen)]
    return ", ".join(words or ["works"])


def of_failure(seen):
    """Where the change can't be made, or one of many."""
    method = seen.case.method
    if method in ("PUT", "DELETE") and not seen.methods[method]:
        return "–"
    extent = [] if _is_whole(seen) and _is_reset(seen) else _extent(seen)
    return ", ".join([*extent, _end(seen), *_damage(seen), *_left(seen)])


def of_naming(seen):
    """Where the rule of names is in the way: does the user learn of it?"""
    rule = any(seen.case.target in line for line in _lines(seen, ours=True))
    return of_failure(seen) + (", told the rule" if rule else "")


def of_absence(seen):
    """Where there is nothing to be removed."""
    return "fails" if seen.status else "nothing happens"


GROUPINGS = (
    lambda case: "",
    lambda case: case.state,
    lambda case: case.topic,
    lambda case: f"{case.topic} {case.state}",
)


def merged(cells):
    """One cell of [(case, words)], by state or by topic where they differ."""
    for grouping in GROUPINGS:
        found = {}
        for case, words in cells:
            found.setdefault(grouping(case), set()).add(words)
        if all(len(words) == 1 for words in found.values()):
            break
    by_words = {}
    for group, (words,) in found.items():
        by_words.setdefault(words, []).append(group)
    if len(by_words) == 1:
        return next(iter(by_words))
    return "<br>".join(f"{', '.join(groups)}: {words}" for words, groups in by_words.items())
