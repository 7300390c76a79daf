"""GitHub's own command line client, as Debian has it."""

import contextlib
from shlex import quote

from kit import mounting
from peers import Session
from kit.standin import TOKEN


class Gh:
    """A process for each command, as it is used in scripts; its output is no terminal."""

    name = "gh"

    def __init__(self):
        self._host = None

    @contextlib.contextmanager
    def session(self, stage, place, work):
        self._host = stage.host
        yield Session(
            mounting.environment(
                stage.directory,
                GH_HOST=stage.host,
                GH_ENTERPRISE_TOKEN=TOKEN,
                GH_NO_UPDATE_NOTIFIER="1",
                GH_PROMPT_DISABLED="1",
                SSL_CERT_FILE=stage.ca_file,
            )
        )

    def _secret(self, verb, place, arguments=""):
        where = f"-o {place.owner}"
        if place.repository:
            where = f"-R {self._host}/{place.owner}/{place.repository}"
        return f"gh secret {verb} {where} {arguments}".rstrip()

    def reach(self, place):
        return "gh api user"

    def list(self, place):
        return self._secret("list", place)

    list_selected = list

    def write_one(self, place):
        name = place.names[0]
        return self._secret("set", place, f"{name} --body {quote(place.value(name))}")

    def write_in_a_loop(self, place):
        return place.for_each(self._secret("set", place, '"$name" < "$name"'))

    def write_in_parallel(self, place):
        return place.in_parallel(f"sh -c '{self._secret('set', place, '{} < {}')}'")

    def write_dotenv(self, place):
        return self._secret("set", place, f"-f {quote(str(place.dotenv))}")

    def remove(self, place):
        return place.for_each(self._secret("remove", place, '"$name"'))

    def remove_in_parallel(self, place):
        return place.in_parallel(self._secret("remove", place, "{}"))


class GhOnTerminal:
    """On a terminal it also counts the repositories of each secret that is `selected`."""

    name = "gh, on a terminal"

    def __init__(self):
        self._gh = Gh()

    def session(self, stage, place, work):
        return self._gh.session(stage, place, work)

    def list_selected(self, place):
        return f"script --quiet --return --command {quote(self._gh.list(place))} /dev/null"
