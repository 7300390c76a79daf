"""A process that writes after it closed: no flush comes after what it then writes.

A thread of the process is within splice(2), which has the file, when the process closes its
descriptor.
"""

import sys

CODE = """
import os, sys, threading, time
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
reader, writer = os.pipe()
thread = threading.Thread(target=os.splice, args=(reader, fd, 4096))
thread.start()
time.sleep(0.2)
os.close(fd)
os.write(writer, sys.argv[2].encode())
thread.join()
"""


def late_writer(path, text):
    """The command that writes `text` to `path` so."""
    return [sys.executable, "-I", "-c", CODE, str(path), text]
