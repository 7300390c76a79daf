"""What a tool of docs/tools.md is: a command line, and what the tables call it.

It runs in a directory of secrets, with these variables:

    NAME    the secret's name
    FILE    a file with the value, $DIR/$NAME
    VALUE   the value without its last line end, where it is text
    SIZE    its length
    DIR     where FILE is; for tools that set many, a file for each secret
    WORK    a place for what is prepared; the script is there
    PYTHON  this Python
"""

import dataclasses
import re

SHELLS = ("bash", "dash", "zsh", "mksh", "busybox sh")


@dataclasses.dataclass(frozen=True)
class Tool:
    """A row, or a part of one: what several shells do alike is one row."""

    command: str
    shown: str = ""  # instead of the command
    shell: str = ""  # bash, where it doesn't matter
    needs: tuple = ()  # programs that a machine may lack
    prepare: str = ""  # run before it, in WORK
    script: str = ""
    text: bool = False  # it takes text only
    makes: str = ""  # the pattern of the value, where the tool makes its own
    mirrors: bool = False  # it removes what DIR does not have
    note: str = ""
    loses: str = ""  # why a failure is not seen, or the old value not kept

    @property
    def label(self):
        return self.shown or re.sub(r"\$WORK/|\$(?=(NAME|FILE|DIR|PWD)\b)", "", self.command)


def in_shells(command, shells=SHELLS, **more):
    return [Tool(command, shell=shell, needs=(shell.split()[0],), **more) for shell in shells]


def each(commands, **more):
    return [Tool(command, **more) for command in commands]


def _script(language, command, label, lines, to, **more):
    return Tool(
        f"{command} $WORK/script {to}".rstrip(),
        shown=f"{language}: {label} {to.replace('$', '')}".rstrip(),
        script="\n".join(lines),
        **more,
    )


def python(label, code="", to="", **more):
    """Without code, the label is the code. Likewise below."""
    lines = (
        "import os, pathlib, shutil, tempfile",
        "NAME, FILE, DIR = map(os.environ.get, ('NAME', 'FILE', 'DIR'))",
        "value, text = pathlib.Path(FILE).read_bytes(), os.environ.get('VALUE')",
        code or label,
    )
    return _script("Python", "$PYTHON", label, lines, to, **more)


def node(label, code="", to="", **more):
    lines = (
        "const fs = require('fs'), {NAME, FILE, VALUE} = process.env;",
        "const value = fs.readFileSync(FILE);",
        code or label,
    )
    return _script("Node", "node", label, lines, to, needs=("node",), **more)


def perl(label, code="", to="", **more):
    lines = (
        "use strict; use File::Copy; my ($NAME, $FILE) = @ENV{qw(NAME FILE)};",
        "open(my $in, '<', $FILE) or die; my $value = do { local $/; <$in> };",
        code or label,
    )
    return _script("Perl", "perl", label, lines, to, needs=("perl",), **more)


def ruby(label, code="", to="", **more):
    lines = (
        "require 'fileutils'; require 'tempfile'",
        "NAME, FILE = ENV.values_at('NAME', 'FILE')",
        "value = File.binread(FILE)",
        code or label,
    )
    return _script("Ruby", "ruby", label, lines, to, needs=("ruby",), **more)


def tcl(label, code="", to="", **more):
    lines = ("set NAME $env(NAME)", "set FILE $env(FILE)", code or label)
    return _script("Tcl", "tclsh", label, lines, to, needs=("tclsh",), **more)


# Compiled once for all cases: that takes longer than the tool.
_JAVAC = """flock ../../lock sh -c 'test -e ../../Script.class || {
    cp script ../../Script.java && javac -J-XX:-UsePerfData -d ../.. ../../Script.java; }'"""


def java(label, code="", **more):
    """There can be one in a section."""
    lines = (
        "import java.nio.file.*;",
        "class Script { public static void main(String[] a) throws Exception {",
        '    Path NAME = Path.of(System.getenv("NAME")), FILE = Path.of(System.getenv("FILE"));',
        f"    {code or label}",
        "} }",
    )
    return Tool(
        "java -XX:-UsePerfData -XX:TieredStopAtLevel=1 -cp $WORK/../.. Script",
        shown=f"Java: {label}",
        script="\n".join(lines),
        needs=("java", "javac"),
        prepare=_JAVAC,
        **more,
    )
