"""The tools of docs/tools.md that set a secret."""

from tools.tool import Tool, each, in_shells, java, node, perl, python, ruby, tcl

_TO_TAR = "tar -C $DIR -cf value.tar $NAME"
_TO_CPIO = "(cd $DIR && echo $NAME | cpio --quiet -o) > value.cpio"
_UNSEEN = "it does not look at its close"
_TO_ZIP = "$PYTHON -m zipfile -c value.zip $FILE"
_TO_GIT = (
    "git init -q . && git --work-tree=$DIR add $NAME && "
    "git -c user.name=x -c user.email=x@example.com commit -qm x"
)
_TO_AGE = "age-keygen -o key 2> log && age -r $(age-keygen -y key) -o value.age $FILE"
_BUSYBOX = "it removes the old file first, and can't be told from `busybox rm`"
_SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n(.*\n)+-----END OPENSSH PRIVATE KEY-----\n"
_GPG = "gpg -q --batch --no-autostart --passphrase x"

SHELL_FORMS = [
    *in_shells('echo "$VALUE" > $NAME', text=True),
    *in_shells('echo "$VALUE" > $NAME && sync $NAME', text=True),
    *in_shells('echo "$VALUE" >> $NAME', text=True),
    *in_shells("printf '%s\\n' \"$VALUE\" > $NAME", text=True),
    *in_shells("cat $FILE > $NAME"),
    *in_shells("cat > $NAME <<END\n$VALUE\nEND", shown="cat > NAME <<END", text=True),
    *in_shells('cat > $NAME <<< "$VALUE"', ("bash", "zsh", "mksh"), text=True),
    *in_shells("{ head -c 5 $FILE; tail -c +6 $FILE; } > $NAME"),
    *in_shells(
        "{ printf '%.5s' \"$VALUE\"; env true; echo \"${VALUE#?????}\"; } > $NAME",
        shown='{ printf %s "$A"; env true; echo "$B"; } > NAME',
        text=True,
    ),
    *in_shells("(cat $FILE) > $NAME"),
    *in_shells(
        "cat $FILE > .$NAME.new && mv .$NAME.new $NAME", shown="cat FILE > .new && mv .new NAME"
    ),
    *in_shells('exec 5> $NAME; echo "$VALUE" >&5; exec 5>&-', text=True),
    *in_shells('while read -r line; do echo "$line"; done < $FILE > $NAME', text=True),
    *in_shells('set -C; echo "$VALUE" > $NAME', text=True),
]

FILTERS = [
    Tool("cat $FILE | cat > $NAME"),
    Tool("tee $NAME < $FILE > /dev/null"),
    Tool("tee -a $NAME < $FILE > /dev/null"),
    Tool("sponge $NAME < $FILE", needs=("sponge",)),
    Tool("sed '' $FILE > $NAME", text=True),
    Tool("grep '' $FILE > $NAME", text=True),
    Tool("gawk 1 $FILE > $NAME", needs=("gawk",), text=True),
    Tool("gawk '{ print > ENVIRON[\"NAME\"] }' $FILE", needs=("gawk",), text=True),
    Tool("mawk 1 $FILE > $NAME", needs=("mawk",), text=True),
    Tool("sort -s -k 99 -o $NAME $FILE", text=True),
    Tool(
        "jq -j . $WORK/value.json > $NAME",
        needs=("jq",),
        prepare="jq -Rs . < $FILE > value.json",
        text=True,
    ),
    Tool("base64 -d $WORK/value.b64 > $NAME", prepare="base64 $FILE > value.b64"),
    Tool("xz -dc $WORK/value.xz > $NAME", needs=("xz",), prepare="xz -c $FILE > value.xz"),
    Tool(
        "zstd -q -d -f -o $NAME $WORK/value.zst",
        needs=("zstd",),
        prepare="zstd -q -o value.zst $FILE",
    ),
    Tool("curl -s file://$FILE > $NAME", needs=("curl",)),
    Tool("curl -s -o $NAME file://$FILE", needs=("curl",)),
    Tool(
        "curl -s --remove-on-error -o $NAME file://$FILE",
        needs=("curl",),
    ),
    Tool(
        "git --git-dir=$WORK/.git show HEAD:$NAME > $NAME",
        shown="git show HEAD:NAME > NAME",
        needs=("git",),
        prepare=_TO_GIT,
    ),
]

COPIES = [
    *each(
        (
            "cp $FILE $NAME",
            "cp -f $FILE $NAME",
            "cp -p $FILE $NAME",
            "cp -a $FILE $NAME",
            "cp -u $FILE $NAME",
            "cp --remove-destination $FILE $NAME",
            "cp -b $FILE $NAME",
            "cp -s $FILE $NAME",
            "ln -sf $FILE $NAME",
            "mv $FILE $NAME",
            "mv -f $FILE .",
            "install $FILE $NAME",
            "install -m 600 $FILE .",
            "install -C $FILE $NAME",
            "install -b $FILE $NAME",
        )
    ),
    Tool("scp -q $FILE $NAME", needs=("scp",)),
    *each(
        (
            "busybox cp $FILE $NAME",
            "busybox cp -a $FILE $NAME",
            "busybox tee $NAME < $FILE > /dev/null",
            "busybox dd if=$FILE of=$NAME 2> /dev/null",
        ),
        needs=("busybox",),
    ),
    Tool(
        "install -s $FILE $NAME",
        note="strip cannot read the value; what install then removes is kept, since install fails",
    ),
    Tool("busybox mv $FILE $NAME", needs=("busybox",), loses=_BUSYBOX),
    *each(
        (
            "dd status=none if=$FILE of=$NAME",
            "dd status=none if=$FILE of=$NAME bs=1",
            "dd status=none if=$FILE of=$NAME bs=4K",
            "dd status=none if=$FILE of=$NAME bs=1M",
            "dd status=none if=$FILE of=$NAME bs=1M oflag=direct",
            "dd status=none if=$FILE of=$NAME bs=1M oflag=append",
            "dd status=none if=$FILE of=$NAME conv=notrunc",
            "dd status=none if=$FILE of=$NAME conv=fsync",
        )
    ),
    Tool("t=$(mktemp ./tmp.XXXXXXXX) && cat $FILE > $t && mv $t $NAME"),
    Tool("t=$(mktemp -p .) && cp $FILE $t && mv -f $t $NAME"),
    Tool("cp $FILE .$NAME.new && mv -f .$NAME.new $NAME", shown="cp FILE .new && mv .new NAME"),
]

ARCHIVES = [
    *each(
        (
            "tar -xf $WORK/value.tar",
            "tar -xpf $WORK/value.tar",
            "tar --overwrite -xf $WORK/value.tar",
            "tar --unlink-first -xf $WORK/value.tar",
        ),
        prepare=_TO_TAR,
    ),
    Tool("unzip -qo $WORK/value.zip", needs=("unzip",), prepare=_TO_ZIP),
    *each(
        ("cpio --quiet -i < $WORK/value.cpio", "cpio --quiet -iu < $WORK/value.cpio"),
        needs=("cpio",),
        prepare=_TO_CPIO,
    ),
    Tool(
        "bsdtar -xf $WORK/value.tar",
        needs=("bsdtar",),
        prepare=_TO_TAR,
        note=_UNSEEN,
    ),
    Tool(
        "bsdcpio --quiet -iu < $WORK/value.cpio",
        needs=("bsdcpio", "cpio"),
        prepare=_TO_CPIO,
        note=_UNSEEN,
    ),
    Tool("pax -r < $WORK/value.tar", needs=("pax",), prepare=_TO_TAR),
    *(
        Tool(
            f"{program} x -y -bd $WORK/value.7z > $WORK/log",
            shown=f"{program} x -y value.7z",
            needs=(program,),
            prepare=f"{program} a -bd value.7z $FILE > log",
        )
        for program in ("7z", "7za", "7zr", "7zz")
    ),
    Tool(
        "busybox tar -xf $WORK/value.tar",
        needs=("busybox",),
        prepare=_TO_TAR,
        loses=_BUSYBOX,
    ),
    Tool("busybox unzip -qo $WORK/value.zip", needs=("busybox",), prepare=_TO_ZIP),
    Tool(
        "$PYTHON -m tarfile -e $WORK/value.tar .",
        shown="python3 -m tarfile -e value.tar .",
        prepare=_TO_TAR,
    ),
    Tool(
        "$PYTHON -m zipfile -e $WORK/value.zip .",
        shown="python3 -m zipfile -e value.zip .",
        prepare=_TO_ZIP,
    ),
    Tool(
        "git --git-dir=$WORK/.git --work-tree=. checkout -q -f -- $NAME",
        shown="git checkout -f -- NAME",
        needs=("git",),
        prepare=_TO_GIT,
        note="when its close fails it tries again, and no longer looks",
    ),
]

SYNCS = [
    *each(
        (
            "rsync $FILE $NAME",
            "rsync -a $FILE $NAME",
            "rsync -ac $FILE $NAME",
            "rsync -au $FILE $NAME",
            "rsync -a --inplace $FILE $NAME",
            "rsync -a --append $FILE $NAME",
            "rsync -a --partial $FILE $NAME",
            "rsync -a --fsync $FILE $NAME",
            "rsync -a --backup $FILE $NAME",
        ),
        needs=("rsync",),
    ),
    Tool(
        "rsync -a --temp-dir=$WORK $FILE $NAME",
        shown="rsync -a --temp-dir=/elsewhere FILE NAME",
        needs=("rsync",),
        loses="what it can't rename it copies, and for that removes the old file first",
    ),
    Tool(
        "rsync -a --delay-updates $FILE $NAME",
        needs=("rsync",),
        note="it can't make its directory, says so, and drops the value",
    ),
    # Its plugins would look for their files among the secrets.
    Tool(
        "cd $WORK && ANSIBLE_REMOTE_TMP=$WORK ansible localhost -c local"
        ' -e ansible_python_interpreter=$PYTHON -m copy -a "src=$FILE dest=$OLDPWD/$NAME"',
        shown="ansible -m copy -a 'src=FILE dest=NAME'",
        needs=("ansible",),
        note="to replace a secret it wants to read it, or takes the secret's mode for its own"
        " copy, which it can't read any more; remove the secret first",
    ),
    *(
        Tool(
            f"rclone --retries 1 --low-level-retries 1 {command}",
            shown=f"rclone {command}".replace("$PWD/", "").replace("$PWD", ".").replace("$", ""),
            needs=("rclone",),
        )
        for command in (
            "copyto $FILE $PWD/$NAME",
            "copy $FILE $PWD",
            "rcat $PWD/$NAME < $FILE",
        )
    ),
]

EDITORS = [
    *(
        Tool(
            f"vim -es -u NONE -N {file} <<END\n{commands}\nEND",
            shown=shown,
            needs=("vim",),
            text=True,
        )
        for shown, file, commands in (
            ("vim NAME, and :wq!", "$NAME", "0r $FILE\nwq!"),
            ("vim FILE, and :w! NAME", "$FILE", "w! $NAME\nq"),
        )
    ),
    Tool(
        "ed -s $NAME <<END\nr $FILE\nw\nq\nEND",
        shown="ed NAME",
        needs=("ed",),
        text=True,
    ),
    Tool(
        "ed -s $FILE <<END\nw $NAME\nq\nEND",
        shown="ed FILE, and w NAME",
        needs=("ed",),
        text=True,
    ),
    Tool("sed -i s/a/b/ $NAME", note="a secret can't be read, and so not edited"),
    Tool("perl -pi -e s/a/b/ $NAME", needs=("perl",), note="likewise"),
    Tool("gawk -i inplace 1 $NAME", needs=("gawk",), note="likewise"),
]

CRYPTO = [
    *(
        Tool(
            f"openssl rand -hex {out} $NAME $((SIZE / 2))",
            shown=f"openssl rand -hex {out} NAME 20",
            needs=("openssl",),
            makes="[0-9a-f]{SIZE}",
        )
        for out in (">", "-out")
    ),
    *(
        Tool(
            f"openssl enc -d -aes-256-ctr -pbkdf2 -k x -in $WORK/value.enc {out} $NAME",
            shown=f"openssl enc -d -in value.enc {out} NAME",
            needs=("openssl",),
            prepare="openssl enc -aes-256-ctr -pbkdf2 -k x -in $FILE -out value.enc",
        )
        for out in (">", "-out")
    ),
    Tool(
        "openssl genpkey -algorithm ed25519 -out $NAME",
        needs=("openssl",),
        makes="-----BEGIN PRIVATE KEY-----\n(.*\n)+-----END PRIVATE KEY-----\n",
    ),
    *(
        Tool(
            f"{_GPG} --yes {how}",
            shown=f"gpg {how}".replace("$NAME", "NAME").replace("$WORK/", ""),
            needs=("gpg",),
            prepare=f"{_GPG} --s2k-count 65536 -c -o value.gpg $FILE",
        )
        for how in ("-d $WORK/value.gpg > $NAME", "-o $NAME -d $WORK/value.gpg")
    ),
    *each(
        (
            "age -d -i $WORK/key $WORK/value.age > $NAME",
            "age -d -i $WORK/key $WORK/value.age | cat > $NAME",
        ),
        needs=("age",),
        prepare=_TO_AGE,
    ),
    Tool(
        "age -d -i $WORK/key -o $NAME $WORK/value.age",
        needs=("age",),
        prepare=_TO_AGE,
        note="it asks for reading too, as `os.Create` in Go does",
    ),
    Tool(
        "ssh-keygen -q -t ed25519 -N '' -f $WORK/new && cp $WORK/new $NAME",
        needs=("ssh-keygen",),
        makes=_SSH_KEY,
    ),
    Tool(
        "ssh-keygen -q -t ed25519 -N '' -f $NAME",
        needs=("ssh-keygen",),
        makes=_SSH_KEY,
        note="it fails at `NAME.pub`, which is no secret's name, when the key is stored",
    ),
]

PROGRAMS = [
    python("with open(NAME, 'wb') as f: f.write(value)"),
    python("open(NAME, 'wb').write(value)"),
    python("open(NAME, 'xb')", "with open(NAME, 'xb') as f: f.write(value)"),
    python("open(NAME, 'ab')", "with open(NAME, 'ab') as f: f.write(value)"),
    python(
        "open(NAME, 'w+b')",
        "with open(NAME, 'w+b') as f: f.write(value)",
        note="it asks for reading too",
    ),
    python("print(text, file=open(NAME, 'w'))", text=True),
    python("print(text)", to="> $NAME", text=True),
    python("pathlib.Path(NAME).write_bytes(value)"),
    *(python(f"shutil.{call}(FILE, NAME)") for call in ("copyfile", "copy", "copy2", "move")),
    python("os.replace(FILE, NAME)"),
    python(
        "NamedTemporaryFile(dir='.', delete=False), os.replace",
        "with tempfile.NamedTemporaryFile(dir='.', delete=False) as f: f.write(value)\n"
        "os.replace(f.name, NAME)",
    ),
    python(
        "os.open, os.write, os.close",
        "fd = os.open(NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)\n"
        "os.write(fd, value)\n"
        "os.close(fd)",
    ),
    python(
        "os.open, os.write",
        "os.write(os.open(NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), value)",
    ),
    node("fs.writeFileSync(NAME, value)"),
    node("fs.promises.writeFile(NAME, value)"),
    node("fs.createWriteStream(NAME).end(value)"),
    node("fs.appendFileSync(NAME, value)"),
    node("fs.copyFileSync(FILE, NAME)"),
    node(
        "fs.writeFileSync('.new', value), fs.renameSync",
        "fs.writeFileSync('.new', value); fs.renameSync('.new', NAME);",
    ),
    node("console.log(VALUE)", to="> $NAME", text=True),
    ruby("File.binwrite(NAME, value)"),
    ruby("FileUtils.cp(FILE, NAME)"),
    ruby(
        "Tempfile.create(NAME, '.') { … File.rename }",
        "Tempfile.create(NAME, '.') { |f| f.write(value); f.flush; File.rename(f.path, NAME) }",
    ),
    tcl(
        "open, puts, close",
        "set in [open $FILE rb]; set out [open $NAME wb]\n"
        "puts -nonewline $out [read $in]; close $out",
    ),
    perl(
        "print, close or die",
        "open(F, '>', $NAME) or die $!; print F $value; close(F) or die $!;",
    ),
    perl("print", "open(F, '>', $NAME) or die $!; print F $value;"),
    perl("print $value", to="> $NAME"),
    perl("copy($FILE, $NAME) or die $!"),
]

# They remove the old file and make it anew; other programs of these runtimes remove, and mean it.
REPLACERS = [
    java(
        "Files.copy(FILE, NAME, REPLACE_EXISTING)",
        "Files.copy(FILE, NAME, StandardCopyOption.REPLACE_EXISTING);",
    ),
    node(
        "fs.rmSync(NAME, {force: true}), fs.copyFileSync(FILE, NAME)",
        "fs.rmSync(NAME, {force: true}); fs.copyFileSync(FILE, NAME);",
    ),
    ruby("FileUtils.mv(FILE, NAME)"),
    ruby(
        "FileUtils.rm_f(NAME), FileUtils.cp(FILE, NAME)",
        "FileUtils.rm_f(NAME); FileUtils.cp(FILE, NAME)",
    ),
    tcl("file copy -force $FILE $NAME"),
    tcl("file rename -force $FILE $NAME"),
]

MAKES = [
    Tool(
        "make -s -f $WORK/script",
        shown=f"make: {recipe}{', ' * bool(more)}{more}",
        needs=("make",),
        script=f"$(NAME): $(FILE)\n\t{recipe}\n{more and more + ':'}\n",
        text="VALUE" in recipe,
    )
    for more in ("", ".DELETE_ON_ERROR")
    for recipe in ("cp $< $@", "cat $< > $@", 'echo "$$VALUE" > $@')
]

# For commit=write: most of them see an error of write, and not one of close.
AT_ONCE = [
    *in_shells('echo "$VALUE" > $NAME'),
    *in_shells("printf '%s\\n' \"$VALUE\" > $NAME"),
    Tool("sed '' $FILE > $NAME"),
    Tool("cp $FILE $NAME"),
    Tool("openssl rand -hex -out $NAME 5", needs=("openssl",), makes="[0-9a-f]{10}"),
    python("open(NAME, 'wb').write(value)"),
    node("fs.writeFileSync(NAME, value)"),
    perl("print", "open(F, '>', $NAME) or die $!; print F $value;"),
]

# For names that no secret can have.
NAMING = [
    *in_shells('echo "$VALUE" > $NAME'),
    Tool("cp $FILE $NAME"),
    Tool("cp $FILE ."),
    Tool("mv $FILE ."),
    Tool("install $FILE $NAME"),
    Tool("tee $NAME < $FILE > /dev/null"),
    Tool("rsync $FILE .", needs=("rsync",)),
    Tool("rsync -a $FILE .", needs=("rsync",)),
    Tool("rsync -a --inplace $FILE .", needs=("rsync",)),
    python("open(NAME, 'wb')", "with open(NAME, 'wb') as f: f.write(value)"),
]
