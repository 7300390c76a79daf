"""GitHub's OpenAPI description as the check needs it: operations, and JSON Schema validators.

OpenAPI 3.0 is not quite JSON Schema: "nullable" becomes a type, references are put in place,
and the changes that a later version of the API brings are applied.
"""

import json
import pathlib

import jsonschema

DIRECTORY = pathlib.Path(__file__).parent

METHODS = ("get", "put", "delete")
OLDEST_VERSION = "2022-11-28"  # what GitHub takes when a request names none
CHANGES = "x-github-breaking-changes"

# Members of a request that GitHub's reference says are required, and the description does not.
ALSO_REQUIRED = {
    ("PUT", "/orgs/{org}/actions/secrets/{secret_name}"): ["encrypted_value", "key_id"],
}


def _load(name):
    return json.loads((DIRECTORY / name).read_text(encoding="utf-8"))


def load(enterprise=False):
    """The description of github.com, or of the newest Enterprise Server."""
    document = _load("github.json")
    if enterprise:
        over = _load("enterprise.json")
        document["paths"].update(over["paths"])
        for kind, items in over["components"].items():
            document["components"][kind].update(items)
    return document


def _merged(target, patch):
    """JSON Merge Patch, RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _patched(target, operations):
    """JSON Patch, RFC 6902, as far as GitHub uses it on objects."""
    result = json.loads(json.dumps(target))
    for operation in operations:
        *parents, last = [
            part.replace("~1", "/").replace("~0", "~")
            for part in operation["path"].split("/")[1:]
        ]
        node = result
        for part in parents:
            node = node[int(part) if isinstance(node, list) else part]
        if operation["op"] == "remove":
            del node[int(last) if isinstance(node, list) else last]
        elif operation["op"] == "replace" and isinstance(node, dict):
            node[last] = operation["value"]
        else:
            raise ValueError(f"a change that is not understood: {operation}")
    return result


def at_version(node, version):
    """The node with the changes that came up to that version, a date."""
    for change in node.get(CHANGES, []):
        if change["version"] <= version:
            apply = _patched if isinstance(change["patch"], list) else _merged
            node = apply(node, change["patch"])
    return node


class Operation:
    """A method of a path, and its validators."""

    def __init__(self, description, method, template, operation):
        self.method = method
        self.template = template
        self.parameters = {}
        for parameter in operation.get("parameters", []):
            parameter = description.resolve(parameter)
            self.parameters[parameter["in"], parameter["name"]] = parameter
        body = operation.get("requestBody")
        self.body_required = bool(body and body.get("required"))
        also = ALSO_REQUIRED.get((method, template), [])
        self.body = description.media(body, also) if body else None
        self.answers = {
            int(status): description.media(description.resolve(answer))
            for status, answer in operation["responses"].items()
        }


class Description:
    """All operations at one version of the API."""

    def __init__(self, document, version=OLDEST_VERSION):
        self._components = document["components"]
        self._version = version
        self._schemas = {}
        self.error = self._validator({"$ref": "#/components/schemas/basic-error"})
        self._operations = {}
        for template, item in document["paths"].items():
            parts = tuple(template.split("/")[1:])
            self._operations[parts] = {
                method.upper(): Operation(self, method.upper(), template, item[method])
                for method in METHODS
                if method in item
            }

    def operations(self):
        """("GET", "/user") and so on."""
        return {
            (operation.method, operation.template)
            for methods in self._operations.values()
            for operation in methods.values()
        }

    def find(self, parts):
        """The operations of a path by method, and its parameters; None where it has none."""
        found = None
        for template, methods in self._operations.items():
            if len(template) != len(parts):
                continue
            values = {}
            for name, part in zip(template, parts):
                if name.startswith("{") and part:
                    values[name[1:-1]] = part
                elif name != part:
                    break
            else:
                # A fixed name counts more than a {parameter}.
                if found is None or len(values) < len(found[1]):
                    found = methods, values
        return found or (None, {})

    def _component(self, reference):
        _, _, kind, name = reference.split("/")
        return at_version(self._components[kind][name], self._version)

    def resolve(self, node):
        return self._component(node["$ref"]) if "$ref" in node else node

    def media(self, holder, also_required=()):
        """{media type: validator} of a body or an answer."""
        return {
            media: self._validator(content["schema"], also_required)
            for media, content in holder.get("content", {}).items()
        }

    def _validator(self, schema, also_required=()):
        translated = dict(self._translated(schema))
        if also_required:
            translated["required"] = [*translated.get("required", []), *also_required]
        return jsonschema.Draft4Validator(translated)

    def _referenced(self, reference):
        if reference not in self._schemas:
            self._schemas[reference] = None  # a description that refers to itself fails
            self._schemas[reference] = self._translated(self._component(reference))
        if self._schemas[reference] is None:
            raise ValueError(f"{reference} refers to itself")
        return self._schemas[reference]

    def _translated(self, schema):
        if "$ref" in schema:
            return self._referenced(schema["$ref"])
        result = {
            key: schema[key]
            for key in ("type", "enum", "required", "pattern", "minimum", "maximum")
            + ("minLength", "maxLength", "minItems", "maxItems", "uniqueItems")
            if key in schema and schema[key] != []
        }
        if "properties" in schema:
            result["properties"] = {
                name: self._translated(item) for name, item in schema["properties"].items()
            }
            # What a description does not name is not there.
            result["additionalProperties"] = False
        more = schema.get("additionalProperties")
        if more is not None:
            result["additionalProperties"] = (
                self._translated(more) if isinstance(more, dict) else more
            )
        if "items" in schema:
            result["items"] = self._translated(schema["items"])
        if "allOf" in schema:
            raise ValueError("allOf, whose parts may not be closed one by one")
        for choice in {"anyOf", "oneOf"} & set(schema):
            result[choice] = [self._translated(item) for item in schema[choice]]
        return self._or_null(result) if schema.get("nullable") else result

    @staticmethod
    def _or_null(schema):
        if {"anyOf", "oneOf"} & set(schema):
            return {"anyOf": [schema, {"type": "null"}]}
        if "type" in schema:
            schema = {**schema, "type": [schema["type"], "null"]}
        if "enum" in schema:
            schema = {**schema, "enum": [*schema["enum"], None]}
        return schema
