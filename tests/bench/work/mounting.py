"""Mounting: from the command to a mount that answers, the token checked.

And what the way to the server takes by itself, which is in every other figure.
"""

from work import Work


ASKED = 100


def works(_sizes):
    yield Work("mount", "mount; the peers ask who they are", "reach", sweep=True)
    yield Work("ask", f"ask {ASKED} times, one after the other", "ask", ASKED)


def way_s(results, round_trip_ms):
    """What a request takes beyond its round trip, over a connection that is up."""
    once = results.median("mount", round_trip_ms, "curl")
    all_of_them = results.median("ask", round_trip_ms, "curl")
    if once is None or all_of_them is None:
        return None
    return (all_of_them - once) / (ASKED - 1) - round_trip_ms / 1000
