"""The benchmark: the parts, in turn, and what becomes of the results. scripts/bench runs it."""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
from dataclasses import dataclass

import machine
import plots
from compare import compare
from page import Page
from results import Results
from stage import Stage
from work import FULL, QUICK, caching, listing, memory, mounting, removing, writing

COMPARED = {
    "mount": ("Mounting, and the way", mounting),
    "list": ("Listing", listing),
    "write": ("Writing", writing),
    "remove": ("Removing", removing),
}
MEASURED = {"cache": caching, "memory": memory}
PARTS = (*COMPARED, *MEASURED)
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True)
class Programs:
    """What is measured, and what it is measured with."""

    ghsecretfs: pathlib.Path
    standin: pathlib.Path
    distance: pathlib.Path
    launch: pathlib.Path
    stat_times: pathlib.Path
    memory_fs: pathlib.Path


def find_programs():
    helpers = pathlib.Path(os.environ["BENCH_PROGRAMS"])
    own = {name: helpers / name for name in ("distance", "launch", "stat_times", "memory_fs")}
    return Programs(
        pathlib.Path(os.environ["GHSECRETFS"]), pathlib.Path(os.environ["GITHUB_STANDIN"]), **own
    )


def read_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split(":")[0])
    parser.add_argument("part", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer runs, and smaller")
    arguments = parser.parse_args()
    for part in arguments.part:
        if part not in PARTS:
            parser.error(f"{part} is none of {', '.join(PARTS)}")
    return arguments


def say(line):
    print(line, file=sys.stderr, flush=True)


def measure(parts, sizes, programs):
    """Runs the parts: the results, and the works that were compared, by title."""
    results = Results()
    works = {
        title: list(module.works(sizes))
        for part, (title, module) in COMPARED.items()
        if part in parts
    }
    with tempfile.TemporaryDirectory() as directory, Stage(programs, directory) as stage:
        for title, rows in works.items():
            say(f"\n{title}")
            for work in rows:
                compare(stage, work, sizes, results, say)
        for part, module in MEASURED.items():
            if part in parts:
                say(f"\n{part}")
                module.measure(stage, sizes, results, say)
    return results, works


def write_docs(results, works, sizes, text_of_machine):
    directory = DOCS / "benchmarks"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    all_works = [work for rows in works.values() for work in rows]
    drawn = [
        plots.by_round_trip(results, all_works, directory),
        plots.by_number(results, sizes, directory),
    ]
    text = Page(results, works).whole(drawn, text_of_machine)
    (DOCS / "benchmarks.md").write_text(text, encoding="utf-8")


def main():
    arguments = read_arguments()
    programs = find_programs()
    parts = arguments.part or PARTS
    if "memory" in parts and os.geteuid() != 0:
        sys.exit("scripts/bench: the program's memory is only root's to see; run it as root")
    results, works = measure(parts, QUICK if arguments.quick else FULL, programs)
    if arguments.quick or arguments.part:
        page = Page(results, works)
        print(page.targets() if not arguments.quick else "", *page.tables(), sep="\n")
    else:
        write_docs(results, works, FULL, machine.describe(programs))
        say(f"\nwritten: {DOCS / 'benchmarks.md'}")


if __name__ == "__main__":
    main()
