"""The access of one of acme's secrets: read, changed, and compared with what the server has."""

STORE = "orgs/acme/actions"
LIST = f"/{STORE}/secrets"
PAGERDUTY = f"{LIST}/PAGERDUTY_KEY/repositories"  # of api and web
REPOSITORIES = ("web", "api", "infra", "docs", "mobile-app")
SET = f"PUT {PAGERDUTY}"


class Access:
    """A mount, and the access of one of acme's secrets."""

    def __init__(self, m, name):
        self.mount = m
        self.github = m.github
        self.name = name
        self.path = m.path / STORE / "access" / name
        self.secret = m.path / STORE / "secrets" / name
        self.ids = {
            f"acme/{name}": m.github.api("GET", f"/repos/acme/{name}")[2]["id"]
            for name in REPOSITORIES
        }
        self.github.clear_journal()

    def sh(self, command):
        return self.mount.sh(command, cwd=self.path)

    def does(self, command):
        done = self.sh(command)
        assert done.returncode == 0 and done.stderr == "", (command, done.stderr)
        return done.stdout

    def refuses(self, command, message):
        done = self.sh(command)
        assert done.returncode == 1, command
        assert message in done.stderr, done.stderr

    def stored(self):
        return self.github.secrets()[LIST].get(self.name)

    def selected(self):
        """Names of what the server has."""
        names = {number: name for name, number in self.ids.items()}
        return sorted(names[number] for number in self.stored()["selected_repository_ids"])

    def changes(self):
        """All requests that change anything, since the journal was last cleared."""
        requests = self.github.journal()
        return [f"{r['method']} {r['path']}" for r in requests if r["method"] != "GET"]

    def lookups(self):
        """All names that were turned into numbers."""
        requests = self.github.journal()
        return [r["path"] for r in requests if r["path"].startswith(("/repos/", "/repositories/"))]

    def one(self, method, repository):
        return f"{method} {PAGERDUTY}/{self.ids[repository]}"

    def text(self):
        return (self.path / "repositories").read_text(encoding="utf-8")
