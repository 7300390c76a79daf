"""Memory of a mount, when idle and with much in its cache; and how often it wakes up."""

import os
import time

from measure import status_number
from peers.mount import Mount
from work import Work

SETTLING_S = 2
IDLE_S = 5
KB = 1024


def private_kb(pid):
    """What would come back if the process ended. Needs root: the program is not dumpable."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))


def wake_ups(pid):
    """How often its threads have given up a processor by themselves."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        total += status_number(f"{pid}/task/{task}", "voluntary_ctxt_switches")
    return total


def figures(pid):
    return {"resident_kb": status_number(pid, "VmRSS"), "private_kb": private_kb(pid)}


def list_all(directory):
    """As ls -l does; the kernel then has all of them, and so the program must."""
    with os.scandir(directory) as entries:
        names = [entry.name for entry in entries if entry.stat(follow_symlinks=False)]
    return names


def idle(pid):
    time.sleep(SETTLING_S)
    before = wake_ups(pid)
    time.sleep(IDLE_S)
    return {**figures(pid), "wake_ups": wake_ups(pid) - before}


def growth(pid, directories):
    """Figures with one of them listed, and what each entry of the others then took.

    The first listing also brings what is paid once: buffers, and what the heap keeps.
    """
    first = list_all(directories[0])
    after_first = figures(pid)
    names = [name for directory in directories[1:] for name in list_all(directory)]
    grown_kb = private_kb(pid) - after_first["private_kb"]
    entry_bytes = grown_kb * KB / len(names)
    name_bytes = sum(len(name) + 1 for name in names) / len(names)
    return {
        **after_first,
        "listed": len(first),
        "entry_bytes": entry_bytes,
        "beyond_name_bytes": entry_bytes - name_bytes,
    }


def measure_listings(stage, seed, directory_of, owners):
    """In a new mount, whose heap no other listing has stretched."""
    work = Work("memory", "", "list", 0, organization=True)
    place, peer = stage.new_place(work), Mount()
    with peer.session(stage, place, work) as session:
        before = idle(session.daemon)
        names = [f"{place.owner}-{n}" for n in range(owners)]
        for name in names:
            stage.standin.seed(org=name, **seed)
        return before, growth(session.daemon, [peer.root / directory_of(n) for n in names])


def measure(stage, sizes, results, say):
    stage.set_round_trip(0)
    listings = {
        "secrets": ({"org_secrets": sizes.largest}, "orgs/{}/actions/secrets".format, 10),
        "repositories": ({"repos_count": sizes.repositories}, "repos/{}".format, 5),
    }
    for _ in range(sizes.slow_runs):
        for name, listing in listings.items():
            before, after = measure_listings(stage, *listing)
            results.add("idle", 0, "ghsecretfs", before)
            results.add(name, 0, "ghsecretfs", after)
            say(f"{name:33} {after['resident_kb']} KB, {after['entry_bytes']:.0f} bytes each")
