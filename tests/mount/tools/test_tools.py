"""Real tools on a mount: docs/tools.md tells what they do, and is right."""

import dataclasses
import difflib
import os
import platform
import shutil

import pytest

from kit.needs import need_tools
from tools import page
from tools.bench import run_all
from tools.sections import SECTIONS
from tools.words import BAD

DOCUMENTED = "12"  # of Debian: the tools of others have other words, and lose nothing more
TABLES = "GHSECRETFS_TOOLS_TABLES"  # "write": the page is made anew


def is_documented_here():
    release = platform.freedesktop_os_release()
    return (release["ID"], release.get("VERSION_ID")) == ("debian", DOCUMENTED)


@pytest.mark.parametrize("title", SECTIONS)
def test_as_documented(mount, github, tmp_path, title):
    section = SECTIONS[title]
    if is_documented_here():
        need_tools(*{name for tool in section.tools for name in tool.needs})
    else:  # another Debian may lack one
        tools = [tool for tool in section.tools if all(map(shutil.which, tool.needs))]
        section = dataclasses.replace(section, tools=tools)
    found = page.cells(section.columns, run_all(mount, github, tmp_path, section))
    lines = page.table(section.columns, found)
    if os.environ.get(TABLES) == "write":
        page.write(title, lines)
    committed = page.read(title)
    if lines != committed and is_documented_here():
        diff = difflib.unified_diff(committed, lines, "docs/tools.md", "now", "", "", 0, "")
        pytest.fail("\n".join([*diff, "To make it anew: scripts/tools-table"]), pytrace=False)
    for tool, cells in found.items():
        loses = any(BAD in cell for cell in cells)
        if loses != bool(tool.loses) and (loses or is_documented_here()):
            pytest.fail(f"{tool.label}: is there a reason for {cells}?", pytrace=False)
