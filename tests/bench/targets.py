"""What the benchmark is to show, a row each: a figure of the mount's, and the most it may be."""

from collections.abc import Callable
from dataclasses import dataclass

import units
from compare import USUAL_ROUND_TRIP_MS

OURS = "ghsecretfs"


@dataclass(frozen=True)
class Target:
    title: str
    wanted: str
    work: str
    limit: Callable  # of the results; None when something was not measured
    field: str = "wall_s"
    write: Callable = units.seconds
    round_trip_ms: int = USUAL_ROUND_TRIP_MS

    def measured(self, results):
        return results.median(self.work, self.round_trip_ms, OURS, self.field)

    @property
    def is_time_of_a_command(self):
        return self.field == "wall_s" and self.round_trip_ms > 0


def most(value):
    return lambda _results: value


def _share(work, peer, factor, field="wall_s"):
    def limit(results):
        value = results.median(work, USUAL_ROUND_TRIP_MS, peer, field)
        return None if value is None else value * factor

    return limit


def round_trips(work, title, count, spare_s):
    wanted = f"{count} round trip{'s' if count > 1 else ''} + {spare_s * 1000:g} ms"
    limit_s = count * USUAL_ROUND_TRIP_MS / 1000 + spare_s
    return Target(title, wanted, work, most(limit_s))


def within(work, title, limit_s):
    return Target(title, f"{limit_s:g} s", work, most(limit_s))


def faster_than_gh(work, title, times):
    return Target(title, f"{times} x as fast as `gh`", work, _share(work, "gh", 1 / times))


def near(work, title, peer, times, field="wall_s"):
    wanted = f"within {times} x of {peer}"
    return Target(title, wanted, work, _share(work, peer, times, field), field)


def no_requests(work, title):
    return Target(title, "no requests", work, most(0), "requests", units.count)


def memory(work, title, field, limit, write):
    return Target(title, write(limit), work, most(limit), field, write, 0)


TARGETS = (
    round_trips("list-100", "list 100", 1, 0.010),
    round_trips("list-1000", "list 1,000", 2, 0.010),
    round_trips("list-selected", "list 1,000, a third `selected`", 2, 0.010),
    faster_than_gh("list-1000", "list 1,000", 6),
    round_trips("write-1", "write 1, key known", 1, 0.003),
    round_trips("write-1-key", "write 1, key not known", 2, 0.003),
    faster_than_gh("write-1", "write 1, key known", 4),
    within("write-loop", "write 100 in a shell loop", 5.2),
    faster_than_gh("write-loop", "write 100 in a shell loop", 5),
    round_trips("write-parallel", "write 100 new ones with `xargs -P 16 cp`", 10, 0.2),
    round_trips("write-parallel-over", "write over 100 with `xargs -P 16 cp`", 10, 0.2),
    Target(
        "write 100 with `.env`", "3 round trips in a row", "dotenv", most(3), "rounds", units.count
    ),
    faster_than_gh("dotenv", "write 100 with `.env`", 2),
    near("dotenv", "write 100 with `.env`", "curl", 1.2),
    within("remove", "remove 100 with one `rm`", 5.2),
    Target(
        "remove 100 with `xargs -P 16 rm`",
        "as fast as one `rm`, but for 5 %",
        "remove-parallel",
        _share("remove", OURS, 1.05),
    ),
    no_requests("cached-ls", "cached `ls -l` of 1,000"),
    near("cached-ls", "cached `ls -l` of 1,000", "memory_fs", 1.5),
    no_requests("stat-cached", "cached `stat`"),
    near("stat-cached", "cached `stat`, median", "memory_fs", 1.5, "median_s"),
    near("stat-asked", "`stat` that the program must answer, median", "memory_fs", 1.5, "median_s"),
    Target(
        "cached `stat` with 64 requests hanging, 99th percentile",
        "under 1 ms",
        "stat-cached-hanging",
        most(0.001),
        "p99_s",
    ),
    Target(
        "the same, the program must answer",
        "under 1 ms",
        "stat-asked-hanging",
        most(0.001),
        "p99_s",
    ),
    memory("idle", "resident when idle", "resident_kb", 14 * 1024, units.kilobytes),
    memory("idle", "of that private", "private_kb", 5 * 1024, units.kilobytes),
    memory("idle", "wake-ups in 5 idle seconds", "wake_ups", 0, units.count),
    memory(
        "secrets", "a cached secret beyond its name", "beyond_name_bytes", 256, units.bytes_each
    ),
    memory(
        "repositories",
        "a cached repository beyond its name",
        "beyond_name_bytes",
        256,
        units.bytes_each,
    ),
)
