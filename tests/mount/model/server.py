"""The stand-in's control interface for the model, which asks often: over one connection."""

import http.client
import json
import urllib.parse

from kit.standin import TOKEN


class Server:
    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def _send(self, method, path, value, headers):
        body = None if value is None else json.dumps(value)
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def _ask(self, method, path, value=None):
        return self._send(method, f"/_standin/{path}", value, {})

    def api(self, method, path, value=None):
        """As another client asks."""
        headers = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "another"}
        status, content = self._send(method, path, value, headers)
        assert status < 400, (method, path, status, content)
        return json.loads(content) if content else None

    def seed(self, **what):
        assert self._ask("POST", "seed", what)[0] < 400

    def fault(self, **spec):
        assert self._ask("POST", "faults", spec)[0] < 400

    def clear_faults(self):
        self._ask("DELETE", "faults")

    def value(self, path):
        status, content = self._ask("GET", "plaintext?" + urllib.parse.urlencode({"path": path}))
        return content if status == 200 else None

    def secrets(self):
        return json.loads(self._ask("GET", "secrets")[1])

    def journal(self):
        content = self._ask("GET", "journal")[1]
        return json.loads(content.decode("utf-8", "replace"))["requests"]

    def clear_journal(self):
        self._ask("DELETE", "journal")
