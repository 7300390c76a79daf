"""Kinds of work: a module each, with a table of what is measured."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """How much of it: all, or with --quick enough to see that nothing is broken."""

    runs: int
    slow_runs: int  # of what takes half a minute
    round_trips_ms: tuple
    listings: tuple
    many: int  # secrets written or removed
    repositories: int  # of one owner

    @property
    def largest(self):
        return self.listings[-1]


FULL = Sizes(5, 3, (0, 20, 50, 200), (10, 100, 1000), 100, 10_000)
QUICK = Sizes(2, 1, (50,), (10, 100), 10, 2000)


@dataclass(frozen=True)
class Work:
    """One piece of work that all peers do, each in a place of its own."""

    name: str
    title: str
    verb: str  # the method of a peer
    count: int = 1
    held: int = 0  # the secrets that are there before
    organization: bool = False
    selected: bool = False  # a third of them
    listed: bool = False  # the mount holds the listing
    warm: bool = False  # the mount holds the listing and the key
    slow: bool = False
    sweep: bool = False  # at each round trip time; else only at the usual one
    check: Callable = lambda stage, place, output: None  # raises when it was not done
