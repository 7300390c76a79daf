"""`repositories` and `visibility` are texts, whoever writes them and in whatever pieces
(contract §4.5 to §4.9). What they mean is in test_access.py.
"""

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from access.one_secret import PAGERDUTY, SET, STORE
from kit import mounting
from kit.calls import fails, opened, put
from kit.late_writer import late_writer

LIST = "acme/infra\nacme/mobile-app\nacme/docs\n"
NAMES = ["acme/docs", "acme/infra", "acme/mobile-app"]
OLD = ["acme/api", "acme/web"]


def in_pieces(path, text, size, flags=os.O_WRONLY | os.O_TRUNC):
    with opened(path, flags) as fd:
        for at in range(0, len(text), size):
            os.write(fd, text[at : at + size])


# Where a list is cut


@pytest.mark.parametrize("size", [1, 2, 5, 13, 4096])
def test_pieces_of_a_list(access, size):
    """With 13 bytes, a piece begins with the '-' of acme/mobile-app."""
    a = access()
    text = b"# they\nacme/mobile-app\n \nacme/infra\n#-api\nacme/docs"
    in_pieces(a.path / "repositories", text, size)
    assert a.changes() == [SET]
    assert a.selected() == NAMES


@pytest.mark.parametrize("size", [1, 3, 13, 4096])
@pytest.mark.parametrize("flags", [os.O_TRUNC, os.O_APPEND, 0])
def test_pieces_of_changes(access, size, flags):
    a = access()
    in_pieces(a.path / "repositories", b"+acme/mobile-app\n-acme/api\n+docs", size,
              os.O_WRONLY | flags)
    assert sorted(a.changes()) == sorted(
        [a.one("PUT", "acme/mobile-app"), a.one("DELETE", "acme/api"), a.one("PUT", "acme/docs")]
    )
    assert a.selected() == ["acme/docs", "acme/mobile-app", "acme/web"]


def test_a_sign_is_what_a_line_begins_with(access):
    a = access()
    with opened(a.path / "repositories") as fd:
        for piece in (b"acme/mobile", b"-app\n#", b"+docs\nacme/infra\n"):
            os.write(fd, piece)
    assert a.changes() == [SET]
    assert a.selected() == ["acme/infra", "acme/mobile-app"]


def test_a_change_acts_when_its_line_is_whole(access):
    a = access()
    with opened(a.path / "repositories") as fd:
        os.write(fd, b"+acme/inf")
        assert a.changes() == []
        os.write(fd, b"ra\n-a")
        assert a.changes() == [a.one("PUT", "acme/infra")]
        os.write(fd, b"pi")
    assert a.changes() == [a.one("PUT", "acme/infra"), a.one("DELETE", "acme/api")]


def test_the_beginning_of_a_line_does_not_act_after_a_failure(access):
    a = access()
    fd = os.open(a.path / "repositories", os.O_WRONLY | os.O_TRUNC)
    with fails("ENOENT"):
        os.write(fd, b"+nowhere\n-api")
    with fails("ENOENT"):
        os.close(fd)
    assert a.changes() == []


def test_a_change_that_failed_over_the_list_is_taken_back(access):
    """Of a line that is longer than the list was, the rest did not stay."""
    a = access()
    put(a.path / "repositories", b"web\n")
    with opened(a.path / "repositories", os.O_RDWR) as fd:
        with fails("ENOENT"):
            os.write(fd, b"+acme/there-is-none\n")
        assert os.pread(fd, 100, 0) == b""
        os.write(fd, b"+docs\n")
        assert os.pread(fd, 100, 0) == b"+docs\n"
    assert a.selected() == ["acme/docs", "acme/web"]


def test_the_last_line_about_a_repository_counts(access):
    a = access()
    put(a.path / "repositories", b"+infra\n-acme/infra\n+docs\n-api\n+ACME/api\n+docs\n")
    assert sorted(a.changes()) == sorted(
        [a.one("DELETE", "acme/infra"), a.one("PUT", "acme/docs"), a.one("PUT", "acme/api")]
    )


@pytest.mark.parametrize("text", ["\ufeffacme/infra\n", "\ufeff+infra\n-web\n-api\n"])
@pytest.mark.parametrize("size", [1, 4096])
def test_a_byte_order_mark_is_dropped(access, text, size):
    a = access()
    in_pieces(a.path / "repositories", text.encode(), size)
    assert a.selected() == ["acme/infra"]
    in_pieces(a.path / "visibility", "\ufeffprivate\r\n".encode(), size)
    assert a.does("cat visibility") == "private\n"


# Where it is written


def python(a, code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=a.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "code, selected",
    [
        # One line of the list is written over.
        ("f=open('repositories','r+'); f.read(); f.seek(0); f.write('acme/web\\n')", ["web"]),
        ("f=open('repositories','r+'); f.write('acme/web\\nacme/api\\n')", ["api", "web"]),
        ("f=open('repositories','r+'); f.seek(5); f.write('web')", ["web"]),
        ("f=open('repositories','r+'); f.read(); f.write('acme/docs\\n')", ["api", "docs", "web"]),
        ("f=open('repositories','r+'); f.seek(0,2); f.write('docs\\n')", ["api", "docs", "web"]),
        ("f=open('repositories','r+'); f.truncate(9)", ["api"]),
        ("f=open('repositories','r+'); f.truncate(0); f.write('docs\\n')", ["docs"]),
        ("f=open('repositories','r+'); f.write('docs\\n'); f.truncate()", ["docs"]),
        ("f=open('repositories','r+'); f.write('+docs\\n'); f.truncate()", ["api", "docs", "web"]),
        # By its path, as the file is open.
        ("import os; f=open('repositories','r+'); f.write('acme/web\\n'); f.flush();"
         "os.truncate('repositories',0); f.seek(0); f.write('docs\\n')", ["docs"]),
        # Nothing is a list more than a text that was made empty.
        ("f=open('repositories','a+'); f.truncate(0); f.write('docs\\n')", ["docs"]),
        ("f=open('repositories','a+'); f.write('docs\\n')", ["api", "docs", "web"]),
        # As GNU make does.
        ("import fcntl,os; f=open('repositories','w'); f.write('docs\\n'); f.flush();"
         "fcntl.fcntl(f, fcntl.F_SETFL, os.O_APPEND); f.write('acme/in'); f.flush();"
         "f.write('fra\\n')", ["docs", "infra"]),
        ("import os; f=os.open('repositories',os.O_WRONLY|os.O_TRUNC);"
         "os.pwrite(f,b'docs\\n',11); os.pwrite(f,b'acme/infra\\n',0)", ["docs", "infra"]),
        ("import os; f=os.open('repositories',os.O_RDWR|os.O_TRUNC); os.write(f,b'docs\\n');"
         "assert os.pread(f,9,1)==b'ocs\\n' and os.fstat(f).st_size==5;"
         "assert os.lseek(f,0,2)==5; os.write(f,b'web\\n')", ["docs", "web"]),
    ],
)
def test_offsets_count(access, code, selected):
    a = access()
    a.text()
    python(a, code)
    assert a.selected() == sorted(f"acme/{name}" for name in selected)
    assert a.mount.errors() == []


def test_truncate_by_path_of_a_list_that_is_open_twice(access):
    a = access()
    path = a.path / "repositories"
    before = a.selected()
    with opened(path, os.O_RDWR), opened(path, os.O_RDWR), fails("EBUSY"):
        os.truncate(path, 0)
    with opened(path, os.O_RDONLY):  # reads
        os.truncate(path, 0)
        with fails("EINVAL"):
            os.truncate(path, 3)
    assert a.selected() == before


@pytest.mark.parametrize(
    "command, selected",
    [
        ("echo acme/docs | dd of=repositories conv=notrunc bs=1 seek=18 status=none",
         ["api", "docs", "web"]),
        ("printf web | dd of=repositories conv=notrunc bs=1 seek=5 status=none", ["web"]),
        ("head -c 9 repositories > {tmp}/l && cat {tmp}/l > repositories", ["api"]),
        ("head -c -4 {list} > repositories", ["d", "infra", "mobile-app"]),
        ("printf 'acme/docs\\nacme/infra\\n' | tee -a repositories", ["api", "docs", "infra", "web"]),
        ("printf '1i\\ninfra\\n.\\nw\\nq\\n' | ed -s repositories", ["api", "infra", "web"]),
        ("perl -e 'open F,\"+<repositories\"; @l=<F>; seek F,0,0; print F \"infra\\n\",$l[1];"
         " truncate F,tell F; close F or die $!'", ["infra", "web"]),
        ("exec 3<>repositories; read -r x <&3; echo acme/doc >&3; exec 3>&-", ["api", "doc"]),
        ("node -e 'fs.writeFileSync(\"repositories\",\"docs\\n\",{{flag:\"r+\"}})'",
         ["api", "docs", "web"]),  # five bytes, over "acme/"
    ],
)
def test_tools_that_write_in_place(access, tmp_path, command, selected):
    (tmp_path / "list").write_text(LIST, encoding="ascii")
    a = access()
    a.github.seed(repos=["acme/d", "acme/doc"], secrets=0)
    a.ids |= {
        f"acme/{n}": a.github.api("GET", f"/repos/acme/{n}")[2]["id"] for n in ("d", "doc")
    }
    done = a.sh(command.format(tmp=tmp_path, list=tmp_path / "list"))
    assert done.returncode == 0, done.stderr
    assert a.selected() == sorted(f"acme/{name}" for name in selected)
    assert a.mount.errors() == []


def test_a_hole_is_no_list(access):
    a = access()
    with fails("EINVAL"):
        with opened(a.path / "repositories") as fd:
            os.pwrite(fd, b"acme/docs\n", 5)
    assert a.changes() == []
    assert "line 1" in a.mount.errors()[-1] and "hole" in a.mount.errors()[-1]


# Who has it open besides


@pytest.mark.parametrize(
    "command",
    [
        "exec 3< repositories; echo acme/infra > repositories; exec 3<&-",
        "{python} -c 'r=open(\"repositories\"); w=open(\"repositories\",\"w\");"
        " w.write(\"infra\\n\"); w.close()'",
        "node -e 'const r=fs.openSync(\"repositories\",\"r\");"
        " fs.writeFileSync(\"repositories\",\"infra\\n\")'",
        "{{ echo infra > repositories; }} < repositories",
        "exec 3< repositories; cp {list} repositories",
    ],
)
def test_a_reader_beside_the_writer(access, tmp_path, command):
    (tmp_path / "list").write_text("infra\n", encoding="ascii")
    a = access()
    a.does(command.format(python=sys.executable, list=tmp_path / "list"))
    assert a.changes() == [SET]
    assert a.selected() == ["acme/infra"]


def test_two_writers_in_one_process(access):
    a = access()
    with opened(a.path / "repositories") as one:
        with opened(a.path / "repositories") as two:
            os.write(one, b"infra\n")
            os.write(two, b"docs\n")
        assert a.selected() == ["acme/docs"]
    assert a.selected() == ["acme/infra"]


# fsync


def test_fsync_applies_a_list_and_reports(access):
    a = access()
    with opened(a.path / "repositories") as fd:
        os.write(fd, b"infra\n")
        os.fsync(fd)
        assert a.changes() == [SET] and a.selected() == ["acme/infra"]
        os.write(fd, b"docs\n")
        os.fsync(fd)
        assert a.selected() == ["acme/docs", "acme/infra"]
    assert a.changes() == [SET, SET]


def test_fsync_applies_a_line_that_is_not_ended(access):
    a = access()
    with opened(a.path / "repositories") as fd:
        os.write(fd, b"+infra")
        os.fsync(fd)
        assert a.changes() == [a.one("PUT", "acme/infra")]
        os.write(fd, b"\n+docs\n")
    assert a.selected() == [*OLD[:1], "acme/docs", "acme/infra", *OLD[1:]]


def test_fsync_tells_of_no_failure_from_before_a_success(access):
    """A child that lets go of what was refused long ago is no news."""
    a = access()
    path = a.path / "repositories"
    with opened(path, os.O_WRONLY | os.O_APPEND) as fd:
        with fails("EINVAL"):
            os.write(fd, b"acme/in fra\n")
        put(path, LIST.encode())
        subprocess.run(["true"], check=True, pass_fds=[fd])
        os.ftruncate(fd, 0)
        os.fsync(fd)
    assert a.selected() == NAMES


def test_fsync_fails_until_a_change_succeeds(access):
    a = access()
    a.github.fault(method="PUT", path=PAGERDUTY, status=403)
    a.sh("echo infra > repositories")
    a.refuses("sync repositories", "Permission denied")
    a.does("echo infra > repositories; sync repositories")
    with opened(a.path / "repositories") as fd:
        os.write(fd, b"nowhere\n")
        with fails("ENOENT"):
            os.fsync(fd)
    a.does("echo +docs > repositories; sync repositories")


# Writers that fail


@pytest.mark.parametrize(
    "command",
    [
        "{python} -c 'import os,sys; f=open(\"repositories\",\"w\"); f.write(\"infra\\n\");"
        " f.flush(); os._exit(3)'",
        "{python} -c 'import os,signal; f=open(\"repositories\",\"w\"); f.write(\"infra\\n\");"
        " f.flush(); os.kill(os.getpid(),signal.SIGKILL)'",
        "bash -c 'exec > repositories; echo infra; exit 3'",
        "bash -c '(echo infra; kill -9 $BASHPID) > repositories'",
        "timeout 0.3 bash -c 'echo infra; sleep 9' > repositories",
        "bash -c 'printf infra; exit 1' >> repositories",
        "bash -c 'printf +infra; exit 1' > repositories",
    ],
)
def test_a_writer_that_fails_changes_nothing(access, command):
    a = access()
    a.sh(command.format(python=sys.executable))
    assert a.changes() == []
    assert a.selected() == OLD
    assert any("ECANCELED" in line and "/repositories" in line for line in a.mount.errors())


def test_what_has_acted_stays_when_the_writer_fails(access):
    a = access()
    a.sh("bash -c 'echo +infra; printf +docs; exit 3' > repositories")
    assert a.changes() == [a.one("PUT", "acme/infra")]


INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: None)
fd = os.open("repositories", os.O_WRONLY | os.O_TRUNC)
os.write(fd, b"infra\\n")
print(flush=True)
for _ in range(2):
    try:
        os.fsync(fd)
        print("stored")
    except OSError as error:
        print(error.errno)
"""


def test_a_change_that_was_interrupted_is_not_taken_for_done(access):
    a = access()
    a.github.fault(method="PUT", action="hang")
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], cwd=a.path, stdout=subprocess.PIPE, text=True
    ) as writer:
        writer.stdout.readline()
        a.github.wait_for(lambda _: a.changes())
        writer.send_signal(signal.SIGINT)
        said, _ = writer.communicate(timeout=20)
    assert said.split() == [str(errno.ECANCELED)] * 2
    assert a.selected() == OLD


def test_a_list_that_is_written_beside_another(access):
    """Its writer's parent has the file open too, by an opening of its own."""
    a = access()
    a.does(
        "(exec 4> repositories; sleep 0.4; echo infra >&4) & sleep 0.2;"
        " exec 3> repositories; wait; exec 3>&-"
    )
    assert a.changes() == [SET]
    assert a.selected() == ["acme/infra"]


def test_a_list_that_is_let_go_of_unseen(access):
    """Written within splice(2), after the descriptor was closed: no flush comes any more."""
    a = access()
    program = late_writer(a.path / "repositories", "infra\n")
    done = subprocess.run(program, capture_output=True, text=True, timeout=20, check=True)
    mounting.wait_until(a.mount.errors, what="the line")
    (line,) = a.mount.errors()
    assert "access/PAGERDUTY_KEY/repositories: ECANCELED" in line and "unseen" in line
    assert "repositories not stored: nothing was changed" in done.stderr
    assert a.changes() == []


# What is said


@pytest.mark.parametrize(
    "text, words",
    [
        (b"acme/infra\n\nacme/nowhere\n", ["line 3: acme/nowhere: "]),
        (b"acme/infra\na b\n", ["line 2: two entries on one line"]),
        (b"infra\n# c\n+docs\n", ["line 3: lines with and without a sign"]),
        (b"+docs\n+nowhere\n", ["line 2: acme/nowhere: "]),
        (b"web\rapi\r", ["line 1: two entries on one line"]),
        ("web\n".encode("utf-16"), ["line 1: a NUL byte"]),
    ],
)
def test_errors_name_the_file_and_the_line(access, text, words):
    a = access()
    with fails("ENOENT", "EINVAL"):
        put(a.path / "repositories", text)
    (line,) = set(a.mount.errors())
    assert "access/PAGERDUTY_KEY/repositories: " in line
    for word in words:
        assert word in line
    assert a.changes() == []


def test_lines_of_several_writes_are_counted(access):
    a = access()
    with opened(a.path / "repositories") as fd:
        os.write(fd, b"+docs\n\n#\n")
        with fails("ENOENT"):
            os.write(fd, b"-api\n+nowhere\n")
    assert "line 5: acme/nowhere" in a.mount.errors()[-1]


def test_the_writer_is_told_of_the_file(access):
    a = access()
    done = a.sh("echo nowhere > repositories")
    assert done.stderr.startswith("ghsecretfs: repositories not stored: line 1: acme/nowhere: ")


def test_fsync_tells_of_a_change_whose_writer_was_killed(access):
    """What was sent may be applied all the same."""
    a = access()
    a.github.fault(method="PUT", path=PAGERDUTY, action="hang")
    writer = subprocess.Popen(["bash", "-c", "echo infra > repositories"], cwd=a.path)
    a.github.wait_for(lambda requests: any(r["method"] == "PUT" for r in requests))
    writer.kill()
    writer.wait(10)
    a.refuses("sync repositories", "Operation canceled")
    a.github.clear_faults()
    a.does("echo docs > repositories; sync repositories")
    assert a.selected() == ["acme/docs"]


# Words


@pytest.mark.parametrize(
    "command",
    [
        "{ printf a; printf 'll\\n'; } > visibility",
        "printf all > visibility",
        "{ printf a; printf ll; } > visibility",
        "printf '  all \\t\\r\\n\\n' > visibility",
        "echo all >> visibility",
        "echo all 1<> visibility",
        "echo all | dd of=visibility conv=notrunc bs=1 status=none",
        "node -e 'fs.writeFileSync(\"visibility\",\"all\\n\",{flag:\"r+\"})'",
        "python3 -c 'f=open(\"visibility\",\"r+\");f.read();f.seek(0);f.write(\"all\");f.truncate()'",
        "echo private > visibility; echo all > visibility",
        "exec 3> visibility; echo private >&3; echo all >&3",
        "exec 3< visibility; printf all > visibility",
    ],
)
def test_words_in_pieces(access, command):
    a = access()
    a.does(command)
    assert a.does("cat visibility") == "all\n"
    assert a.changes() == [] and a.mount.errors() == []


@pytest.mark.parametrize(
    "command",
    [
        "printf al > visibility",
        "printf allx > visibility",
        "{ printf all; printf 'x\\n'; } > visibility",
        "{ printf all; printf ' private\\n'; } > visibility",
        "{ printf x; printf 'all\\n'; } > visibility",
        "printf 'all\\nprivate\\n' | cat > visibility",
        "printf 'all\\0\\n' > visibility",
        "bash -c 'printf all; exit 3' > visibility",
    ],
)
def test_words_that_are_none(access, command):
    a = access()
    a.sh(command)
    assert a.does("cat visibility") == "selected\n"
    assert "access/PAGERDUTY_KEY/visibility: " in a.mount.errors()[-1]


def test_printf_sees_a_word_that_is_none(access):
    a = access()
    assert a.sh("printf bogus > visibility").returncode == 1
    a.refuses("cat <(printf al) > visibility", "Invalid argument")


def test_a_word_after_a_wrong_one(access):
    a = access()
    done = a.sh("exec 3> visibility; echo bogus >&3; echo all >&3")
    assert "Invalid argument" in done.stderr
    assert a.does("cat visibility") == "all\n"


# Beside a value


def test_a_list_waits_for_the_value(access):
    """Its PUT says who may use it, as it was read before."""
    a = access()
    a.github.fault(method="PUT", path=f"/{STORE}/secrets/PAGERDUTY_KEY", action="delay", ms=700)
    writer = subprocess.Popen(["bash", "-c", "echo new > PAGERDUTY_KEY"], cwd=a.secret.parent)
    a.github.wait_for(lambda requests: any(r["method"] == "PUT" for r in requests))
    a.does("echo infra > repositories; sync repositories")
    assert writer.wait(60) == 0
    assert a.selected() == ["acme/infra"]


def test_a_change_under_way_is_finished_at_the_end(access):
    a = access()
    a.github.fault(method="PUT", path=PAGERDUTY, action="delay", ms=700)
    writer = subprocess.Popen(["bash", "-c", "echo infra > repositories"], cwd=a.path)
    a.github.wait_for(lambda requests: any(r["method"] == "PUT" for r in requests))
    a.mount.signal(signal.SIGTERM)
    assert a.mount.wait_for_end() == 0
    assert writer.wait(10) == 0
    assert a.selected() == ["acme/infra"]


# Long lists


class Latency:
    """How long others wait meanwhile, in seconds."""

    def __init__(self, m):
        self._paths = [m.path / STORE / "access/PAGERDUTY_KEY/visibility", m.path / STORE]
        self._secret = m.path / "repos/acme/web/actions/secrets/NPM_TOKEN"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.longest = 0

    def _run(self):
        while not self._stop.wait(0.01):
            start = time.monotonic()
            for path in self._paths:
                os.stat(path)
            put(self._secret, b"v")
            self.longest = max(self.longest, time.monotonic() - start)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda n: f"{900000000 + n}\n", "ENOENT"),
        (lambda n: f"acme/unknown-{n}\n", "ENOENT"),
        (lambda n: f"elsewhere/unknown-{n}\n", "ENOENT"),
        (lambda n: f"+{900000000 + n}\n", "ENOENT"),
    ],
)
@pytest.mark.parametrize("count", [90, 5000, 19000])
def test_many_unknown_names_delay_nobody(access, make, error, count):
    a = access(timeout=20)
    a.github.config(rate_limit=False)
    put(a.mount.path / "repos/acme/web/actions/secrets/NPM_TOKEN", b"v")
    text = "".join(make(n) for n in range(count)).encode()
    with Latency(a.mount) as latency:
        time.sleep(0.2)
        start = time.monotonic()
        with fails(error):
            put(a.path / "repositories", text)
        took = time.monotonic() - start
    assert took < 5
    assert latency.longest < 1
    assert not a.github.requests("PUT", "*repositories*")
    assert len(a.lookups()) < 200


@pytest.mark.parametrize("line, count", [("1\n", 40000), ("acme/x\n", 40000), ("x" * 90 + "\n", 30000)])
def test_too_long_a_list(access, line, count):
    a = access()
    with Latency(a.mount) as latency:
        with fails("EFBIG"):
            put(a.path / "repositories", (line * count).encode())
    assert latency.longest < 1
    assert not a.github.requests("PUT", "*repositories*")


def test_thousands_of_numbers(access):
    """And they are found by pages of the organization's repositories."""
    a = access(timeout=30)
    a.github.config(rate_limit=False)
    a.github.seed(org="big", repos_count=2500)
    a.github.seed(org="big", org_secret="T", visibility="selected")
    numbers = []
    for page in range(1, 26):
        rows = a.github.api("GET", f"/orgs/big/repos?per_page=100&page={page}")[2]
        numbers += [row["id"] for row in rows]
    directory = a.mount.path / "orgs/big/actions/access/T"
    a.github.clear_journal()
    put(directory / "repositories", "".join(f"{n}\n" for n in reversed(numbers)).encode())
    assert a.lookups() == []
    assert len((directory / "repositories").read_text(encoding="ascii").split()) == 2500


def test_killed_readers_leave_nothing(access):
    a = access(timeout=30)
    a.text()

    def held():
        return len(os.listdir(f"/proc/{a.mount.pid}/fd"))

    before = held()
    a.github.fault(method="GET", path=PAGERDUTY, action="hang", count=-1)
    for mode in ("<", "<>"):
        for _ in range(5):
            reader = subprocess.Popen(
                ["bash", "-c", f"exec 3{mode} repositories"],
                cwd=a.path, stderr=subprocess.PIPE,
            )
            time.sleep(0.1)
            reader.kill()
            reader.communicate(timeout=5)
    deadline = time.monotonic() + 5
    while held() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held() <= before
