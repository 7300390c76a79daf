"""Runs one command and says what it took. A sample is a dictionary of numbers."""

import json
import subprocess

from stage import cpu_seconds

COMMAND_TIMEOUT = 600  # seconds; no measured command is near it, unless it hangs


class CommandFailed(Exception):
    """A peer did not do its work, so there is nothing to be measured."""


def status_number(pid, field):
    """From /proc/PID/status: VmRSS is the memory now, VmHWM the highest so far, in KB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field + ":"))


def run(stage, line, session):
    """Runs a shell line as a peer's session has it: (sample, what it printed)."""
    report = stage.directory / "launch"
    daemon = session.daemon
    stage.start_counting()
    daemon_cpu = cpu_seconds(daemon) if daemon else 0
    done = subprocess.run(
        [stage.programs.launch, report, "sh", "-c", line],
        env=session.env,
        cwd=stage.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=COMMAND_TIMEOUT,
        check=True,
    )
    daemon_cpu = cpu_seconds(daemon) - daemon_cpu if daemon else 0
    took = json.loads(report.read_text(encoding="ascii"))
    if took["status"] != 0:
        raise CommandFailed(f"{line}\nstatus {took['status']}: {done.stderr}")
    sample = {
        "wall_s": took["wall"],
        "client_cpu_s": took["cpu"],
        "daemon_cpu_s": daemon_cpu,
        "resident_kb": status_number(daemon, "VmHWM") if daemon else took["resident_kb"],
        **stage.counted(),
    }
    return sample, done.stdout
