"""Groups of processes that write one value through one descriptor, in the model."""

import errno

from model.secret_files import LIMIT, child_ends, may_have_children, one_write, open_calls

FAILS, IS_KILLED = 100, -9  # how a member ends, beside 0
HOW = [0, 0, 0, FAILS, IS_KILLED]


def random_piece(random):
    size = random.choice([random.randrange(1, 100), random.randrange(100, 9000), 25_000])
    if random.random() < 0.15:
        size = random.randrange(LIMIT + 3, 70_000)
    return random.randbytes(size - 1) + b"."


def member_call(model, process, file):
    """A child writes a part of it, and ends in one way or another."""
    random = model.random
    piece, how = random_piece(random), random.choice(HOW)
    by_parent = random.random() < 0.2
    *call, possible = one_write(file, "write", piece, len(file.data))
    file.cut_short = not by_parent and how == IS_KILLED
    if by_parent:
        return (*call, possible)
    child_ends(process)
    return ("member", *call[1:], how, {0} if min(possible) > 0 else possible)


def do_group(model, process):
    """`{ a; b; } > NAME`: one value, unless the last of its writers was killed."""
    opened = open_calls(model, process) if may_have_children(process) else None
    if not opened:
        return False
    place, calls, file = opened
    if file and may_have_children(process):
        for _ in range(model.random.randrange(2, 5)):
            calls.append(member_call(model, process, file))
        if file.cut_short or model.random.random() < 0.7:
            calls += close_calls(model, process, file)
    model.ask(process, {place}, calls, file and model.descriptor_setter(file))
    return True


def close_calls(model, process, file):
    if not file.cut_short or file.spoilt:
        return model.close_calls(process, file)
    model.failed(process.pid, file.secret, {-errno.ECANCELED})
    model.release(process, file)
    return [("close", file.number, {-errno.ECANCELED})]


STEPS = [(do_group, 5)]
