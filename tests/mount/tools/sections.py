"""The tables of docs/tools.md: which tools, in which cases, in which words."""

import dataclasses
import re
from collections.abc import Callable

from tools import cases, many, removing, writing
from tools.words import of_absence, of_failure, of_naming, of_success

TWELVE = [cases.TARGET, *(f"KEY_{number:02}" for number in range(2, 13))]
ONE_REFUSED = {"method": "PUT", "path": "/KEY_07", "count": -1, "status": 422}


# What the tools start from, and what should change: {name: value, a pattern of it, or None}


def one_value(run):
    case, tool = run.case, run.tool
    value = (cases.TEXTS if tool.text else cases.VALUES)[case.value]
    (run.files / case.target).write_bytes(value)
    size = str(len(cases.by_newline_rule(value)))
    run.env["SIZE"] = size
    if b"\0" not in value:
        run.env["VALUE"] = value.decode().removesuffix("\n")
    if tool.makes:
        value = re.compile(tool.makes.replace("SIZE", size))
    return {case.target: value}


def twelve_values(run):
    """The case's own name is among the files, if it is one more."""
    for name in {*TWELVE, run.case.target}:
        (run.files / name).write_text(f"the value of {name}\n", encoding="ascii")
    changes = {name: (run.files / name).read_bytes() for name in TWELVE}
    return {**changes, cases.OTHER: None} if run.tool.mirrors else changes


def one_gone(run):
    (run.files / run.case.target).touch()
    return {run.case.target: None}


def all_gone(_run):
    return {cases.OTHER: None, cases.TARGET: None}


@dataclasses.dataclass(frozen=True)
class Column:
    heading: str
    cases: list
    words: Callable


@dataclasses.dataclass(frozen=True)
class Section:
    tools: list
    columns: list
    give: Callable = one_value
    options: dict = dataclasses.field(default_factory=dict)


SETTING = [
    Column("new", cases.stored(False), of_success),
    Column("existing", cases.stored(True), of_success),
    Column("refused at open", cases.not_opened(), of_failure),
    Column("refused at close", cases.refused("PUT"), of_failure),
]

SETTING_AT_ONCE = [
    Column("new", cases.stored(False, ["10 B"]), of_success),
    Column("existing", cases.stored(True, ["10 B"]), of_success),
    Column("refused", cases.refused("PUT", value="10 B"), of_failure),
]

NAMING = [
    Column(f"`{name}`", [cases.Case(name, False, "10 B", name)], of_naming)
    for name in cases.BAD_NAMES
]

SETTING_MANY = [
    Column("twelve", [cases.Case("12")], of_success),
    Column("one is refused", [cases.Case("one", fault=ONE_REFUSED)], of_failure),
    Column("one more, `KEY-13`", [cases.Case("13", target="KEY-13")], of_failure),
]

REMOVING = [
    Column("existing", [cases.Case("rm")], of_success),
    Column("not there", [cases.Case("rm", exists=False)], of_absence),
    Column("refused", cases.refused("DELETE", states=[True]), of_failure),
]

REMOVING_ALL = [
    Column("all", [cases.Case("rm")], of_success),
    Column("refused", cases.refused("DELETE", states=[True]), of_failure),
]

SECTIONS = {
    "Shells": Section(writing.SHELL_FORMS, SETTING),
    "Filters": Section(writing.FILTERS, SETTING),
    "Copies": Section(writing.COPIES, SETTING),
    "Archives": Section(writing.ARCHIVES, SETTING),
    "Synchronizing": Section(writing.SYNCS, SETTING),
    "Editors": Section(writing.EDITORS, SETTING),
    "Keys": Section(writing.CRYPTO, SETTING),
    "Programs": Section(writing.PROGRAMS, SETTING),
    "Programs that replace": Section(
        writing.REPLACERS, SETTING, options={"replacers": "java:node:ruby:tclsh"}
    ),
    "make": Section(writing.MAKES, SETTING),
    "commit=write": Section(writing.AT_ONCE, SETTING_AT_ONCE, options={"commit": "write"}),
    "Names that no secret can have": Section(writing.NAMING, NAMING),
    "Many at once": Section(many.MANY, SETTING_MANY, twelve_values),
    "Removing one": Section(removing.ONE, REMOVING, one_gone),
    "Removing all": Section(removing.ALL, REMOVING_ALL, all_gone),
}
