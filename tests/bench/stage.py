"""What all peers meet: the stand-in GitHub, TLS and HTTP/2 in front of it, and a distance.

    client -- distance (round trips) -- nghttpx (TLS, HTTP/2) -- stand-in
"""

import itertools
import json
import os
import pathlib
import subprocess
import time

from kit.mounting import find_children
from place import Place
from kit.standin import Standin, TlsFront

CPU_CLOCK = 2  # CPUCLOCK_SCHED: what the processors spent on a process, to the nanosecond
UNLIMITED = 1_000_000_000


def cpu_seconds(pid):
    """User and system time of a process, with all its threads."""
    return time.clock_gettime((~pid << 3) | CPU_CLOCK)


def round_trips_in_a_row(requests, round_trip_ms):
    """The longest chain of requests each of which may have waited for the one before it.

    An answer takes half a round trip to the client, and the next request half a one back.
    """
    chain, free_at = 0, 0
    for request in sorted(requests, key=lambda r: r["t_end_ms"]):
        if request["t_start_ms"] >= free_at:
            chain += 1
            free_at = request["t_end_ms"] + 0.95 * round_trip_ms
    return chain


class Distance:
    """The process that delays what goes to a port of this machine (distance.c)."""

    def __init__(self, binary, port):
        self._process = subprocess.Popen(
            [str(binary), str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = json.loads(self._process.stdout.readline())["port"]
        self.pid = self._process.pid

    def ask(self, round_trip_ms=None):
        """Connections and bytes so far; sets the round trip, if one is given."""
        line = "" if round_trip_ms is None else str(round(round_trip_ms * 1000))
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Stage:
    """All of it; a context manager."""

    def __init__(self, programs, directory):
        self.programs = programs
        self.directory = pathlib.Path(directory)
        self._numbers = itertools.count(1)
        self.standin = Standin(programs.standin, seed="none")
        self.standin.config(rate_limit_limit=UNLIMITED, rate_limit_remaining=UNLIMITED)
        tls = self.new_directory("tls")
        self._front = TlsFront(self.standin, tls)
        self._distance = Distance(programs.distance, self._front.port)
        self.ca_file = self._front.ca_file
        self.host = f"localhost:{self._distance.port}"
        self.api_url = f"https://{self.host}/api/v3"
        self.round_trip_ms = 0
        front = find_children(os.getpid(), "nghttpx")[0]
        self._servers = [self.standin.pid, front, self._distance.pid]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._distance.stop()
        self._front.stop()
        self.standin.stop()

    def new_directory(self, name):
        path = self.directory / f"{name}-{next(self._numbers)}"
        path.mkdir()
        return path

    def set_round_trip(self, milliseconds):
        self._distance.ask(milliseconds)
        self.round_trip_ms = milliseconds

    def new_place(self, work):
        """A place of its own for one measurement: what another one left does not count."""
        number = next(self._numbers)
        owner = f"bench-{number}"
        if work.organization:
            self.standin.seed(org=owner, org_secrets=work.held, every_third_selected=work.selected)
        else:
            self.standin.seed(repo=f"{owner}/web", secrets=work.held)
        place = Place(owner, None if work.organization else "web", work.count, number)
        place.write_values(self.new_directory("values"))
        return place

    def start_counting(self):
        self.standin.http("DELETE", "/_standin/journal")
        self._counted_from = self._counters()

    def counted(self):
        """What went over the wire since start_counting(), and what the servers took."""
        now = self._counters()
        requests = self.standin.journal()
        counts = {name: now[name] - self._counted_from[name] for name in now}
        return {
            **counts,
            "requests": len(requests),
            "rounds": round_trips_in_a_row(requests, self.round_trip_ms),
        }

    def _counters(self):
        counters = self._distance.ask()
        return {
            "connections": counters["connections"],
            "bytes_up": counters["up"],
            "bytes_down": counters["down"],
            "server_cpu_s": sum(map(cpu_seconds, self._servers)),
        }
