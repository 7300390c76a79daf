"""The tools of docs/tools.md that remove secrets."""

from tools.tool import Tool, each, node, perl, python

ONE = [
    Tool("rm $NAME"),
    Tool("rm -f $NAME"),
    Tool("rm -r $NAME"),
    Tool("unlink $NAME"),
    Tool("find . -name $NAME -delete"),
    Tool("find . -name $NAME -exec rm {} +"),
    Tool("ls | grep -x $NAME | xargs -r rm"),
    Tool("busybox rm $NAME", needs=("busybox",)),
    Tool("mv $NAME $WORK/", shown="mv NAME /elsewhere"),
    Tool("shred -u $NAME"),
    python("os.remove(NAME)"),
    python("pathlib.Path(NAME).unlink()"),
    node("fs.unlinkSync(NAME)"),
    node("fs.rmSync(NAME)"),
    perl("unlink($NAME) or die $!"),
]

ALL = [
    *each(
        (
            "rm *",
            "rm -r *",
            "rm -r ../secrets",
            "find . -type f -delete",
            "ls | xargs rm",
            "ls | xargs -P 8 -n 1 rm",
        )
    ),
    Tool("rsync -a --delete $DIR/ .", needs=("rsync",)),
    Tool(
        "$PYTHON -c \"import shutil; shutil.rmtree('.')\"",
        shown="Python: shutil.rmtree('.')",
    ),
]
