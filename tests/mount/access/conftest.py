"""What both tests of the files in access/NAME use."""

import os

import pytest

from access.one_secret import STORE, Access


@pytest.fixture
def access(mount):
    """access(name, cold=…, **options): a mount, and the access of that secret there."""

    def start(name="PAGERDUTY_KEY", cold=False, **options):
        m = mount(**options)
        if not cold:
            os.listdir(m.path / STORE / "secrets")
        return Access(m, name)

    return start
