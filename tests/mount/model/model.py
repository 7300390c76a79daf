"""A model of the contract, and random operations that hold a mount to it.

What to do next is drawn from the seed alone, and never depends on how fast anything was, so a
seed gives the same operations again. Several workers have calls under way at the same time,
but never two on one name: which of them came first could not be told.
"""

import base64
import errno
import random
import time

from model import bulk, disturbed, elsewhere, ends, groups, lists, secret_files, sharing, staging
from model.calls import Callers, Violation
from model.secret_files import Secret
from model.server import Server
from model.sharing import ORGANIZATION, Organization

NAMES = 30  # of secrets in each scope; GitHub allows 100
CHECK_EVERY = 3000
LISTING_FAILS_S = 1.1  # so long the failure of a listing is everybody's answer

# What may happen to one PUT or DELETE: the fault, and the error that the caller sees.
ONCE = [
    ({"status": 409}, errno.EBUSY),
    ({"status": 422}, errno.EINVAL),
    ({"status": 500}, 0),
    ({"status": 200, "body": "<html>Sign in to the proxy</html>"}, errno.EPROTO),
    ({"status": 202, "body": {}}, errno.EPROTO),
    ({"status": 304}, errno.EPROTO),
    ({"action": "reset-before"}, 0),
    ({"action": "reset-after"}, 0),
    ({"action": "delay", "ms": ends.SLOW_MS}, 0),
]

MODULES = [
    secret_files,
    groups,
    staging,
    bulk,
    ends,
    lists,
    elsewhere,
    disturbed,
]
STEPS = [step for module in MODULES for step in module.STEPS]


REPOSITORIES = ["acme/model-a", "acme/model-b", "octavia/model-c"]


def prepare(github):
    """What the server has before the mount."""
    github.seed(repos=REPOSITORIES)
    github.seed(org=sharing.NAME, repos_count=sharing.REPOSITORIES)
    github.config(rate_limit=False)
    elsewhere.prepare(github)


class Model(Callers):
    """What is there, what is sent, and the workers."""

    SCOPES = [*(f"repos/{repository}" for repository in REPOSITORIES), ORGANIZATION]

    def __init__(self, root, pid, port, seed):
        super().__init__()
        self.random = random.Random(seed)
        self.root = str(root)
        self.pid = pid  # of the mount
        self.server = Server(port)
        self.organization = Organization(self.server)
        self.secrets = {}  # place: Secret, of what is there
        self.staged = {}  # place: Staged
        # Places where a file was that nothing was stored of: an empty one may be there, for a
        # minute if nothing failed, and how long ago that was is not asked.
        self.emptied = set()
        self._numbers = 0
        self.places = [(s, f"NAME_{n}") for s in self.SCOPES for n in range(NAMES)]
        self.writes = dict.fromkeys(self.places, 0)  # accepted PUTs; None: not known
        self.elsewhere = {}  # place that another hand changed: after which operation, and when
        for place in elsewhere.PLACES:
            elsewhere.know(self, place)

    # Names

    @staticmethod
    def api(place):
        return f"/{place[0]}/actions/secrets/{place[1]}"

    def directory(self, scope):
        return f"{self.root}/{scope}/actions/secrets"

    def path(self, place):
        return f"{self.directory(place[0])}/{place[1]}"

    # Drawing

    def new_number(self):
        """A worker's name for what it opens."""
        self._numbers += 1
        return self._numbers

    def pick_place(self, there=None):
        """Of a secret that is there, or is not, or may be."""
        for _ in range(20):
            place = self.random.choice(self.places)
            if there is None or (place in self.secrets) == there:
                return place
        return None

    def pick_staging_place(self):
        return self.random.choice(self.SCOPES), self.random.choice(staging.NAMES)

    def pick_staged(self):
        return self.random.choice(list(self.staged.values())) if self.staged else None

    def pick_file(self, process, kind=object):
        files = [file for file in process.files.values() if isinstance(file, kind)]
        return self.random.choice(files) if files else None

    # What happens to secrets

    def created(self, place):
        self.secrets[place] = Secret(place)
        return self.secrets[place]

    def removed(self, secret):
        secret.gone = True
        del self.secrets[secret.place]
        self.organization.removed(secret.place)

    def stored(self, secret, value, times=1):
        secret.value = value
        secret.errors = {0}
        writes = self.writes[secret.place]
        self.writes[secret.place] = None if None in (writes, times) else writes + times
        self.organization.stored(secret.place)

    @staticmethod
    def failed(pid, secret, errors):
        secret.failed_by.add(pid)
        secret.errors = set(errors)

    def interrupted(self, secret, value):
        """Whoever sent a value was killed meanwhile; the server has this one."""
        secret.value = value
        # Never EINTR: whoever is told that tries again for ever.
        secret.errors = {0, -errno.ECANCELED, *secret.errors}
        self.writes[secret.place] = None
        self.organization.interrupted(secret.place, self.api(secret.place))

    def maybe_fault(self, method, place, likely, below=""):
        """Orders one for the next request to what is `below`; (fault, error of the caller)."""
        if self.random.random() > likely:
            return {}, 0
        spec, error = self.random.choice(ONCE)
        if spec.get("status") == 500 and self.random.random() < 0.7:
            return {}, 0  # what is tried again takes long
        self.collect_for(place)
        self.server.fault(method=method, path=self.api(place) + below, **spec)
        self.kinds[f"fault {next(iter(spec.values()))}"] += 1
        self.note(0, f"{'/'.join(place)}: fault {method}", spec)
        return spec, error

    def maybe_fault_selection(self, place, likely):
        """An answer to nothing that was asked conditionally: an error, or 0."""
        if not self.organization.is_read_before(place) or self.random.random() > likely / 3:
            return 0
        self.collect_for(place)
        self.server.fault(method="GET", path=f"{self.api(place)}/repositories", status=304)
        self.kinds["fault 304 of a list"] += 1
        return errno.EPROTO

    def upload(self, pid, secret, value, likely):
        """A value is sent: the error of who sends it, or 0."""
        fault, error = {}, self.maybe_fault_selection(secret.place, likely)
        if not error:
            fault, error = self.maybe_fault("PUT", secret.place, likely)
        if error:
            self.failed(pid, secret, {-error})
            return error
        twice = fault.get("action", "").startswith("reset")
        self.stored(secret, value, None if twice else 1)
        return 0

    def upload_by_name(self, pid, place, value, likely):
        """The same, by who has not opened it: a failure leaves nothing behind."""
        secret = self.secrets.get(place) or Secret(place)
        error = self.upload(pid, secret, value, likely)
        if not error:
            self.secrets[place] = secret
        return error

    # Open files

    def close_calls(self, process, file, likely=0.1):
        possible = file.flush(self, True, likely)
        self.release(process, file)
        return [("close", file.number, possible)]

    def release(self, process, file):
        del process.files[file.number]
        file.released(self)

    @staticmethod
    def descriptor_setter(file):
        """For files that are closed by their process's end, which has an order."""

        def done(results):
            file.descriptor = results[0]

        return done

    # Comparing

    def requests(self, place):
        """Those for one name since the last comparison."""
        return [
            f"{r['n']}: {r['method']} {r['status']} fault {r['fault']} connection "
            f"{r['connection']} at {r['t_start_ms']}"
            for r in self.server.journal()
            if r["path"] == self.api(place)
        ]

    def compare_value(self, place, value):
        secret = self.secrets.get(place)
        wanted = secret.value if secret else None
        if value != wanted:
            raise Violation(f"{place}: the server has {value!r:.60}, not {wanted!r:.60}")

    def compare_one(self, place):
        self.compare_value(place, self.server.value(self.api(place)))

    def compare_writes(self, place, writes):
        """How many PUTs there were."""
        wanted = self.writes[place]
        if wanted is not None and writes != wanted:
            raise Violation(f"{place}: {writes} PUTs, not {wanted}: {self.requests(place)}")
        self.writes[place] = writes

    def compare_listing(self, process, scope):
        """Secrets that were stored and staging files, and nothing else."""
        path = self.directory(scope)
        (names,) = self.ask_now(process, set(), [("list", path, {0})])
        secrets = [secret for place, secret in self.secrets.items() if place[0] == scope]
        wanted = {secret.place[1] for secret in secrets if secret.value is not None}
        wanted |= {name for place_scope, name in self.staged if place_scope == scope}
        wrong = wanted.symmetric_difference(names)
        if wrong:
            raise Violation(f"{scope}: listed {sorted(wrong)}, or not, against the model")

    def compare(self):
        """All that the server has, how often it was written, and what is listed."""
        self.collect_all()
        scopes = self.server.secrets()
        for scope in [*self.SCOPES, elsewhere.SCOPE]:
            stored = scopes.get(f"/{scope}/actions/secrets", {})
            known = {place for place in self.places if place[0] == scope}
            for place in sorted(known | {(scope, name) for name in stored}):
                there = stored.get(place[1])
                value = base64.b64decode(there["value_base64"]) if there else None
                self.compare_value(place, value)
                if there:
                    self.compare_writes(place, there["writes"])
                    self.organization.compare(place, there)
            self.compare_listing(self.processes[0], scope)
        self.server.clear_journal()

    def list_one(self, process):
        self.collect_all()
        scope = self.random.choice(self.SCOPES)
        if self.random.random() < 0.3:
            self.list_not_modified(process, scope)
        self.compare_listing(process, scope)
        return True

    def list_not_modified(self, process, scope):
        """304 for a listing is the server's word only where it was asked so."""
        self.server.clear_journal()
        self.server.fault(method="GET", path=f"/{scope}/actions/secrets", status=304)
        (names,) = self.ask_now(process, set(), [("list", self.directory(scope), None)])
        faulty = [r for r in self.server.journal() if r["fault"] is not None]
        self.server.clear_faults()
        if all("if-none-match" in r["headers"] for r in faulty):
            return
        self.kinds["fault 304 of a listing"] += 1
        if names != -errno.EPROTO:
            raise Violation(f"{scope}: 304 unasked is {names!r:.60}")
        time.sleep(LISTING_FAILS_S)

    def run(self, seconds, operations, checked):
        """Until either is reached (None: no bound); checked() after each comparison."""
        steps, weights = zip(*STEPS, (Model.list_one, 1))
        until = time.monotonic() + seconds if seconds else None
        compare_at = CHECK_EVERY
        while operations is None or self.operations < operations:
            process = self.random.choice(self.processes)
            self.random.choices(steps, weights)[0](self, process)
            if self.operations >= compare_at:
                compare_at += CHECK_EVERY
                self.compare()
                checked()
                if until and time.monotonic() > until:
                    break
        self.compare()
        self.finish()
        self.compare()
        checked()

    def finish(self):
        """Closes everything, and removes what is here alone."""
        for process in self.processes:
            while process.files:
                ends.do_close(self, process)
        for place in sorted(self.staged):
            self.ask(self.processes[0], {place}, [("unlink", self.path(place), {0})])
        self.staged.clear()
