"""docs/benchmarks.md, from the results."""

import textwrap

import units
from compare import USUAL_ROUND_TRIP_MS
from targets import OURS, TARGETS
from work.mounting import way_s

WIDTH = 96  # of lines of prose

INTRODUCTION = """\
# Benchmarks

Written by `scripts/bench`, from one run of it. A round trip is {round_trip} ms unless a table
says otherwise; times are medians.
"""

MODEL = """\
## How it is measured

    client -- distance -- nghttpx (TLS 1.3, HTTP/2) -- stand-in for GitHub

All of it is on one machine, and all peers go the same way. `tests/bench/distance.c` forwards
connections and holds every byte back for half a round trip in each direction, and the first bytes
of a client for one round trip more, since a handshake of TCP takes one and the kernel's own, on
loopback, takes none. TLS then takes another by itself. So a request is one round trip, a new
connection two more, and whatever else waits for an answer (HTTP/2's flow control, say) pays as it
would over a long line. Bandwidth is not limited, and the server answers at once, without GitHub's
limits on how much may be asked of it. What the processes in between take is in all figures: curl
asks 100 times in a row to show it.

- Each measurement has an organization or a repository of its own, and what was written is compared
  with what the stand-in unsealed. Peers take turns within a run.
- *ghsecretfs*: the mount is there, its connection is up, and the directory has been walked to;
  the listing and the key are held only where the work says so. The commands are coreutils'.
- *gh*: a process a command, so a connection a command; its output is a pipe.
- *curl*: one process that is given the sealed values and the names. With HTTP/2 it sends all
  requests at once, or, where the work is a loop, one after the other over one connection. It pays
  for its connection too. It is the limit for what starts without one.
- All trust one certificate instead of a system's 140, which spares gh and curl some 30 ms a
  process.
- Requests are those that the stand-in saw, *in a row* the longest chain of them in which each may
  have waited for the one before; connections and bytes are what passed the distance, with TLS.
- CPU is user and system time: the commands', and with ghsecretfs the daemon's, which the next
  column has alone. Memory is the most that was resident, of the largest process.
"""

RUNNING = """\
## To run it

    scripts/bench                  # all, some fifteen minutes; writes this page
    scripts/bench list --quick     # one part, fewer runs and smaller: prints its tables

As root, or with sudo: the program's memory is nobody else's to see. The parts are `mount`, `list`,
`write`, `remove`, `cache` and `memory`. `GHSECRETFS=FILE` measures another build.
"""

COMPARISON = (
    "work|by|time:|least – most:|x gh:|x curl:|requests:|in a row:|connections:"
    "|KB sent:|KB received:|CPU:|daemon:|memory:"
)

CACHE_TEXT = """\
## Cached

`memory_fs` is `tests/bench/memory_fs.c`: it answers every request at once and leaves out what it
can. `tmpfs` is the kernel alone. `asked` is a stat that the kernel may not answer by itself. Who
asks and who answers share a processor, but for the rows with 64 uploads.

"""

CACHED = (
    ("cached-ls", "`ls -l` of all", "wall_s"),
    ("stat-cached", "`stat`", "median_s"),
    ("stat-asked", "`stat`, asked", "median_s"),
    ("stat-cached-hanging", "`stat` while 64 uploads hang in the directory", "median_s"),
    ("stat-asked-hanging", "`stat`, asked, while they hang", "median_s"),
)

MEMORY_TEXT = """\
## Memory

Private is what would come back if the process ended. What an entry takes is measured from the
second listing on, since the first one also brings what is paid once.

"""

MEMORY = (
    ("idle", "idle, the connection up"),
    ("secrets", "after `ls -l` of {:,} secrets"),
    ("repositories", "after `ls -l` of {:,} repositories"),
)


def table(columns, rows):
    """Text columns to the left, the rest, marked with a colon, to the right."""
    heads = [column.rstrip(":") for column in columns]
    lines = ["--:" if column.endswith(":") else "---" for column in columns]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in (heads, lines, *rows))


class Page:
    def __init__(self, results, works):
        self._results = results
        self._works = works  # those that were measured, by part

    def whole(self, plots, machine):
        parts = [
            INTRODUCTION.format(round_trip=USUAL_ROUND_TRIP_MS),
            self.targets(),
            MODEL,
            *self.tables(),
            *plots,
            RUNNING,
            machine,
        ]
        return "\n".join(parts)

    # Targets

    def targets(self):
        rows, misses = [], []
        for target in TARGETS:
            limit, measured = target.limit(self._results), target.measured(self._results)
            if limit is None or measured is None:
                continue
            verdict = "met"
            if measured > limit:
                verdict = f"**missed** by {target.write(measured - limit)}"
                if target.is_time_of_a_command:
                    line = f"- {target.title} ({target.wanted}): {self.account(target)}"
                    misses.append(textwrap.fill(line, WIDTH, subsequent_indent="  ") + "\n")
            rows.append(
                (target.title, target.wanted, target.write(limit), target.write(measured), verdict)
            )
        text = "## Targets\n\n" + table(["work", "target", "at most:", "measured:", ""], rows)
        if misses:
            text += "\nWhere the time went of what was missed:\n\n" + "".join(misses)
        return text

    def account(self, target):
        """Where the time of a command went."""

        def median(field):
            return self._results.median(target.work, target.round_trip_ms, OURS, field)

        rounds = median("rounds")
        waiting = rounds * target.round_trip_ms / 1000
        rest = median("wall_s") - waiting
        way = way_s(self._results, target.round_trip_ms)
        text = (
            f"{rounds:g} x {target.round_trip_ms} ms are {units.seconds(waiting)}; in the other "
            f"{units.seconds(rest)} the commands ran for {units.seconds(median('client_cpu_s'))}, "
            f"the daemon for {units.seconds(median('daemon_cpu_s'))}, the servers for "
            f"{units.seconds(median('server_cpu_s'))}"
        )
        return text + (f"; the bare way takes {units.seconds(rounds * way)}." if way else ".")

    # Tables

    def tables(self):
        for title, works in self._works.items():
            if works:
                yield f"## {title}\n\n" + self._comparison(works)
        yield from filter(None, (self._latency(), self._cached(), self._memory()))

    def _comparison(self, works):
        rows = []
        for work in works:
            title = work.title
            for peer in self._results.peers(work.name, USUAL_ROUND_TRIP_MS):
                rows.append((title, peer, *self._figures(work.name, peer)))
                title = ""
        return table(COMPARISON.split("|"), rows)

    def _figures(self, work, peer):
        def median(field):
            return self._results.median(work, USUAL_ROUND_TRIP_MS, peer, field)

        values = self._results.values(work, USUAL_ROUND_TRIP_MS, peer)
        daemon = median("daemon_cpu_s")
        return (
            units.seconds(median("wall_s")),
            f"{units.seconds(min(values))} – {units.seconds(max(values))}",
            *(self._times(work, peer, other) for other in ("gh", "curl")),
            *(units.count(median(field)) for field in ("requests", "rounds", "connections")),
            *(units.kilobytes_of_bytes(median(field)) for field in ("bytes_up", "bytes_down")),
            units.seconds(median("client_cpu_s") + daemon),
            units.seconds(daemon) if daemon else "",
            units.kilobytes(median("resident_kb")),
        )

    def _times(self, work, peer, other):
        """How many times as fast as the other."""
        ours = self._results.median(work, USUAL_ROUND_TRIP_MS, peer)
        theirs = self._results.median(work, USUAL_ROUND_TRIP_MS, other)
        return "" if theirs is None or peer == other else units.three_digits(theirs / ours)

    def _latency(self):
        swept = [w for works in self._works.values() for w in works if w.sweep]
        round_trips = sorted({r for w in swept for r in self._results.round_trips(w.name)})
        if len(round_trips) < 2:
            return ""
        rows = []
        for work in swept:
            title = work.title
            for peer in self._results.peers(work.name, USUAL_ROUND_TRIP_MS):
                times = [self._results.median(work.name, r, peer) for r in round_trips]
                rows.append((title, peer, *map(units.seconds, times)))
                title = ""
        columns = ["work", "by", *(f"{r} ms:" for r in round_trips)]
        return "## By the length of a round trip\n\n" + table(columns, rows)

    def _cached(self):
        rows = []
        for name, title, field in CACHED:
            for peer in self._results.peers(name, USUAL_ROUND_TRIP_MS):
                values = [
                    self._results.median(name, USUAL_ROUND_TRIP_MS, peer, f)
                    for f in (field, "p99_s")
                ]
                times = (units.seconds(v) if v is not None else "" for v in values)
                requests = self._results.median(name, USUAL_ROUND_TRIP_MS, peer, "requests")
                rows.append((title, peer, *times, units.count(requests)))
                title = ""
        columns = ["work", "by", "median:", "99th percentile:", "requests:"]
        return CACHE_TEXT + table(columns, rows) if rows else ""

    def _memory(self):
        rows = []
        for name, title in MEMORY:
            values = [
                self._results.median(name, 0, OURS, field)
                for field in ("resident_kb", "private_kb", "entry_bytes", "beyond_name_bytes")
            ]
            if values[0] is None:
                continue
            listed = self._results.median(name, 0, OURS, "listed")
            each = ("" if value is None else units.bytes_each(value) for value in values[2:])
            rows.append((title.format(listed), *map(units.kilobytes, values[:2]), *each))
        columns = ["", "resident:", "private:", "an entry:", "beyond its name:"]
        return MEMORY_TEXT + table(columns, rows) if rows else ""
