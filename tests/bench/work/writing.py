"""Writing secrets: one, many in turn, many at once, and those of a dotenv file."""

import functools

from measure import CommandFailed
from work import Work


def all_are_stored(stage, place, _output):
    wrong = [
        name
        for name in place.names
        if stage.standin.plaintext(f"/{place.path}/{name}") != place.value(name).encode()
    ]
    if wrong:
        raise CommandFailed(f"{len(wrong)} of {len(place.names)} are not stored")


def works(sizes):
    row = functools.partial(Work, check=all_are_stored)
    many = sizes.many
    yield row("write-1", "write 1, key known", "write_one", warm=True, sweep=True)
    yield row("write-1-key", "write 1, key not known", "write_one", listed=True)
    yield row("write-1-cold", "write 1, neither key nor listing known", "write_one")
    yield row(
        "write-loop", f"write {many} in a shell loop", "write_in_a_loop", many, warm=True, slow=True
    )
    yield row(
        "write-parallel",
        f"write {many} new ones with `xargs -P 16`",
        "write_in_parallel",
        many,
        warm=True,
        sweep=True,
    )
    yield row(
        "write-parallel-over",
        f"write over {many} with `xargs -P 16`",
        "write_in_parallel",
        many,
        held=many,
        warm=True,
    )
    yield row("dotenv", f"write {many} with `.env`", "write_dotenv", many, sweep=True)
    for count in sizes.listings:
        yield row(
            f"dotenv-organization-{count}",
            f"write {count:,} organization secrets with `.env`",
            "write_dotenv",
            count,
            organization=True,
        )
