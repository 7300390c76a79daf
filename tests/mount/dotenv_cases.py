"""Dotenv files, and the secrets that they are: for gh, and for `.env` in the mount."""

# What both read alike.
ALIKE = [
    # Statements
    (b"A=1", {"A": b"1"}),
    (b"A=1\nB=2\n", {"A": b"1", "B": b"2"}),
    (b"A=1\r\nB=2\r\n", {"A": b"1", "B": b"2"}),
    (b"A=1\rB=2\r", {"A": b"1", "B": b"2"}),
    (b"A=1\n\n  # comment\n\tB=2\n#\n#C=3", {"A": b"1", "B": b"2"}),
    (b"A: 1\nB:2\nC : x=y", {"A": b"1", "B": b"2", "C": b"x=y"}),
    (b"A=x=y:z", {"A": b"x=y:z"}),
    (b"export A=1\nexport\tB=2\n  export  C = 3", {"A": b"1", "B": b"2", "C": b"3"}),
    (b"exportA=1\nexport=2", {"EXPORTA": b"1", "EXPORT": b"2"}),
    (b"A\t=\t1\t\n B = 2 \n", {"A": b"1", "B": b"2"}),
    (b"\xc2\xa0A\xc2\xa0=\xc2\x851", {"A": b"1"}),
    (b"\xe3\x80\x80\nA=1\n\xe2\x80\x83B=2", {"A": b"1", "B": b"2"}),
    (b"A=1\nB=2\nA=3\n", {"A": b"3", "B": b"2"}),
    (b"lower=1", {"LOWER": b"1"}),
    # Without quotes
    (b"A=", {"A": b""}),
    (b"A=\nB= \t\r\nC=1", {"A": b"", "B": b"", "C": b"1"}),
    (b"A=  one two\t \n", {"A": b"one two"}),
    (b"A=\v1\f\xc2\xa0\xc2\x85\n", {"A": b"1"}),
    (b"A=1\vB=2", {"A": b"1\vB=2"}),
    (b"A=1\xe2\x80\x83\n", {"A": b"1\xe2\x80\x83"}),
    (b"A=\rB=2", {"A": b"B=2"}),
    (b"A=\xe2\x9c\x93 \xf0\x9f\x94\x91", {"A": "✓ 🔑".encode()}),
    (b"A=it's \"so\"; `ls`", {"A": b"it's \"so\"; `ls`"}),
    (b"A=x\\ny\\", {"A": b"x\\ny\\"}),
    (b"A=x\\\nB=1", {"A": b"x\\", "B": b"1"}),
    (b"A=x#y", {"A": b"x#y"}),
    (b"A=x #y", {"A": b"x"}),
    (b"A=x\t# y\nB=x\xc2\xa0#y\nC=x\xc2\x85#y", {"A": b"x", "B": b"x", "C": b"x"}),
    (b"A=x # y # z", {"A": b"x # y"}),
    (b"A=x #y#z", {"A": b"x"}),
    (b"A=#x\nB= # x\nC=# x # y", {"A": b"#x", "B": b"# x", "C": b"# x"}),
    (b"A=1\x002", {"A": b"1\x002"}),
    # In quotes
    (b"A=\"x\"\nB='x'", {"A": b"x", "B": b"x"}),
    (b"A=\"\"\nB=''\n", {"A": b"", "B": b""}),
    (b"A= \" x \" \nB=\t'\tx\t'\t\n", {"A": b" x ", "B": b"\tx\t"}),
    (b"A=\"x # y\" # z\nB='#'#z", {"A": b"x # y", "B": b"#"}),
    (b"A=\"x\"B=y\nC='x' D=y", {"A": b"x", "B": b"y", "C": b"x", "D": b"y"}),
    (b"A='x\n\ny\n'\nB=1", {"A": b"x\n\ny\n", "B": b"1"}),
    (b"A='x\n'\nB=\"\n\"\nC=\"x\\n\"", {"A": b"x\n", "B": b"\n", "C": b"x\n"}),
    (b"A=\"x\r\ny\r\r\n\"\r\nB='x\ry'", {"A": b"x\ny\r\n", "B": b"x\ry"}),
    (b"A=\"x'y\"\nB='x\"y'", {"A": b"x'y", "B": b'x"y'}),
    (b"A=\"x\\ny\\r\\nz\"", {"A": b"x\ny\r\nz"}),
    (b"A=\"\\q\\t\\u00e9\\\\\\'\\\xc3\xa9\"", {"A": b"qtu00e9\\'\xc3\xa9"}),
    (b"A=\"x\\\\ny\"", {"A": b"x\\ny"}),
    (b"A=\"x\\\ny\\\r\nz\"", {"A": b"x\ny\nz"}),
    (b"A=\"say \\\"so\\\" now\"", {"A": b'say "so" now'}),
    (b"A=\"x\\\\\" # \"\nB=1", {"A": b'x\\" # ', "B": b"1"}),
    (b"A='x\\ny \\\\ it\\'s'", {"A": b"x\\ny \\\\ it\\'s"}),
    (b"A=\"x\x00y\"\nB='\xff'\nC=\"\xff\\\xfe\"", {"A": b"x\0y", "B": b"\xff", "C": b"\xff\xfe"}),
    (b"A=\"{\\\"k\\\": [1, \\\"v\\\"]}\"", {"A": b'{"k": [1, "v"]}'}),
    # Dollars that nothing is expanded of
    (b"A=$\nB=x$\nC=\"$\"\nD=x$y", {"A": b"$", "B": b"x$", "C": b"$", "D": b"x$y"}),
    (b"A='$A ${A} \\$A'", {"A": b"$A ${A} \\$A"}),
    (b"A=\\$A\\${A}\\$", {"A": b"$A${A}$"}),
    (b"A=\"\\$A\\${A}\\$\"", {"A": b"$A${A}$"}),
    (b"A=\\\\$a\nB=\"\\\\\\$B\"", {"A": b"\\$a", "B": b"\\$B"}),
]

# What both refuse, and the line that is at fault.
REFUSED = [
    (b"A", 1),
    (b"A\n", 1),
    (b"B=1\r\n\r\nA \r\n", 3),
    (b"=1\n", 1),
    (b"export =1", 1),
    (b"export = 1", 1),
    (b"export export A=1", 1),
    (b"export\nA=1", 1),
    (b"export \nA=1", 1),
    (b"A B=1", 1),
    (b"A.B=1", 1),
    (b"A-B=1", 1),
    (b"1A=1", 1),
    (b"A\xc3\xa9=1", 1),
    (b"A\xe2\x80\x83=1", 1),
    (b"A\0=1", 1),
    (b"GITHUB_A=1", 1),
    (b"---\nA=1", 1),
    (b"A='", 1),
    (b"\nA=\"x\nB=1\n", 2),
    (b"A='x\\'", 1),
    (b"A=\"C:\\\\x\\\\\"\n", 1),
    (b"A=\"x\"y\n", 1),
    (b"A='x\ny'z\n", 2),
    (b"A=\"\"\"x\"\"\"", 1),
    (b"A=x\n-----BEGIN KEY-----\n", 2),
    (b"A=x\nc2VjcmV0/HZhbHVl=\n", 2),
    (b"\xff\xfeA\0=\0001\0", 1),
]

# What is read otherwise by intent: by the mount, and by gh. tree/dotenv.h has the reasons.
DIFFERENT = [
    (b"A=1\nB=$A", {"A": b"1", "B": b"$A"}, {"A": b"1", "B": b"1"}),
    (b"A=1\nB=\"${A}$A\"", {"A": b"1", "B": b"${A}$A"}, {"A": b"1", "B": b"11"}),
    (b"A=pa$$WORD", {"A": b"pa$$WORD"}, {"A": b"pa$"}),
    (b"A=\"\\\\$A\"", {"A": b"\\$A"}, {"A": b"$A"}),
    (b"A=\"say \\\"so\\\"\"", {"A": b'say "so"'}, {"A": b'say "so\\'}),
    (b"A='x\\''", {"A": b"x\\'"}, {"A": b"x\\"}),
    (b"A=x\xff", {"A": b"x\xff"}, {"A": b"x\xef\xbf\xbd"}),
    (b"\xef\xbb\xbfA=1", {"A": b"1"}, None),
]

# Pieces of random files.
_NAMES = ["A", "B_2", "_c", "LONG_NAME_", "exports", "Export1", "x"]
_BLANKS = [b"", b"", b" ", b"\t", b"  ", b"\xc2\xa0"]
_BEGINS = [b"", b"", b"", b"export ", b"export\t ", b"  ", b"\n", b"# it's \"one\"\n", b"\r\n"]
_WORDS = [b"x", b"word", b"7", b"=", b":", b";", b"/+", b".", b",", "é".encode(), "🔑".encode()]
_PLAIN = [*_WORDS, b" ", b"\t", b"#", b" # ", b"'", b'"', b"\\", b"\\n", b"\\$", b"\0"]
_LINE_ENDS = [b"\n", b"\r\n", b"\r"]
_QUOTED = [*_WORDS, *_LINE_ENDS, b" ", b"#", b" # ", b"\xff", b"\\n", b"\\r", b"\\\\", b"\\q"]


def _plain(random):
    return b"".join(random.choices(_PLAIN, k=random.randrange(8)))


def _quoted(random, quote, others):
    # The x: a quote after a backslash does not close, and one after an escaped quote is special.
    pieces = random.choices([*_QUOTED, *others], k=random.randrange(8))
    return quote + b"".join(pieces) + b"x" + quote


def _value(random):
    kind = random.randrange(3)
    if kind == 0:
        return random.choice(_WORDS) + _plain(random)
    if kind == 1:
        return _quoted(random, b"'", [b'"', b"\\'", b"\\x", b"$", b"\\$"])
    return _quoted(random, b'"', [b"'", b'\\"', b"\\\n", b"x\\$", b"\\'"])


def random_file(random):
    """A file that both take, without what is read otherwise by intent."""
    text = b""
    for _ in range(random.randint(1, 6)):
        blanks = [random.choice(_BLANKS) for _ in range(3)]
        name = random.choice(_NAMES).encode()
        equals = random.choice([b"=", b"=", b"=", b":"])
        end = random.choice([b"\n", b"\n", b"\r\n", b" # it's the end\n"])
        text += random.choice(_BEGINS) + name + blanks[0] + equals + blanks[1]
        text += _value(random) + blanks[2] + end
    return text
