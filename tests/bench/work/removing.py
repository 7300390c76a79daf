"""Removing secrets."""

import functools

from measure import CommandFailed
from work import Work


def all_are_gone(stage, place, _output):
    left = stage.standin.api("GET", f"/{place.path}")[2]["total_count"]
    if left:
        raise CommandFailed(f"{left} of {len(place.names)} are still there")


def works(sizes):
    row = functools.partial(
        Work, count=sizes.many, held=sizes.many, warm=True, slow=True, check=all_are_gone
    )
    yield row("remove", f"remove {sizes.many}, one after the other", "remove")
    yield row("remove-parallel", f"remove {sizes.many} with `xargs -P 16`", "remove_in_parallel")
