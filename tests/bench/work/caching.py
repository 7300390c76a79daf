"""What is cached, against file systems that have it all in memory.

`asked` is a stat that the kernel may not answer by itself, so that the program must.
"""

import concurrent.futures
import contextlib
import json
import os
import subprocess
import tempfile
from shlex import quote

from kit import mounting
import units
from compare import USUAL_ROUND_TRIP_MS
from measure import run
from peers import Session
from peers.mount import Mount
from work import Work

LISTINGS = 10  # a run
STATS = {"cached": 100_000, "asked": 10_000}
HANGING = 64
TRUSTED_S = 10  # how long memory_fs lets the kernel keep names, as a mount does by default


@contextlib.contextmanager
def memory_fs(stage, count):
    """A mount of our own minimal file system: (directory, session)."""
    directory = stage.new_directory("memory")
    command = [stage.programs.memory_fs, str(count), str(TRUSTED_S), directory]
    process = subprocess.Popen(command)
    try:
        mounting.wait_until(lambda: mounting.is_mounted(directory), what="memory_fs")
        yield directory, Session(mounting.environment(stage.directory), process.pid)
    finally:
        mounting.unmount(directory)
        process.wait()


@contextlib.contextmanager
def tmpfs(stage, names):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        for name in names:
            os.close(os.open(os.path.join(directory, name), os.O_CREAT | os.O_WRONLY, 0o200))
        yield directory, Session(mounting.environment(stage.directory))


@contextlib.contextmanager
def held_mount(stage, work):
    """A mount that has listed an organization's secrets."""
    place, peer = stage.new_place(work), Mount()
    with peer.session(stage, place, work) as session:
        yield peer.directory(place), session


def measure_listing(stage, directory, session):
    return run(stage, f"ls -l {quote(str(directory))}", session)[0]


@contextlib.contextmanager
def one_processor(session):
    """A stat is asked and answered there, so that no idle processor has to be woken for it."""
    processes = [0] if session.daemon is None else [0, session.daemon]
    allowed = os.sched_getaffinity(0)
    for process in processes:
        os.sched_setaffinity(process, {min(allowed)})
    try:
        yield
    finally:
        for process in processes:
            os.sched_setaffinity(process, allowed)


def measure_stat(stage, directory, session, how):
    os.listdir(directory)
    words = [stage.programs.stat_times, str(STATS[how]), how, str(directory)]
    sample, output = run(stage, " ".join(map(quote, map(str, words))), session)
    figures = json.loads(output)
    sample.update({f"{name}_s": figures[name] / 1e9 for name in figures})
    return sample


@contextlib.contextmanager
def hanging_writes(stage, directory):
    """So many uploads of secrets in that directory that no answer comes for."""

    def write(name):
        with open(directory / name, "wb", buffering=0) as file:
            file.write(b"value")

    names = sorted(os.listdir(directory))[:HANGING]
    stage.start_counting()
    stage.standin.fault(method="PUT", action="hang", count=-1)
    with concurrent.futures.ThreadPoolExecutor(HANGING) as pool:
        writes = [pool.submit(write, name) for name in names]
        try:
            stage.standin.wait_for(
                lambda requests: sum(r["method"] == "PUT" for r in requests) == HANGING
            )
            yield
        finally:
            stage.standin.clear_faults()
    for done in writes:
        done.result()


def measure(stage, sizes, results, say):
    stage.set_round_trip(USUAL_ROUND_TRIP_MS)
    count = sizes.largest
    held = Work("held", "", "list", count, held=count, organization=True, warm=True)

    def add(name, peer, sample, figure):
        results.add(name, USUAL_ROUND_TRIP_MS, peer, sample)
        say(f"{name:33} {peer:18} {units.seconds(sample[figure])}")

    for _ in range(sizes.runs):
        with (
            held_mount(stage, held) as ours,
            memory_fs(stage, count) as memory,
            tmpfs(stage, (f"ORG_SECRET_{n:04}" for n in range(1, count + 1))) as kernel,
        ):
            all_of_them = {"ghsecretfs": ours, "memory_fs": memory, "tmpfs": kernel}
            for _ in range(LISTINGS):
                for peer, (directory, session) in all_of_them.items():
                    sample = measure_listing(stage, directory, session)
                    add("cached-ls", peer, sample, "wall_s")
            for how in STATS:
                for peer, (directory, session) in all_of_them.items():
                    with one_processor(session):
                        sample = measure_stat(stage, directory, session, how)
                    add(f"stat-{how}", peer, sample, "median_s")
            directory, session = ours
            with hanging_writes(stage, directory):
                for how in STATS:
                    sample = measure_stat(stage, directory, session, how)
                    add(f"stat-{how}-hanging", "ghsecretfs", sample, "p99_s")
