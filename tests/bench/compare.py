"""Has the peers do the same work in turn."""

from measure import run
from peers.curl import Curl
from peers.gh import Gh, GhOnTerminal
from peers.mount import Mount, NewMount

PEERS = (Mount(), NewMount(), Gh(), GhOnTerminal(), Curl())
USUAL_ROUND_TRIP_MS = 50


def measure_once(stage, work, peer):
    place = stage.new_place(work)
    with peer.session(stage, place, work) as session:
        sample, output = run(stage, getattr(peer, work.verb)(place), session)
        if session.answers:
            output += "".join(file.read_text() for file in session.answers.iterdir())
        work.check(stage, place, output)
    return sample


def compare(stage, work, sizes, results, say):
    """Peers take turns within a run, so that what disturbs the machine disturbs all."""
    peers = [peer for peer in PEERS if hasattr(peer, work.verb)]
    round_trips = sizes.round_trips_ms if work.sweep else (USUAL_ROUND_TRIP_MS,)
    for round_trip in round_trips:
        stage.set_round_trip(round_trip)
        for _ in range(sizes.slow_runs if work.slow else sizes.runs):
            for peer in peers:
                sample = measure_once(stage, work, peer)
                results.add(work.name, round_trip, peer.name, sample)
                say(f"{work.name:26} {round_trip:4} ms  {peer.name:18} {sample['wall_s']:8.3f} s")
