"""Who may use an organization's secrets, in the model: what the server has and what is held."""

import collections
import os

from model.calls import Violation

NAME = "model"
ORGANIZATION = f"orgs/{NAME}"
REPOSITORIES = 12

Sharing = collections.namedtuple("Sharing", "visibility selected")  # numbers of repositories
PRIVATE = Sharing("private", frozenset())  # as the mount makes a new one


class Organization:
    """Of each of its secrets, by place."""

    def __init__(self, server):
        self.server = server
        rows = server.api("GET", f"/{ORGANIZATION}/repos?per_page=100")
        self.names = {row["id"]: row["full_name"] for row in rows}
        self.ids = sorted(self.names)
        # How a list may call them
        self.spellings = {
            spelling: number
            for number, name in self.names.items()
            for spelling in (name, name.split("/")[1], str(number))
        }
        self.sharing = {}  # of the secrets that the server has
        self.held = {}  # what goes with the next write of the value
        self.prepared = set()  # places of those of them that began without a secret
        self.list_errors = collections.defaultdict(lambda: {0})  # of an fsync of a list
        self.lists = []  # that are open

    def now(self, place):
        """As `access` shows it, or None."""
        return self.held.get(place, self.sharing.get(place))

    def has_list(self, place):
        sharing = self.now(place)
        return sharing is not None and sharing.visibility == "selected"

    def is_read_before(self, place):
        """Is a write of the value preceded by a request for the selection?"""
        return place not in self.held and self.has_list(place)

    def select(self, place, selected):
        """A list is applied."""
        where = self.held if place in self.held else self.sharing
        where[place] = where[place]._replace(selected=frozenset(selected))

    def hold(self, place, visibility):
        """A word is written; what the server has already is nothing to hold."""
        if place in self.sharing and self.sharing[place].visibility == visibility:
            self.drop(place)
            return
        kept = self.held.get(place, PRIVATE).selected if visibility == "selected" else ()
        self.held[place] = Sharing(visibility, frozenset(kept))

    def prepare(self, place):
        self.held[place] = PRIVATE
        self.prepared.add(place)

    def drop(self, place):
        """What was held, or None."""
        self.prepared.discard(place)
        return self.held.pop(place, None)

    def text(self, place):
        """What its list reads as."""
        names = sorted(self.names[number] for number in self.now(place).selected)
        return "".join(f"{name}\n" for name in names).encode()

    # What happens to its secrets

    def stored(self, place):
        """A value is: what was held goes with it, and nothing else changes."""
        if not place[0].startswith("orgs/"):
            return
        held = self.as_sent(place)
        self.drop(place)
        if held:
            self.sharing[place] = held
        else:
            self.sharing.setdefault(place, PRIVATE)

    def as_sent(self, place):
        """What is held, as it goes with a value, or None: a list counts for its own word alone."""
        held = self.held.get(place)
        if held and held.visibility != "selected":
            return Sharing(held.visibility, frozenset())
        return held

    def removed(self, place):
        """What was held for it goes too, and what was prepared, for one to come, does not."""
        self.sharing.pop(place, None)
        if place not in self.prepared:
            self.held.pop(place, None)

    def fetch(self, path):
        """What the server has."""
        there = self.server.api("GET", path)
        selected = self.server.api("GET", f"{path}/repositories?per_page=100")["repositories"]
        return Sharing(there["visibility"], frozenset(row["id"] for row in selected))

    def interrupted(self, place, path):
        """Whoever sent a value was killed meanwhile: what was held went with it, or did not."""
        if place not in self.sharing:
            return
        there, may_be = self.fetch(path), [self.sharing[place]]
        if place in self.held:
            may_be.append(self.as_sent(place))
            if there != self.sharing[place]:
                self.sharing[place] = there
        self.compare_sharing(place, there, may_be)

    # Comparing

    def compare_sharing(self, place, there, wanted):
        if there not in wanted:
            raise Violation(f"{place}: the server has {there}, not {wanted}")

    def compare(self, place, there):
        """With a row of the stand-in's state."""
        if place[0].startswith("orgs/"):
            selected = frozenset(there.get("selected_repository_ids", ()))
            now = Sharing(there["visibility"], selected)
            self.compare_sharing(place, now, [self.sharing[place]])


def directory(model, place):
    """The access of a secret."""
    return f"{os.path.dirname(model.directory(place[0]))}/access/{place[1]}"
