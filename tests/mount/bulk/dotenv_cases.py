"""Dotenv files, and the secrets that they are (docs/dotenv.md)."""

# What all readers take alike, of any age.
ALIKE = [
    # Statements
    (b"A=1", {"A": b"1"}),
    (b"A=1\nB=2\n", {"A": b"1", "B": b"2"}),
    (b"A=1\r\nB=2\r\n", {"A": b"1", "B": b"2"}),
    (b"A=1\n\n  # comment\n\tB=2\n#\n#C=3", {"A": b"1", "B": b"2"}),
    (b"A=x=y:z\nB==", {"A": b"x=y:z", "B": b"="}),
    (b"export A=1\nexport\tB=2\n  export  C = 3", {"A": b"1", "B": b"2", "C": b"3"}),
    (b"exportA=1\nexport=2", {"EXPORTA": b"1", "EXPORT": b"2"}),
    (b"A\t=\t1\t\n B = 2 \n", {"A": b"1", "B": b"2"}),
    (b"A=1\nB=2\nA=3\n", {"A": b"3", "B": b"2"}),
    (b"lower=1", {"LOWER": b"1"}),
    # Without quotes
    (b"A=\nB= \t\r\nC=1", {"A": b"", "B": b"", "C": b"1"}),
    (b"A=  one two\t \n", {"A": b"one two"}),
    (b"A=\xe2\x9c\x93 \xf0\x9f\x94\x91", {"A": "✓ 🔑".encode()}),
    (b"A=x\xc2\xa0y", {"A": b"x\xc2\xa0y"}),
    (b"A=it's \"so\"; `ls`", {"A": b"it's \"so\"; `ls`"}),
    (b"A=x\\\nB=1", {"A": b"x\\", "B": b"1"}),
    (b"A=x #y", {"A": b"x"}),
    (b"A=x\t# y", {"A": b"x"}),
    (b"A=x #y#z", {"A": b"x"}),
    (b"A=c2VjcmV0/+==\nB=a,b;(c)|{d}", {"A": b"c2VjcmV0/+==", "B": b"a,b;(c)|{d}"}),
    # In quotes
    (b"A=\"x\"\nB='x'", {"A": b"x", "B": b"x"}),
    (b"A=\"\"\nB=''\n", {"A": b"", "B": b""}),
    (b"A= \" x \" \nB=\t'\tx\t'\t\n", {"A": b" x ", "B": b"\tx\t"}),
    (b"A=\"x # y\" # z\nB='#'#z", {"A": b"x # y", "B": b"#"}),
    (b"A='x\n\ny\n'\nB=1", {"A": b"x\n\ny\n", "B": b"1"}),
    (b"A='x\n'\nB=\"\n\"", {"A": b"x\n", "B": b"\n"}),
    (b"A=\"x\r\ny\"\r\nB='x\r\ny'", {"A": b"x\ny", "B": b"x\ny"}),
    (b"A=\"x'y\"\nB='x\"y'", {"A": b"x'y", "B": b'x"y'}),
    (b"A='x\\ny'", {"A": b"x\\ny"}),
    (b"A='{\"k\": [1, \"v\\n\"]}'", {"A": b'{"k": [1, "v\\n"]}'}),
    (b"A='\xc2\xa0x\xe2\x80\x83'", {"A": b"\xc2\xa0x\xe2\x80\x83"}),
    # Dollars that nothing is expanded of
    (b"A=$\nB=x$\nC=\"$\"\nD=x$.y", {"A": b"$", "B": b"x$", "C": b"$", "D": b"x$.y"}),
    (b"A='$A \\$A'", {"A": b"$A \\$A"}),
]

# What three of the four present readers take alike, and who does not.
MOST = [
    ("gh", b"\xef\xbb\xbfA=1", {"A": b"1"}),
    ("python", b"A: 1\nB: 'x' # y\nC: x=y", {"A": b"1", "B": b"x", "C": b"x=y"}),
    ("python", b"A='$A ${A}'", {"A": b"$A ${A}"}),
    ("python", b"A='C:\\\\x it\\'s'", {"A": b"C:\\\\x it\\'s"}),
    ("ruby", b"A=x\\ny", {"A": b"x\\ny"}),
    ("ruby", b"A=x$y", {"A": b"x$y"}),
    ("ruby", b"A=$(ls)", {"A": b"$(ls)"}),
    ("ruby", b"A=\"x\\ny\\r\\nz\"", {"A": b"x\ny\r\nz"}),
    ("node", b"A=\"x\\\\ny\"", {"A": b"x\\ny"}),
    ("node", b"A=\"say \\\"so\\\" now\"", {"A": b'say "so" now'}),
    ("node", b"A=\"{\\\"k\\\": [1, \\\"v\\\"]}\"", {"A": b'{"k": [1, "v"]}'}),
    ("gh", b"A=b # c # d", {"A": b"b"}),
    ("python", b"A: x # it is c#", {"A": b"x"}),
]

# What gh refuses too, and the line that is at fault.
NO_DOTENV = [
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
    (b"A=\"x\"y\n", 1),
    (b"A='x\ny'z\n", 2),
    (b"A=\"\"\"x\"\"\"", 1),
    (b"A=x\n-----BEGIN KEY-----\n", 2),
    (b"A=x\nc2VjcmV0/HZhbHVl=\n", 2),
    (b"\xff\xfeA\0=\0001\0", 1),
]

# What is refused because it is no text, or readers take it for several things.
UNSURE = [
    (b"A=1\nB=x\xff", 2),
    (b"A=1\nB='\xed\xa0\x80'", 2),
    (b"A=1\n\nB=1\x002", 3),
    (b"A=1\rB=2\r", 1),
    (b"A=1\nB='x\ry'", 2),
    (b"A=\"x\"B=y", 1),
    (b"E=   # comment", 1),
    (b"A=#x", 1),
    (b"A=x#y", 1),
    (b"A=x#y # z", 1),
    (b"A=1\nB=$A", 2),
    (b"A=1\nB=\"${A}\"", 2),
    (b"A=pa$$WORD", 1),
    (b"A=$1", 1),
    (b"A=\\$A", 1),
    (b"A=\"\\$A\"", 1),
    (b"A=\"\\\\$A\"", 1),
    (b"A=\"x\\ty\"", 1),
    (b"A=\"\\q\"", 1),
    (b"A=\"\\u00e9\"", 1),
    (b"A=\"x\\\ny\"", 1),
    (b"A=\"C:\\\\x\\ny\"", 1),
    (b"A=\"say \\\"so\\\"\"", 1),
    (b"A='x\\''", 1),
    (b"A='${A}\\\\'\nB='$(x) it\\'s'", 1),
    (b"L=\"a\\\\\"\nM=\"2\"", 1),
    (b"L=\"a\\\\\"\nM=2", 1),
    (b'A="-\\\\"', 1),
    (b"A='\\\\'", 1),
    (b"B=1\nA='x\\\\'\n", 2),
    (b"A='x\\\\'\nB='y'", 1),
    (b"A: b # c # d", 1),
    (b"A=x\\y # c # d", 1),
    (b"A=$(ls) # c\xc2\xa0# d", 1),
    (b"A=\"x\\\\\" # \"\nB=1", 1),
    (b"A=`x`", 1),
    (b"A=`x\nB=y`", 1),
    (b"A:1", 1),
    (b"A : 1", 1),
    (b"A:\nB=1", 1),
    (b"A: 'x\ny'", 1),
    (b"A: ='x", 1),
    (b"export A=\nB=1", 1),
    (b"A=x\xc2\xa0", 1),
    (b"A=\xe2\x80\x83x", 1),
    (b"\xc2\xa0A=1", 1),
]

# A byte order mark, at which gh refuses the file, and what one more reads otherwise.
MARKED = [
    (b"\xef\xbb\xbfA: 1", 1),
    (b"\xef\xbb\xbfA=1\nB='${C}'", 2),
    (b"\xef\xbb\xbf# c\nA=x\\ny", 2),
]

# Pieces of random files that all readers take alike.
_NAMES = ["A", "B_2", "_c", "LONG_NAME_", "exports", "Export1", "x"]
_BLANKS = [b"", b"", b" ", b"\t", b"  "]
_BEGINS = [b"", b"", b"", b"export ", b"export\t ", b"  ", b"\n", b"# it's \"one\"\n", b"\r\n"]
_WORDS = [b"x", b"word", b"7", b"=", b":", b";", b"/+", b".", b",", "é".encode(), "🔑".encode()]
_PLAIN = [*_WORDS, b" ", b"\t", b"'", b'"', b"$.", b"`"]
_QUOTED = [*_WORDS, b"\n", b"\r\n", b" ", b"#", b" # ", b"$ ", b"\x07", "\u2003".encode()]


def _value(random):
    quote = random.choice([b"", b"'", b'"'])
    if not quote:
        return random.choice(_WORDS) + b"".join(random.choices(_PLAIN, k=random.randrange(8)))
    others = [b'"', b"\\n", b"$A", b"\\x"] if quote == b"'" else [b"'"]
    pieces = random.choices([*_QUOTED, *others], k=random.randrange(8))
    return quote + b"".join(pieces) + quote


def random_file(random):
    text = b""
    for _ in range(random.randint(1, 6)):
        blanks = [random.choice(_BLANKS) for _ in range(3)]
        name = random.choice(_NAMES).encode()
        end = random.choice([b"\n", b"\n", b"\r\n", b" # it's the end\n"])
        text += random.choice(_BEGINS) + name + blanks[0] + b"=" + blanks[1]
        text += _value(random) + blanks[2] + end
    return text
