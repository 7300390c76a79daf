"""What a test needs of the machine, and what happens where the machine lacks it."""

import os
import shutil

import pytest


def skip_unless(available, reason):
    """Skips in sight; where CI is set, nothing may be skipped for want of a tool."""
    if available:
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def need_tools(*names):
    """For tests that drive real tools, which a machine may lack."""
    for name in names:
        skip_unless(shutil.which(name), f"{name} is not installed")
