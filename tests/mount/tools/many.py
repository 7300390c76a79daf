"""The tools of docs/tools.md that set a directory of secrets."""

from tools.tool import Tool, each, python

_MAKEFILE = "all: $(notdir $(wildcard $(DIR)/*))\n%: $(DIR)/%\n\tcp $< $@\n"

MANY = [
    *each(
        (
            "cp $DIR/* .",
            "cp -r $DIR/. .",
            "cp -a $DIR/. .",
            "mv $DIR/* .",
            "install -m 600 $DIR/* .",
            "for f in $DIR/*; do cp $f .; done",
            "for f in $DIR/*; do cp $f . & done; wait",
            "ls $DIR | xargs -P 8 -I{} cp $DIR/{} .",
            "ls $DIR | xargs -P 8 -I{} bash -c 'cat $DIR/{} > {}'",
            "tar -C $DIR -c . | tar -x",
        )
    ),
    Tool(
        "unzip -qo $WORK/values.zip",
        needs=("unzip",),
        prepare="(cd $DIR && $PYTHON -m zipfile -c $WORK/values.zip *)",
    ),
    Tool("(cd $DIR && ls | cpio --quiet -o) | cpio --quiet -iu", needs=("cpio",)),
    Tool("rsync -a $DIR/ .", needs=("rsync",)),
    Tool(
        "rsync -r --inplace $DIR/ .",
        needs=("rsync",),
        note="it ends at the first error of close",
    ),
    Tool("rsync -a --delete $DIR/ .", needs=("rsync",), mirrors=True),
    *(
        Tool(
            f"make {jobs} -s -k -f $WORK/script",
            shown=f"make {jobs} -k",
            needs=("make",),
            script=_MAKEFILE,
        )
        for jobs in ("-j 1", "-j 8")
    ),
    python("shutil.copytree(DIR, '.', dirs_exist_ok=True)"),
    Tool(
        "cp $WORK/prod.env .env",
        prepare="(cd $DIR && for f in *; do echo \"$f='$(cat $f)'\"; done) > prod.env",
    ),
]
