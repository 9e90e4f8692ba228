#!/usr/bin/env bash
# Tool: matplotlib 3.11.2, savefig of a figure with layout="constrained"
# Expected: a picture is drawn once, as it is without a layout: places are solved of sizes, and then drawn.
# Instead: savefig draws the whole figure for the places and then again for the file, so that each artist is
#   drawn twice; print_svg of the figure's own canvas draws it once, and solves the same places.
# Right value: one drawing; the two files have the same bytes.
# Seen:
#   savefig, no layout     1 drawing
#   savefig, constrained   2 drawings
#   print_svg, constrained 1 drawing, the same bytes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile matplotlib==3.11.2 numpy==2.4.6
cd "$folder"
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" - <<'PY'
import io

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "same"
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.backends.backend_svg import FigureCanvasSVG

drawn = 0
plain = Line2D.draw


def count(self, renderer):
    global drawn
    drawn += self.get_gid() == "curve"
    return plain(self, renderer)


Line2D.draw = count


def make(layout, way):
    global drawn
    drawn = 0
    figure = Figure(layout=layout)
    canvas = FigureCanvasSVG(figure)
    figure.subplots(2, 2)[0, 0].plot([0, 1, 4, 9], gid="curve")
    out = io.BytesIO()
    if way == "savefig":
        figure.savefig(out, format="svg", metadata={"Date": None})
    else:
        canvas.print_svg(out, metadata={"Date": None})
    return drawn, out.getvalue()


once, _ = make("none", "savefig")
twice, first = make("constrained", "savefig")
direct, second = make("constrained", "print_svg")
print("savefig, no layout    ", once)
print("savefig, constrained  ", twice)
print("print_svg, constrained", direct, "the same bytes" if first == second else "other bytes")
assert (once, twice, direct, first == second) == (1, 2, 1, True)
PY
