"""System calls on a mount, and what they are to fail with."""

import contextlib
import errno
import os

import pytest


@contextlib.contextmanager
def fails(*names):
    """The block fails with one of these errors: fails("EACCES")."""
    with pytest.raises(OSError) as caught:
        yield caught
    expected = [getattr(errno, name) for name in names]
    assert caught.value.errno in expected, f"not {' or '.join(names)}: {caught.value}"


@contextlib.contextmanager
def opened(path, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o600):
    """A descriptor; an error of its close is the block's."""
    fd = os.open(path, flags, mode)
    try:
        yield fd
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(fd)
        raise
    os.close(fd)


def put(path, value, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    """Writes a file as cp does, and fails where it would."""
    with opened(path, flags) as fd:
        at = 0
        while at < len(value):
            at += os.write(fd, value[at:])


def exists(path):
    """stat, without taking any other error for an absence."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    return True
