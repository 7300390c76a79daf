"""Drives the stand-in GitHub (tests/standin) from a test.

Standin starts the server and speaks its control interface, which tests/standin/README.md
describes. TlsFront puts TLS and HTTP/2 in front of it.
"""

import base64
import fnmatch
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.parse

TOKEN = "standin-token"

START_TIMEOUT = 20  # seconds; a sanitizer build on a busy machine is slow to start
STOP_TIMEOUT = 10
CONTROL_TIMEOUT = 30


class StandinError(Exception):
    """The server did not start, or refused a control request."""


def _end(process, timeout=STOP_TIMEOUT):
    """Ends one process that we started and returns its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


class Standin:
    """A running stand-in server; a context manager.

    The server ends with the test's process however that ends, since its standard input is
    a pipe from it.
    """

    def __init__(self, binary, seed="demo", latency_ms=0, port=0):
        command = [str(binary), "--until-eof", "--seed", seed, "--port", str(port)]
        if latency_ms:
            command += ["--latency", str(latency_ms)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        line = self._process.stdout.readline()
        if not line:
            raise StandinError(f"{binary} ended with status {_end(self._process)}")
        ready = json.loads(line)
        self.port = ready["port"]
        self.url = ready["url"]
        self.pid = ready["pid"]
        self.token = TOKEN
        self.forgotten = []  # what clear_journal() took away, for who checks all of it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the server and returns its exit status. A second call does nothing more."""
        status = _end(self._process)
        self._process.stdin.close()
        self._process.stdout.close()
        return status

    @property
    def running(self):
        return self._process.poll() is None

    def http(self, method, path, body=None, headers=None, timeout=CONTROL_TIMEOUT):
        """One request on its own connection: (status, headers, body as bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def api(self, method, path, value=None, token=None, headers=None):
        """One API request by the rules: (status, headers, JSON or None)."""
        fields = {
            "Authorization": f"Bearer {token or self.token}",
            "User-Agent": "standin-driver",
            **(headers or {}),
        }
        body = None if value is None else json.dumps(value)
        status, received, content = self.http(method, path, body, fields)
        return status, received, json.loads(content) if content else None

    def _control(self, method, name, value=None):
        body = None if value is None else json.dumps(value)
        status, _, content = self.http(method, f"/_standin/{name}", body)
        if status >= 400:
            raise StandinError(f"{method} {name}: {status} {content.decode()}")
        return json.loads(content.decode("utf-8", "replace")) if content else None

    def journal(self):
        """All API requests since the last clear_journal(), in order of arrival."""
        return self._control("GET", "journal")["requests"]

    def clear_journal(self):
        self.forgotten += self.journal()
        self._control("DELETE", "journal")

    def requests(self, method=None, path_glob=None):
        """The journal's requests of a method whose path (without the query) matches."""
        return [
            request
            for request in self.journal()
            if (method is None or request["method"] == method)
            and (
                path_glob is None
                or fnmatch.fnmatchcase(request["path"].split("?")[0], path_glob)
            )
        ]

    def _plaintext(self, path):
        query = urllib.parse.urlencode({"path": path}, quote_via=urllib.parse.quote)
        return self.http("GET", f"/_standin/plaintext?{query}")

    def plaintext(self, path):
        """The value of the secret with that API path, or None."""
        status, _, content = self._plaintext(path)
        return content if status == 200 else None

    def writes(self, path):
        """How many PUTs of that secret were accepted; 0 when it does not exist."""
        status, headers, _ = self._plaintext(path)
        return int(headers["X-Writes"]) if status == 200 else 0

    def secrets(self):
        """{scope path: {NAME: {"value": bytes, "writes", "created_at", "updated_at", …}}}"""
        scopes = self._control("GET", "secrets")
        for secrets in scopes.values():
            for secret in secrets.values():
                secret["value"] = base64.b64decode(secret["value_base64"])
        return scopes

    def fault(self, **spec):
        """Orders a fault and returns its id."""
        return self._control("POST", "faults", spec)["id"]

    def faults(self):
        return self._control("GET", "faults")["faults"]

    def clear_faults(self):
        """Removes all faults and lets go the requests that hang."""
        self._control("DELETE", "faults")

    def config(self, **values):
        self._control("POST", "config", values)

    def rotate_key(self, scope, keep_id=False):
        self._control("POST", "rotate-key", {"scope": scope, "keep_id": keep_id})

    def seed(self, **what):
        self._control("POST", "seed", what)

    def wait_for(self, predicate, timeout=10):
        """Polls until predicate(journal) is true, and returns that journal."""
        until = time.monotonic() + timeout
        while True:
            requests = self.journal()
            if predicate(requests):
                return requests
            if time.monotonic() > until:
                raise StandinError("the awaited requests did not come")
            time.sleep(0.01)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _openssl(*arguments):
    subprocess.run(
        ["openssl", *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL
    )


def _validity(days):
    """openssl's arguments. From 3.4 on it refuses a negative number of days, and takes dates."""
    if days >= 0:
        return ["-days", str(days)]
    version = subprocess.run(["openssl", "version"], capture_output=True, check=True).stdout
    major, minor = (int(part) for part in version.split()[1].split(b".")[:2])
    if (major, minor) < (3, 4):
        return ["-days", str(days)]
    return ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]


def make_certificates(directory, days=2):
    """A CA, and a certificate of its for localhost and 127.0.0.1: (CA, certificate, key).

    The certificate is valid for so many days from now; a negative number makes an old one.
    """
    ca, ca_key, certificate, key, request, extensions = (
        os.path.join(directory, name)
        for name in ("ca.pem", "ca.key", "server.pem", "server.key", "server.csr", "server.ext")
    )
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl(
        *["req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-days", "2"],
        *["-subj", "/CN=stand-in CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    )
    _openssl("req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    with open(extensions, "w", encoding="ascii") as out:
        out.write(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
            "basicConstraints=critical,CA:FALSE\n"
            "extendedKeyUsage=serverAuth\n"
        )
    _openssl(
        *["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial"],
        *["-out", certificate, *_validity(days), "-extfile", extensions],
    )
    return ca, certificate, key


def find_nghttpx():
    """The path of nghttpx, or None where nghttp2-proxy is not installed."""
    return shutil.which("nghttpx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class TlsFront:
    """TLS and HTTP/2 in front of a Standin; a context manager.

    The proxy turns a reset or a truncated answer of the server into 502 or a stream reset.
    """

    def __init__(self, standin, directory, port=None, days=2):
        binary = find_nghttpx()
        if not binary:
            raise StandinError("nghttpx (package nghttp2-proxy) is not installed")
        self.ca_file, certificate, key = make_certificates(str(directory), days)
        self.port = port or _free_port()
        self.url = f"https://localhost:{self.port}"
        self.log_file = os.path.join(str(directory), "nghttpx.log")
        # The proxy has no pipe to notice our end by, so the kernel tells it.
        dies_with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        self._process = subprocess.Popen(
            dies_with_us
            + [binary, "--conf=/dev/null", "--single-process", "--workers=1"]
            + [f"--frontend=127.0.0.1,{self.port}", f"--frontend=127.0.0.2,{self.port}"]
            + [f"--backend=127.0.0.1,{standin.port}"]
            + [f"--errorlog-file={self.log_file}", "--log-level=WARN"]
            + ["--frontend-http2-read-timeout=1h", "--frontend-read-timeout=1h"]
            + ["--backend-read-timeout=1h", "--backend-write-timeout=1h"]
            + ["--stream-read-timeout=1h", "--stream-write-timeout=1h"]
            + ["--frontend-http2-max-concurrent-streams=1000"]
            + ["--backend-connections-per-frontend=0", "--no-location-rewrite"]
            + ["--no-ocsp", key, certificate],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_ready()

    def _wait_until_ready(self):
        context = ssl.create_default_context(cafile=self.ca_file)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        until = time.monotonic() + START_TIMEOUT
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as plain:
                    with context.wrap_socket(plain, server_hostname="localhost"):
                        return
            except OSError as error:
                status = self._process.poll()
                if status is None and time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                self.stop()
                raise StandinError(f"nghttpx is not ready (status {status})") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        return _end(self._process)
