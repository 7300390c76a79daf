"""Real tools on a mount: docs/tools.md tells what they do, and is right."""

import difflib
import os

import pytest

import tools_page as page
from conftest import need_tools
from tools_bench import run_all
from tools_sections import SECTIONS
from tools_words import BAD

TABLES = "GHSECRETFS_TOOLS_TABLES"  # "write": the page is made anew


@pytest.mark.parametrize("title", SECTIONS)
def test_as_documented(mount, github, tmp_path, title):
    section = SECTIONS[title]
    need_tools(*{name for tool in section.tools for name in tool.needs})
    found = page.cells(section.columns, run_all(mount, github, tmp_path, section))
    lines = page.table(section.columns, found)
    if os.environ.get(TABLES) == "write":
        page.write(title, lines)
    committed = page.read(title)
    if lines != committed:
        diff = difflib.unified_diff(committed, lines, "docs/tools.md", "now", "", "", 0, "")
        pytest.fail("\n".join([*diff, "To make it anew: scripts/tools-table"]), pytrace=False)
    for tool, cells in found.items():
        loses = any(BAD in cell for cell in cells)
        assert loses == bool(tool.loses), f"{tool.label}: is there a reason for {cells}?"
