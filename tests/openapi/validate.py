#!/usr/bin/env python3
"""Says where a journal of the stand-in differs from GitHub's OpenAPI description.

usage: tests/openapi/validate.py < JOURNAL

The journal is what GET /_standin/journal answers. README.md tells what is checked.
"""

import json
import re
import sys
import urllib.parse

import description

ENTERPRISE_PREFIX = "/api/v3"

# Others than the mount, who keep other habits in their headers and encode in other ways.
PEERS = ("GitHub CLI ", "standin-driver")

# Link headers and redirects use these forms, which the description does not have.
NUMBERED = {
    "repositories": ["repos", "{owner}", "{repo}"],
    "organizations": ["orgs", "{org}"],
    "user": ["users", "{username}"],
}

REDIRECTS = {301, 302, 307, 308}

# What any operation may answer, described or not. 400 is for an unknown API version.
ANYWHERE = REDIRECTS | {400, 401, 403, 404, 429}

# A segment of a path in which only what must be encoded is, and in upper case.
PLAIN = "[A-Za-z0-9._~-]"
NOT_PLAIN = "%(?!2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])[0-9A-F]{2}"
CANONICAL = re.compile(f"(?:{PLAIN}|{NOT_PLAIN})*")
# Unencoded, these two would be taken for steps in the tree.
DOTS = {".": "%2E", "..": "%2E%2E"}

DATE = re.compile(r"\d{4}-\d\d-\d\d")

MESSAGE_MAX = 300  # characters


class _Duplicate(ValueError):
    pass


def _unique(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Duplicate("a member is there twice")
    return result


def _schema_problems(validator, value):
    for error in validator.iter_errors(value):
        # Of alternatives, say what is wrong with the first.
        while error.context:
            error = min(error.context, key=lambda e: (e.schema_path[0], len(e.path)))
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        yield f"{where or 'it'}: {error.message[:MESSAGE_MAX]}"


def _json_problems(validators, headers, text):
    """What is wrong with the body of a request or an answer."""
    media = headers.get("content-type", "").split(";")[0].strip().lower()
    if media not in validators:
        return [f"the content type is {media or 'missing'}, and not {' or '.join(validators)}"]
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        return [f"the body is no JSON: {error}"]
    return list(_schema_problems(validators[media], value))


def _lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def _value_problem(schema, text):
    if schema.get("type") == "integer" and not re.fullmatch("-?[0-9]+", text):
        return f"{text!r} is no integer"
    if schema.get("type") == "boolean" and text not in ("true", "false"):
        return f"{text!r} is no boolean"
    if "enum" in schema and text not in schema["enum"]:
        return f"{text!r} is none of {', '.join(schema['enum'])}"
    return None


class Before:
    """What earlier answers of the journal allow."""

    def __init__(self):
        # An older server does not know the version, and is then asked without one.
        self.version_refused = False
        self._locations = set()

    def add(self, entry):
        self.version_refused = self.version_refused or entry["status"] == 400
        location = _lower(entry["response_headers"]).get("location")
        if entry["status"] in REDIRECTS and location:
            self._locations.add(location.split("?")[0] or location)

    def named(self, path):
        """A path out of a redirect is taken as it is; it may be absolute, or relative."""
        return any(at.endswith(path) or path.endswith(at) for at in self._locations)


class Checker:
    """Keeps what is costly to make, so one serves for many journals."""

    def __init__(self):
        self._documents = {}
        self._descriptions = {}
        self._passed = set()  # of answers, most of which come again and again

    def description(self, enterprise=False, version=description.OLDEST_VERSION):
        key = enterprise, version
        if key not in self._descriptions:
            if enterprise not in self._documents:
                self._documents[enterprise] = description.load(enterprise)
            document = self._documents[enterprise]
            self._descriptions[key] = description.Description(document, version)
        return self._descriptions[key]

    def problems(self, journal):
        """A line for each difference: "3: GET /user: …"."""
        found = []
        before = Before()
        for entry in journal:
            found += [
                f"{entry['n']}: {entry['method']} {entry['path']}: {problem}"
                for problem in self._entry_problems(entry, before)
            ]
            before.add(entry)
        return found

    def _entry_problems(self, entry, before):
        headers = _lower(entry["headers"])
        path, _, query = entry["path"].partition("?")
        enterprise = path.startswith(ENTERPRISE_PREFIX + "/")
        if enterprise:
            path = path[len(ENTERPRISE_PREFIX) :]
        version = headers.get("x-github-api-version", description.OLDEST_VERSION)
        described = self.description(enterprise, version)
        if not headers.get("user-agent", "").startswith(PEERS):
            yield from self._rule_problems(path, headers, before)
        methods, values = described.find(self._named(path.split("/")[1:]))
        if methods is None:
            # The first request shows whether a URL is an API's at all, and so may miss.
            if not (path.endswith("/user") and entry["status"] == 404):
                yield "there is no such path"
            return
        operation = methods.get(entry["method"])
        if not operation:
            yield f"this path has {' and '.join(methods)} only"
            return
        yield from self._parameter_problems(operation, values, query)
        if entry["status"] == 0 and not entry["body"]:
            return  # it ended before its body came
        yield from self._body_problems(operation, entry, headers)
        if entry["status"] != 0 and entry["fault"] is None:
            yield from self._answer_problems(described, operation, entry, headers)

    @staticmethod
    def _named(parts):
        if len(parts) > 1 and parts[0] in NUMBERED and parts[1].isdecimal():
            return [*NUMBERED[parts[0]], *parts[2:]]
        return parts

    @staticmethod
    def _rule_problems(path, headers, before):
        """Rules that a description of operations has no words for."""
        if not headers.get("user-agent"):
            yield "no User-Agent"
        if headers.get("accept") != "application/vnd.github+json":
            yield f"Accept is {headers.get('accept')!r}"
        version = headers.get("x-github-api-version")
        if not (before.version_refused if version is None else DATE.fullmatch(version)):
            yield f"X-GitHub-Api-Version is {version!r}"
        if before.named(path):
            return
        for part in path.split("/")[1:]:
            if part in DOTS or not (CANONICAL.fullmatch(part) or part in DOTS.values()):
                yield f"{part!r} is not how a path is encoded"

    @staticmethod
    def _parameter_problems(operation, values, query):
        pairs = [
            ("path", name, urllib.parse.unquote(value))
            for name, value in values.items()
            if value != f"{{{name}}}"  # a numbered path says none
        ]
        pairs += [
            ("query", name, value)
            for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True)
        ]
        seen = set()
        for place, name, value in pairs:
            parameter = operation.parameters.get((place, name))
            if parameter is None:
                yield f"there is no parameter {name!r}"
                continue
            problem = _value_problem(parameter["schema"], value)
            if problem:
                yield f"parameter {name!r}: {problem}"
            elif name == "per_page" and not 1 <= int(value) <= 100:
                yield f"parameter {name!r}: {value} is not in 1 to 100"
            elif name == "page" and int(value) < 1:
                yield f"parameter {name!r}: {value} is no page"
            if (place, name) in seen:
                yield f"parameter {name!r} is there twice"
            seen.add((place, name))
        for (place, name), parameter in operation.parameters.items():
            if place == "query" and parameter.get("required") and (place, name) not in seen:
                yield f"parameter {name!r} is missing"

    @staticmethod
    def _body_problems(operation, entry, headers):
        if operation.body is None:
            if entry["body"]:
                yield "it has a body, and should have none"
            elif entry["method"] == "PUT" and "via" not in headers:
                # HTTP/2 needs none, and a proxy in between does not make one up.
                if headers.get("content-length") != "0":
                    yield "a PUT without a body needs Content-Length: 0"
        elif entry["body"]:
            for problem in _json_problems(operation.body, headers, entry["body"]):
                yield f"in the body, {problem}"
        elif operation.body_required:
            yield "it has no body"

    def _answer_problems(self, described, operation, entry, request_headers):
        status, media = entry["status"], entry["response_headers"].get("Content-Type")
        key = (id(operation), status, media, hash(entry["response_body"]))
        if key in self._passed and status != 304:
            return
        problems = list(self._fresh_answer_problems(described, operation, entry, request_headers))
        if not problems:
            self._passed.add(key)
        yield from (f"answer {status}: {problem}" for problem in problems)

    @staticmethod
    def _fresh_answer_problems(described, operation, entry, request_headers):
        status, text = entry["status"], entry["response_body"]
        headers = _lower(entry["response_headers"])
        if status == 304:
            if "if-none-match" not in request_headers:
                yield "nobody asked whether it changed"
            if text:
                yield "it has a body"
            return
        is_described = status in operation.answers
        may_be = status in ANYWHERE or status >= 500 or (status == 422 and operation.body)
        if operation.answers.get(status) or (is_described and status < 400):
            expected = operation.answers[status]
        elif is_described or may_be:
            # All errors look alike, also where no body is described. Some come from in front
            # of the API, and are HTML.
            is_json = headers.get("content-type", "").startswith("application/json")
            expected = {"application/json": described.error} if is_json else None
        else:
            yield f"only {', '.join(map(str, operation.answers))} are described"
            return
        if expected is None:
            return
        if not expected:
            if text:
                yield "it has a body, and should have none"
        elif entry["response_size"] == len(text.encode("utf-8", "surrogatepass")):
            yield from _json_problems(expected, headers, text)


def main():
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    found = Checker().problems(json.load(sys.stdin)["requests"])
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
