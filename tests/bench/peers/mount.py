"""ghsecretfs, with the tools that every machine has."""

import contextlib
import os
import shlex
from shlex import quote

from kit import mounting
from peers import Session
from kit.standin import TOKEN


def _options(stage):
    return mounting.option_arguments({"api_url": stage.api_url, "cacert": stage.ca_file})


def _environment(stage):
    return mounting.environment(stage.directory, GH_TOKEN=TOKEN)


class NewMount:
    """The mount itself as the work: the command returns when the mount answers."""

    name = "ghsecretfs"

    def __init__(self):
        self._line = None

    @contextlib.contextmanager
    def session(self, stage, place, work):
        directory = stage.new_directory("mnt")
        command = [stage.programs.ghsecretfs, *_options(stage), directory]
        self._line = shlex.join(map(str, command))
        try:
            yield Session(_environment(stage))
        finally:
            mounting.unmount(directory)
            mounting.wait_until(lambda: not mounting.is_mounted(directory), what="its end")

    def reach(self, place):
        return self._line


class Mount:
    """A mount for each measurement; its connection is up and the directory is known."""

    name = "ghsecretfs"

    def __init__(self):
        self.root = None

    @contextlib.contextmanager
    def session(self, stage, place, work):
        env = _environment(stage)
        directory = stage.new_directory("mount")
        mount = mounting.Mount(stage.programs.ghsecretfs, directory, _options(stage), env)
        self.root = mount.path
        try:
            os.stat(self.directory(place))
            if work.listed:
                os.listdir(self.directory(place))
            if work.warm:
                self._warm(place, work)
            yield Session(env, mount.pid)
        finally:
            mount.stop()

    def directory(self, place):
        """Where the place's secrets are."""
        return self.root / place.path

    def _warm(self, place, work):
        """Has the listing and the key fetched; opening sends nothing."""
        os.listdir(self.directory(place))
        known = place.names[0] if work.held else "NEVER_WRITTEN"
        os.close(os.open(self.directory(place) / known, os.O_WRONLY | os.O_CREAT, 0o200))

    def list(self, place):
        return f"ls -l {self._quoted(place)}"

    list_selected = list

    def write_one(self, place):
        name = place.names[0]
        return f"echo {quote(place.value(name))} > {self._quoted(place)}/{name}"

    def write_in_a_loop(self, place):
        return place.for_each(f'read -r v < "$name"; echo "$v" > {self._quoted(place)}/"$name"')

    def write_in_parallel(self, place):
        return place.in_parallel(f"cp {{}} {self._quoted(place)}/{{}}")

    def write_dotenv(self, place):
        return f"cp {quote(str(place.dotenv))} {self._quoted(place)}/.env"

    def remove(self, place):
        return f"cd {self._quoted(place)}; rm {' '.join(place.names)}"

    def remove_in_parallel(self, place):
        return place.in_parallel(f"rm {self._quoted(place)}/{{}}")

    def _quoted(self, place):
        return quote(str(self.directory(place)))
