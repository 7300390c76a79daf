"""Those who do the work: a module each.

A peer has a `name`, a `session(stage, place, work)`, and a method for each kind of work that it
can do, which gives a shell line; the line's time is what is measured. A method that is not
there is work that the peer can't do.
"""

import pathlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Session:
    """What a peer's shell lines run in."""

    env: dict
    daemon: int | None = None  # the process that works for them
    answers: pathlib.Path | None = None  # files with what would mix in the output
