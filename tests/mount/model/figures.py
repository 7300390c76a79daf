"""What the mount takes while the model works: no figure may grow."""

import collections
import os

# What a figure may be more than it was, for what has been in use once: how many requests are
# under way at once is a matter of luck, and so is what an allocator keeps.
MORE = {"descriptors": 4, "nodes": 32, "locked bytes": 0, "resident KiB": 6 * 1024}
WITH_SANITIZERS = {"resident KiB": 64 * 1024}


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Figures:
    """Of one mount, one after another."""

    def __init__(self, mount, has_sanitizers):
        self.mount = mount
        self.most = {**MORE, **(WITH_SANITIZERS if has_sanitizers else {})}
        self.seen = collections.defaultdict(list)

    def take(self):
        status = self.mount.status()
        self.seen["descriptors"].append(len(os.listdir(f"/proc/{self.mount.pid}/fd")))
        self.seen["nodes"].append(int(status["cache"].split()[0]))
        self.seen["locked bytes"].append(int(status["locked memory"].split()[0]))
        self.seen["resident KiB"].append(resident_kib(self.mount.pid))

    def growth(self):
        """[(figure, what was seen)] of those that grow.

        Files that are open come and go, so the least of the last quarter is compared with the
        most of the first half; the first comparisons come before everything was in use once.
        """
        return [
            (name, seen)
            for name, seen in self.seen.items()
            if min(seen[-len(seen) // 4 :]) > max(seen[: len(seen) // 2 + 1]) + self.most[name]
        ]

    def __str__(self):
        return "; ".join(
            f"{name}: {seen[0]} at first, {min(seen)} to {max(seen)}, {seen[-1]} at the end"
            for name, seen in self.seen.items()
        )
