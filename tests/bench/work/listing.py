"""Listing an organization's secrets, which a mount does not hold yet."""

from measure import CommandFailed
from work import Work


def all_are_listed(_stage, place, output):
    missing = [name for name in place.names if name not in output]
    if missing:
        raise CommandFailed(f"{len(missing)} of {len(place.names)} are not listed")


def works(sizes):
    for count in sizes.listings:
        yield Work(
            f"list-{count}",
            f"list {count:,}",
            "list",
            count,
            held=count,
            organization=True,
            sweep=count >= 100,
            check=all_are_listed,
        )
    yield Work(
        "list-selected",
        f"list {sizes.largest:,}, a third of them `selected`",
        "list_selected",
        sizes.largest,
        held=sizes.largest,
        organization=True,
        selected=True,
        slow=True,
        check=all_are_listed,
    )
