"""What was measured: samples by work, round trip and peer."""

import statistics
from collections import defaultdict


class Results:
    def __init__(self):
        self._samples = defaultdict(list)

    def add(self, work, round_trip_ms, peer, sample):
        self._samples[work, round_trip_ms, peer].append(sample)

    def samples(self, work, round_trip_ms, peer):
        return self._samples.get((work, round_trip_ms, peer), [])

    def peers(self, work, round_trip_ms):
        """In the order in which they were measured."""
        return [p for w, r, p in self._samples if (w, r) == (work, round_trip_ms)]

    def round_trips(self, work):
        return sorted({r for w, r, _ in self._samples if w == work})

    def values(self, work, round_trip_ms, peer, field="wall_s"):
        return [s[field] for s in self.samples(work, round_trip_ms, peer) if field in s]

    def median(self, work, round_trip_ms, peer, field="wall_s"):
        """None when it was not measured."""
        values = self.values(work, round_trip_ms, peer, field)
        return statistics.median(values) if values else None
