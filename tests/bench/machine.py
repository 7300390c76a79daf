"""What the benchmark ran on and with; nothing that names the machine."""

import os
import pathlib
import platform
import re
import subprocess

VERSIONS = {
    "gh": ["gh", "--version"],
    "curl": ["curl", "--version"],
    "nghttpx": ["nghttpx", "--version"],
    "libfuse": ["fusermount3", "--version"],
    "coreutils": ["ls", "--version"],
}


def _field(file, name):
    """The value of a "name: value" or name="value" line."""
    text = pathlib.Path(file).read_text(encoding="utf-8")
    found = re.search(rf'^{name}\s*[:=]\s*"?([^"\n]*)', text, re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def _version(command):
    """The first number with a point in it."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found.group(0) if found else "unknown"


def describe(programs):
    gigabytes = int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1024**2
    kernel = re.match(r"[\d.]+", platform.release()).group(0)
    commands = {"ghsecretfs": [str(programs.ghsecretfs), "-V"], **VERSIONS}
    versions = ", ".join(f"{name} {_version(command)}" for name, command in commands.items())
    return (
        "## The machine\n\n"
        f"{os.cpu_count()} x {_field('/proc/cpuinfo', 'model name')}, {gigabytes:.0f} GB; "
        f"Linux {kernel}, {_field('/etc/os-release', 'PRETTY_NAME')};\n{versions}.\n"
    )
