"""The processes of test_model.py: each does the system calls that come through its socket.

    worker.py FD

is the process that makes them: whatever socket arrives through FD gets a worker.
"""

import ctypes
import errno
import fcntl
import marshal
import os
import signal
import socket
import struct
import sys

SIZE = struct.Struct("!I")
AT_FDCWD = -100

libc = ctypes.CDLL(None, use_errno=True)


def send(connection, message):
    data = marshal.dumps(message)
    connection.sendall(SIZE.pack(len(data)) + data)


def receive(connection):
    """The next message, or None at the end."""
    data = b""
    wanted = SIZE.size
    while len(data) < wanted:
        part = connection.recv(max(wanted - len(data), 4096))
        if not part:
            return None
        data += part
        if wanted == SIZE.size and len(data) >= SIZE.size:
            wanted += SIZE.unpack_from(data)[0]
    return marshal.loads(data[SIZE.size :])


class Worker:
    """Open files by number, and what is done with them: 0 or more, or -errno."""

    def __init__(self):
        self.files = {}

    def open(self, number, path, flags):
        self.files[number] = os.open(path, flags, 0o600)
        return self.files[number]

    def write(self, number, data, offset):
        return os.pwrite(self.files[number], data, offset)

    def member(self, number, data, offset, how):
        """A child writes, and ends with that status, or by that signal if it is negative."""
        child = os.fork()
        if child == 0:
            try:
                os.pwrite(self.files[number], data, offset)
            except OSError as error:
                os._exit(error.errno)
            if how < 0:
                os.kill(os.getpid(), -how)
            os._exit(how)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return 0 if status == how else -status

    def child_writes(self, number, data, offset):
        return self.member(number, data, offset, 0)

    def store(self, path, flags, data):
        fd = os.open(path, flags, 0o600)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
        return 0

    def read_file(self, path):
        with open(path, "rb") as file:
            return len(file.read())

    def read(self, number):
        return len(os.pread(self.files[number], 10, 0))

    def read_all(self, number):
        return os.pread(self.files[number], 1 << 16, 0)

    def fsync(self, number):
        os.fsync(self.files[number])
        return 0

    def truncate(self, number, length):
        os.ftruncate(self.files[number], length)
        return 0

    def close(self, number):
        os.close(self.files.pop(number))
        return 0

    def unlink(self, path):
        os.unlink(path)
        return 0

    def rename(self, path, to, flags):
        """renameat2(2)."""
        if libc.renameat2(AT_FDCWD, os.fsencode(path), AT_FDCWD, os.fsencode(to), flags) == 0:
            return 0
        return -ctypes.get_errno()

    def truncate_path(self, path, length):
        os.truncate(path, length)
        return 0

    def mkdir(self, path):
        os.mkdir(path)
        return 0

    def rmdir(self, path):
        os.rmdir(path)
        return 0

    def stat(self, path):
        return os.stat(path).st_size

    def size(self, number):
        return os.fstat(self.files[number]).st_size

    def seek_end(self, number):
        return os.lseek(self.files[number], 0, os.SEEK_END)

    def set_append(self, number, on):
        flags = fcntl.fcntl(self.files[number], fcntl.F_GETFL) & ~os.O_APPEND
        return fcntl.fcntl(self.files[number], fcntl.F_SETFL, flags | (os.O_APPEND if on else 0))

    def list(self, path):
        return sorted(os.listdir(path))

    def become(self, name):
        with open("/proc/self/comm", "w", encoding="ascii") as comm:
            return comm.write(name)

    def exit(self, status):
        os._exit(status)


def serve(connection):
    worker = Worker()
    send(connection, os.getpid())
    while (calls := receive(connection)) is not None:
        results = []
        for name, *arguments in calls:
            try:
                results.append(getattr(worker, name)(*arguments))
            except OSError as error:
                results.append(-error.errno)
            except KeyError:  # it could not be opened
                results.append(-errno.EBADF)
        send(connection, results)


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers here
    while True:
        data, fds, _, _ = socket.recv_fds(control, 1, 1)
        if not data:
            return
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(socket.socket(fileno=fds[0]))
            os._exit(0)
        os.close(fds[0])


if __name__ == "__main__":
    main()
