"""curl alone: the limit. One process, one HTTP/2 connection, nothing to find out first.

Names, numbers of pages and sealed values are given to it, so that it only moves bytes.
"""

import base64
import contextlib
import ctypes
import ctypes.util
import json
from shlex import quote

from kit import mounting
from peers import Session
from kit.standin import TOKEN

PAGE = 100
SEAL_BYTES = 48
AT_ONCE = 100


def seal(value, public_key):
    """A sealed box of libsodium's, in base64."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    if sodium.sodium_init() < 0:
        raise OSError("libsodium can't be used")
    box = ctypes.create_string_buffer(len(value) + SEAL_BYTES)
    sodium.crypto_box_seal(box, value, ctypes.c_ulonglong(len(value)), public_key)
    return base64.b64encode(box.raw).decode()


class Curl:
    name = "curl"

    def __init__(self):
        self._stage = None
        self._answers = None

    @contextlib.contextmanager
    def session(self, stage, place, work):
        self._stage = stage
        self._answers = stage.new_directory("answers")
        yield Session(mounting.environment(stage.directory), answers=self._answers)

    def reach(self, place):
        return self._line([("GET", "user", None)], 1)

    def ask(self, place):
        return self._line([("GET", "user", None) for _ in place.names], 1)

    def list(self, place):
        pages = range(1, -(-len(place.names) // PAGE) + 1)
        requests = [
            ("GET", f"{place.path}?per_page={PAGE}&page={page}", None, self._answers / str(page))
            for page in pages
        ]
        return self._line(requests, AT_ONCE)

    list_selected = list

    def write_one(self, place):
        return self._line(self._puts(place, place.names[:1]), 1)

    def write_in_a_loop(self, place):
        return self._line(self._puts(place, place.names), 1)

    def write_in_parallel(self, place):
        return self._line(self._puts(place, place.names), AT_ONCE)

    write_dotenv = write_in_parallel

    def remove(self, place):
        return self._line(self._deletes(place), 1)

    def remove_in_parallel(self, place):
        return self._line(self._deletes(place), AT_ONCE)

    def _deletes(self, place):
        return [("DELETE", f"{place.path}/{name}", None) for name in place.names]

    def _puts(self, place, names):
        key = self._stage.standin.api("GET", f"/{place.path}/public-key")[2]
        public_key = base64.b64decode(key["key"])
        for name in names:
            body = {
                "encrypted_value": seal(place.value(name).encode(), public_key),
                "key_id": key["key_id"],
            }
            if not place.repository:
                body["visibility"] = "private"
            yield "PUT", f"{place.path}/{name}", json.dumps(body)

    def _line(self, requests, at_once):
        """curl reads from a file what it shall do; at_once 1 is one after the other."""
        config = self._stage.new_directory("curl") / "config"
        transfers = [self._transfer(*request) for request in requests]
        config.write_text("next\n".join(transfers), encoding="ascii")
        parallel = f"--parallel --parallel-max {at_once}" if at_once > 1 else ""
        return f"curl --no-progress-meter {parallel} --config {quote(str(config))}"

    def _transfer(self, method, path, body, answer="/dev/null"):
        options = {
            "url": f"{self._stage.api_url}/{path}",
            "request": method,
            "cacert": self._stage.ca_file,
            "header": f"Authorization: Bearer {TOKEN}",
            "output": str(answer),
        }
        if body:
            options["data"] = body
        lines = (f"{name} = {json.dumps(value)}\n" for name, value in options.items())
        return "http2\nfail\n" + "".join(lines)
