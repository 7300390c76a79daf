"""What a tool of docs/tools.md meets: values, what is there before, and what goes wrong."""

import dataclasses
import random
import re

OTHER = "SECRET_0001"  # is there, and nobody means it
TARGET = "SECRET_0002"
BAD_NAMES = ("MY-TOKEN", "key.pem", "1ST", "GITHUB_TOKEN")
STATES = (False, True)  # does the secret exist before?


def pem(size):
    """So many bytes in lines, as a key has them."""
    head, tail = b"-----BEGIN KEY-----\n", b"-----END KEY-----\n"
    letters = random.Random(size).choices(b"ABCDEFGHabcdefgh01234567+/", k=size)
    body = re.sub(b"(.{64})", rb"\1\n", bytes(letters))[: size - len(head + tail) - 1]
    return head + body.rstrip(b"\n") + b"\n" + tail


def by_newline_rule(value):
    """What is stored of it: a value of one line loses its line end (contract §3.12)."""
    return value[:-1] if value.count(b"\n") == 1 and value.endswith(b"\n") else value


VALUES = {
    "10 B": b"0123456789\n",
    "5 KB": pem(5 * 1024),
    "47 KB": random.Random(47).randbytes(47 * 1024),
}
TEXTS = {**VALUES, "47 KB": pem(47 * 1024)}


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """One run of a tool, on a repository of its own."""

    topic: str
    exists: bool = True
    value: str = "5 KB"
    target: str = TARGET
    fault: dict | None = None  # its path is below the repository's secrets
    cold: bool = False  # the listing is held, the public key is not

    @property
    def state(self):
        return "existing" if self.exists else "new"

    @property
    def waits(self):
        """The mount tries again, or waits for an answer, until its time is over."""
        return bool(self.fault) and self.fault.get("status", 500) >= 500

    @property
    def method(self):
        """Of the requests that the fault is about, if there is one."""
        return self.fault["method"] if self.fault else ""


# What the server does to a change, as often as it comes.
REFUSALS = {
    "403": {"status": 403, "body": {"message": "Not yours"}},
    "422": {"status": 422, "body": {"message": "Not so"}},
    "500": {"status": 500},
    "reset": {"action": "reset-after"},
    "hang": {"action": "hang"},
}


def stored(exists, sizes=VALUES):
    return [Case(size, exists, size) for size in sizes]


def refused(method, states=STATES, value="5 KB", path="/*"):
    fault = {"method": method, "path": path, "count": -1}
    return [
        Case(topic, exists, value, fault={**fault, **how})
        for topic, how in REFUSALS.items()
        for exists in states
    ]


def not_opened():
    fault = {"method": "GET", "path": "/public-key", "count": -1, "status": 403}
    return [Case("key", exists, fault=fault, cold=True) for exists in STATES]
