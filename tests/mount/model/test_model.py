"""Random operations by several processes, held to a model of the contract (model.py).

GHSECRETFS_MODEL_SECONDS       how long, 60 unless told
GHSECRETFS_MODEL_OPERATIONS    how many operations, in place of a time
GHSECRETFS_MODEL_SEED          the seed of a run that failed, to see it again
"""

import os
import random
import time

import pytest

from kit import mounting
from model.figures import Figures
from model.model import Model, prepare

SECONDS = 60
# Of the mount's operations: what an outage takes, and far more than everything else does, also
# where other tests keep the processors busy. What is not answered in time may be ETIMEDOUT
# (contract §5.3); the model allows that for outages alone, so that no success is taken for one.
TIMEOUT = 4
CACHE_TTL = 10  # as users have it


def number(name):
    text = os.environ.get(name)
    return int(text) if text else None


@pytest.mark.undescribed("a run has more requests than can be looked at one by one")
def test_random_operations(mount, github, has_sanitizers, monkeypatch):
    operations = number("GHSECRETFS_MODEL_OPERATIONS")
    seconds = number("GHSECRETFS_MODEL_SECONDS") or (None if operations else SECONDS)
    seed = number("GHSECRETFS_MODEL_SEED")
    if seed is None:
        seed = random.SystemRandom().randrange(1 << 32)
    longest = seconds or operations / 20
    monkeypatch.setattr(mounting, "WATCHDOG_TIMEOUT", longest + 300)
    prepare(github)
    # A sanitizer keeps freed memory for a while, which would look like growth.
    asan = os.environ.get("ASAN_OPTIONS", "")
    environment = {"ASAN_OPTIONS": f"{asan}:quarantine_size_mb=1"} if has_sanitizers else {}
    m = mount(timeout=TIMEOUT, cache_ttl=CACHE_TTL, environment=environment)
    figures = Figures(m, has_sanitizers)
    locked = m.status()["locked memory"]
    run = Model(m.path, m.pid, github.port, seed)
    began = time.monotonic()
    try:
        run.run(seconds, operations, figures.take)
    except BaseException:
        print(run.report())
        print("\n".join(m.errors()) if m.process.poll() is None else "it has ended")
        print(f"GHSECRETFS_MODEL_SEED={seed} shows it again, at operation {run.operations}")
        raise
    finally:
        run.close()
    took = time.monotonic() - began
    print(f"\n{run.operations} operations in {took:.0f} s: {run.operations / took:.0f} a second")
    print(", ".join(f"{count} {kind}" for kind, count in run.kinds.most_common()))
    print(f"seed {seed}; {figures}")
    status = m.status()
    assert "0 in flight, 0 queued" in status["requests"]
    assert status["locked memory"] == locked, "values are kept that nobody has open"
    assert not figures.growth()
