"""Where the secrets of one measurement are, and the values for them."""

import shlex


class Place:
    """An organization's or a repository's secrets; `names` are those that the work is about."""

    def __init__(self, owner, repository, count, number):
        self.owner = owner
        self.repository = repository
        self.path = f"orgs/{owner}/actions/secrets"
        prefix = "ORG_SECRET"
        if repository:
            self.path = f"repos/{owner}/{repository}/actions/secrets"
            prefix = "SECRET"
        # As the stand-in names those that it is seeded with.
        self.names = [f"{prefix}_{n:04}" for n in range(1, count + 1)]
        self._number = number
        self.values = None
        self.dotenv = None

    def value(self, name):
        """New in each measurement, so that what was there before is not taken for it."""
        return f"value-{self._number}-of-{name}"

    def write_values(self, directory):
        """A file a value, named as the secret; and all of them in one dotenv file."""
        self.values = directory / "values"
        self.values.mkdir()
        self.dotenv = directory / "values.env"
        for name in self.names:
            (self.values / name).write_text(self.value(name), encoding="ascii")
        lines = (f"{name}={self.value(name)}\n" for name in self.names)
        self.dotenv.write_text("".join(lines), encoding="ascii")

    def for_each(self, command):
        """A shell loop over the names: $name is one, and the file in the current directory."""
        return f"cd {shlex.quote(str(self.values))}; for name in *; do {command} || exit; done"

    def in_parallel(self, command, processes=16):
        """The same with xargs; the name is where {} is."""
        directory = shlex.quote(str(self.values))
        return f"cd {directory}; ls | xargs -P {processes} -I {{}} {command}"
