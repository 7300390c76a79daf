"""One system call on a mount, by a process of its own, with signals of its own.

    caller.py OPERATION PATH [--catch SIGNAL]... [--ignore SIGNAL]... [--every SIGNAL MS]

Says "calling" before the call, and then "ok" or the name of its error, and how many of
the signals were caught. It calls the C library itself, because Python makes calls again that
a signal interrupted.
"""

import argparse
import ctypes
import errno
import os
import resource
import signal

libc = ctypes.CDLL(None, use_errno=True)
VALUE = b"a value of its own"

def open_file(path, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    return libc.open(os.fsencode(path), flags, 0o600)

def written(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(fd, VALUE)
    return fd

def opened(path):
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

# What is done before the call, and the call.
OPERATIONS = {
    "close": (written, libc.close),
    "fsync": (written, libc.fsync),
    "write": (opened, lambda fd: libc.write(fd, VALUE, len(VALUE))),
    "open": (str, lambda path: open_file(path, os.O_WRONLY)),
    "create": (str, open_file),
    "unlink": (str, lambda path: libc.unlink(os.fsencode(path))),
    "list": (str, lambda path: open_file(path, os.O_RDONLY | os.O_DIRECTORY)),
    "stat": (str, lambda path: libc.access(os.fsencode(path), os.F_OK)),
}

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("operation", choices=OPERATIONS)
    parser.add_argument("path")
    parser.add_argument("--catch", action="append", default=[])
    parser.add_argument("--ignore", action="append", default=[])
    parser.add_argument("--every", nargs=2, default=None)
    given = parser.parse_args()

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    caught = []
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own would raise an exception
    for name in given.catch:
        signal.signal(signal.Signals[name], lambda number, _: caught.append(number))
    for name in given.ignore:
        signal.signal(signal.Signals[name], signal.SIG_IGN)
    before, call = OPERATIONS[given.operation]
    argument = before(given.path)
    if given.every:
        assert given.every[0] == "SIGALRM"
        every = float(given.every[1]) / 1000
        signal.setitimer(signal.ITIMER_REAL, every, every)
    print("calling", flush=True)
    result = call(argument)
    error = ctypes.get_errno()
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("ok" if result >= 0 else errno.errorcode[error], len(caught), flush=True)
    # What is still open has been dealt with, as far as this test goes.
    os._exit(0)

main()
