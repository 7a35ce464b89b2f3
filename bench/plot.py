"""Draws curves as SVG, by Python alone.

  python3 bench/plot.py CURVES.csv OUT.svg [--title TEXT] [--x TEXT] [--y TEXT] [--log x|y|xy]

CURVES.csv, or - for the standard input, has a heading and the columns series, x and y. Of several
rows with the same series and x the median is drawn, and a bar from the least to the greatest.
"""
import argparse
import csv
import math
import statistics
import sys
from html import escape

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLORS = ["#1b6ca8", "#d1495b", "#3a7d44", "#e0a100", "#7b4fa6", "#5c6b73", "#00897b", "#8d5524"]


class Axis:
    """Numbers of `low` to `high`, mapped to `start` to `end` in pixels."""

    def __init__(self, values, start, end, logarithmic):
        self.start, self.end, self.logarithmic = start, end, logarithmic
        self.given = sorted(set(values))
        if logarithmic and min(values) <= 0:
            raise ValueError(f"{min(values)} has no place on a logarithmic axis")
        self.low, self.high = min(values), max(values)
        if self.low == self.high:
            self.low, self.high = (self.low / 2, self.high * 2) if logarithmic else (
                self.low - 0.5, self.high + 0.5)

    def place(self, value):
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def ticks(self):
        if self.logarithmic and len(self.given) <= 5:
            return self.given
        if self.logarithmic:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = (1, 2, 5) if len(decades) <= 4 else (1,)
            every = [step * 10.0 ** decade for decade in decades for step in steps]
        else:
            step = 10 ** math.floor(math.log10((self.high - self.low) / 2))
            step *= next(s for s in (0.5, 1, 2, 5) if (self.high - self.low) / (s * step) <= 7)
            first = math.ceil(self.low / step)
            every = [n * step for n in range(first, math.floor(self.high / step) + 1)]
        inside = [tick for tick in every if self.low * 0.9999 <= tick <= self.high * 1.0001]
        return inside if len(inside) > 1 else [self.low, self.high]


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def line(x1, y1, x2, y2, color="#ddd"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"/>'


def number(value):
    if value >= 1e5:
        for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
            if value >= size:
                return f"{value / size:g}{unit}"
    return f"{value:.6g}"


def draw(series, title="", x="", y="", log=""):
    """An SVG of `series`, lists of (x, y) by name."""
    points = [point for curve in series.values() for point in curve]
    across = Axis([point[0] for point in points], LEFT, WIDTH - RIGHT, "x" in log)
    upward = Axis([point[1] for point in points], HEIGHT - BOTTOM, TOP, "y" in log)
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
             "<style>text { font: 12px sans-serif }</style>",
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(middle, 22, title),
             text(middle, HEIGHT - 10, x),
             text(18, HEIGHT / 2, y, extra=f' transform="rotate(-90 18 {HEIGHT / 2})"')]
    for tick in across.ticks():
        place = across.place(tick)
        parts += [line(place, TOP, place, HEIGHT - BOTTOM),
                  text(place, HEIGHT - BOTTOM + 18, number(tick))]
    for tick in upward.ticks():
        place = upward.place(tick)
        parts += [line(LEFT, place, WIDTH - RIGHT, place),
                  text(LEFT - 6, place + 4, number(tick), "end")]
    for n, (name, curve) in enumerate(series.items()):
        parts += one_curve(curve, across, upward, COLORS[n % len(COLORS)])
        place = TOP + 8 + 18 * n
        parts += [line(WIDTH - RIGHT + 12, place - 2, WIDTH - RIGHT + 26, place - 2,
                       COLORS[n % len(COLORS)]),
                  text(WIDTH - RIGHT + 32, place + 2, name, "start")]
    return "\n".join([*parts, "</svg>", ""])


def one_curve(curve, across, upward, color):
    by_x = {}
    for at, value in curve:
        by_x.setdefault(at, []).append(value)
    parts, corners = [], []
    for at, values in sorted(by_x.items()):
        place, middle = across.place(at), upward.place(statistics.median(values))
        corners.append(f"{place:.1f},{middle:.1f}")
        parts.append(f'<circle cx="{place:.1f}" cy="{middle:.1f}" r="3" fill="{color}"/>')
        if len(values) > 1:
            parts.append(line(place, upward.place(min(values)), place, upward.place(max(values)),
                              color))
    parts.append(f'<polyline points="{" ".join(corners)}" fill="none" stroke="{color}" '
                 'stroke-width="2"/>')
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves")
    parser.add_argument("out")
    for option in ("--title", "--x", "--y", "--log"):
        parser.add_argument(option, default="")
    asked = parser.parse_args()
    series = {}
    with sys.stdin if asked.curves == "-" else open(asked.curves, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            series.setdefault(row["series"], []).append((float(row["x"]), float(row["y"])))
    with open(asked.out, "w", encoding="utf-8") as file:
        file.write(draw(series, asked.title, asked.x, asked.y, asked.log))


if __name__ == "__main__":
    main()
