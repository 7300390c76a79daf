"""The tables of docs/tools.md: made of what was seen, read, and written."""

import pathlib
import textwrap

from tools.words import merged

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "tools.md"
WIDTH = 98  # of text


def cells(columns, seen):
    """{tool: its cells}"""
    found = {}
    for each in seen:
        found.setdefault(each.tool, {})[each.case] = each
    return {
        tool: tuple(
            merged([(case, column.words(of_case[case])) for case in column.cases])
            for column in columns
        )
        for tool, of_case in found.items()
    }


def _row(label, shells, rest):
    by = f" ({', '.join(shells)})" if any(shells) else ""
    return " | ".join(cell.replace("|", "\\|") for cell in (f"`{label}`{by}", *rest))


def _item(text):
    return textwrap.wrap(
        text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def table(columns, found):
    """The lines of it. What several shells do alike is one row."""
    rows, notes = {}, {}
    for tool, rest in found.items():
        rows.setdefault((tool.label, rest), []).append(tool.shell)
        if tool.note or tool.loses:
            notes[tool.label] = tool.note or tool.loses
    headings = " | ".join(column.heading for column in columns)
    return [
        f"| | {headings} |",
        "|---" * (len(columns) + 1) + "|",
        *(f"| {_row(label, shells, rest)} |" for (label, rest), shells in rows.items()),
        *([""] if notes else []),
        *(line for label, note in notes.items() for line in _item(f"- `{label}`: {note}")),
    ]


def _markers(title):
    return f"<!-- {title} -->\n", "\n<!-- end -->"


def read(title):
    """The lines of the table, as they are on the page."""
    begin, end = _markers(title)
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    return rest.partition(end)[0].splitlines()


def write(title, lines):
    begin, end = _markers(title)
    before, found, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    assert found, f"{PAGE} has no table {title}"
    _, found, after = rest.partition(end)
    assert found, f"{PAGE}: the table {title} does not end"
    PAGE.write_text(before + begin + "\n".join(lines) + end + after, encoding="utf-8")
