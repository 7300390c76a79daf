"""Another administrator, in the model: what that hand changes, no write here may undo.

What this mount saw within the last second of who may use a secret counts (contract §3.20), so a
value is written a while after.
"""

import os
import time

from model.secret_files import CREATE, Secret, as_replacing, replaced
from model.staging import EXCLUSIVE

# An organization of its own: nothing else has its listing read anew.
NAME = "elsewhere"
SCOPE = f"orgs/{NAME}"
PLACES = [(SCOPE, f"SHARED_{n}") for n in range(8)]
TRUSTED_S = 1.1
MEANWHILE = 1500  # operations at least between the two hands
VISIBILITIES = ["all", "private", "selected"]


def prepare(github):
    github.seed(org=NAME, repos_count=2)
    for _, name in PLACES:
        github.seed(org=NAME, org_secret=name, visibility="all")


def know(model, place):
    """What another hand has stored."""
    path = model.api(place)
    model.secrets[place] = model.secrets.get(place) or Secret(place)
    model.secrets[place].value = model.server.value(path)
    model.organization.sharing[place] = model.organization.fetch(path)
    model.writes[place] = None


def do_share_elsewhere(model, _process):
    places = [place for place in PLACES if place not in model.elsewhere]
    if not places:
        return False
    place = model.random.choice(places)
    now = model.organization.sharing[place].visibility
    visibility = model.random.choice([word for word in VISIBILITIES if word != now])
    model.collect_for(place)
    model.server.seed(org=NAME, org_secret=place[1], visibility=visibility)
    know(model, place)
    model.elsewhere[place] = model.operations, time.monotonic()
    model.kinds["change by another hand"] += 1
    model.note(0, f"{'/'.join(place)}: another hand stores for", visibility)
    return True


def plain(model, place, value):
    number = model.new_number()
    return [
        ("open", number, model.path(place), CREATE, {0}),
        ("write", number, value, 0, {len(value)}),
        ("close", number, {0}),
    ]


def created_anew(model, place, value):
    """As tar and install do."""
    replaced(model, place)
    (_, number, path, flags, possible), *rest = plain(model, place, value)
    create = ("open", number, path, flags | os.O_EXCL, possible)
    return as_replacing(model, [("unlink", path, {0}), create, *rest])


def staged(model, value):
    path, number = model.path((SCOPE, ".SHARED.x7Gq2K")), model.new_number()
    return path, [
        ("open", number, path, EXCLUSIVE, {0}),
        ("write", number, value, 0, {len(value)}),
        ("close", number, {0}),
    ]


def renamed(model, place, value):
    path, calls = staged(model, value)
    return [*calls, ("rename", path, model.path(place), 0, {0})]


def removed_and_renamed(model, place, value):
    """As `mv` and `install -b` do."""
    replaced(model, place)
    path, calls = staged(model, value)
    calls.append(("unlink", model.path(place), {0}))
    return as_replacing(model, [*calls, ("rename", path, model.path(place), 0, {0})])


def in_bulk(model, place, value):
    return plain(model, (SCOPE, ".env"), f"{place[1]}='{value.decode()}'\n".encode())


WAYS = [plain, created_anew, created_anew, renamed, removed_and_renamed, in_bulk]


def do_store_after(model, process):
    """Who may use it is as the other hand said."""
    ripe = [p for p, (at, _) in model.elsewhere.items() if at + MEANWHILE <= model.operations]
    if not ripe:
        return False
    _, at = model.elsewhere.pop(ripe[0])
    time.sleep(max(0, at + TRUSTED_S - time.monotonic()))
    place, organization = ripe[0], model.organization
    value = f"after another hand {model.new_number()}".encode()
    calls = model.random.choice(WAYS)(model, place, value)
    places = {place, (SCOPE, ".env"), (SCOPE, ".SHARED.x7Gq2K")}
    model.ask_now(process, places, calls)
    model.stored(model.secrets[place], value, None)
    model.compare_one(place)
    there = organization.fetch(model.api(place))
    organization.compare_sharing(place, there, [organization.sharing[place]])
    return True


STEPS = [(do_share_elsewhere, 1), (do_store_after, 2)]
