"""SVG plots with gnuplot, and the lines of the page that show them."""

import subprocess

from compare import USUAL_ROUND_TRIP_MS

COLOURS = {"ghsecretfs": "#0072b2", "gh": "#d55e00", "curl": "#555555"}
PANEL = (400, 300)
COLUMNS = 3

HEAD = """\
set terminal svg size {width},{height} background '#ffffff' font 'sans-serif,12' rounded
set output '{file}'
set multiplot layout {rows},{columns}
set border 3
set tics nomirror
set grid ytics linecolor '#dddddd'
set key top left reverse Left samplen 2
set xlabel '{xlabel}'
set ylabel 'seconds'
set yrange [0:*]
"""


class Panel:
    """One set of axes: a line a peer, with a bar from the least to the most."""

    def __init__(self, title, lines):
        self.title = title
        self.lines = lines  # {peer: [(x, median, least, most)]}

    def script(self, name):
        blocks, curves = [], []
        for index, (peer, points) in enumerate(self.lines.items()):
            block = f"${name}_{index}"
            rows = "\n".join(" ".join(map(str, point)) for point in points)
            blocks.append(f"{block} << EOD\n{rows}\nEOD\n")
            curves.append(
                f"{block} using 1:2:3:4 with yerrorlines title '{peer}' "
                f"linecolor '{COLOURS[peer]}' linewidth 2 pointtype 7 pointsize 0.5"
            )
        title = self.title.replace("`", "")
        return "".join(blocks) + f"set title '{title}'\nplot {', '.join(curves)}\n"


def _points(results, keys, peer):
    """keys: (x, work, round trip)"""
    for x, work, round_trip in keys:
        values = results.values(work, round_trip, peer)
        if values:
            yield x, results.median(work, round_trip, peer), min(values), max(values)


def _panel(results, title, keys):
    lines = {peer: list(_points(results, keys, peer)) for peer in COLOURS}
    return Panel(title, {peer: points for peer, points in lines.items() if points})


def _draw(file, panels, xlabel, more=""):
    width, height = PANEL
    columns = min(len(panels), COLUMNS)
    rows = -(-len(panels) // columns)
    size = {"width": width * columns, "height": height * rows, "rows": rows, "columns": columns}
    head = HEAD.format(file=file, xlabel=xlabel, **size)
    body = "".join(panel.script(f"p{i}") for i, panel in enumerate(panels))
    subprocess.run(["gnuplot"], input=head + more + body, text=True, check=True)


def by_round_trip(results, works, directory):
    swept = [work for work in works if work.sweep]
    panels = [
        _panel(results, work.title, [(r, work.name, r) for r in results.round_trips(work.name)])
        for work in swept
    ]
    _draw(directory / "round-trip.svg", panels, "round trip (ms)")
    return "![Time by round trip](benchmarks/round-trip.svg)\n"


def by_number(results, sizes, directory):
    kinds = {
        "list organization secrets": "list-{}",
        "write organization secrets with .env": "dotenv-organization-{}",
    }
    panels = [
        _panel(results, title, [(n, name.format(n), USUAL_ROUND_TRIP_MS) for n in sizes.listings])
        for title, name in kinds.items()
    ]
    more = "set logscale xy\nset yrange [*:*]\n"
    _draw(directory / "number.svg", panels, "secrets", more)
    return "![Time by number of secrets](benchmarks/number.svg)\n"
