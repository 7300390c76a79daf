"""Two processes that are no relatives of each other, of which one gets the other's open file.

Who has another's open file, and did nothing with it, seems to hold its own: what it lets go of
is then released by the kernel without a flush that was the last.
"""

import contextlib
import socket
import subprocess
import sys

TIMEOUT = 30  # seconds; only so that what hangs fails

OPENER = """
import array, os, socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
fd = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
sys.stdin.readline()
"""
WRITER = """
import os, socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
s.recvmsg(1, socket.CMSG_SPACE(4))
fd = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
os.write(fd, sys.argv[3].encode())
os.close(fd)
print(flush=True)
sys.stdin.readline()
"""


def _start(code, connection, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(connection.fileno()), *map(str, arguments)],
        pass_fds=[connection.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@contextlib.contextmanager
def released(path, text):
    """In the block, the text was written to the file, and that released; both processes live."""
    ours, theirs = socket.socketpair()
    opener, writer = _start(OPENER, ours, path), _start(WRITER, theirs, path, text)
    try:
        assert writer.stdout.readline() == b"\n"
        yield
    finally:
        for process in (writer, opener):
            process.communicate(b"\n", timeout=TIMEOUT)
            assert process.returncode == 0
        ours.close()
        theirs.close()
