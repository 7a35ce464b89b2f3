"""What the races have in common: what is asked for, kindred's programs, the clock, the results.

A race is a program NAME_compare.py WORK. WORK holds kindred's program NAME of the race, the arrays
that both sides exchange, and results.csv and curves.csv, to which the race adds and which
bench/report.py reads.
"""
import csv
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

RESULT = ["race", "work", "data", "k", "threads", "peer", "pair", "ours_s", "theirs_s", "ratio",
          "measure", "ours", "theirs", "equal", "count", "our_epochs", "their_epochs", "bar", "note"]
CURVE = ["race", "work", "data", "k", "threads", "series", "epochs", "seconds", "measure", "value"]
NAME = Path(sys.argv[0]).stem.removesuffix("_compare")
WORK = Path(sys.argv[1])


def asked(name, quick, full):
    """The words of an environment variable, or those that this size of the comparison has."""
    return os.environ.get(name, quick if os.environ.get("SIZE") == "quick" else full).split()


PAIRS = int(asked("PAIRS", "3", "5")[0])
THREADS = [int(n) for n in asked("THREADS", "1 2", "1 2")]
OF_CORES = os.environ.get("CLOCK") == "cores"  # for a machine at work: what processors spend
clock = time.process_time if OF_CORES else time.perf_counter


def timed(call):
    """Seconds, and what the call returns."""
    start = clock()
    result = call()
    return clock() - start, result


def kindred(*words, program=NAME):
    """The numbers that the program prints."""
    done = subprocess.run([str(WORK / program), *map(str, words)], check=True, capture_output=True,
                          text=True)
    return [float(word) for word in done.stdout.split()]


def took(numbers, n=0):
    """The n-th time of those that a program prints: in seconds, and in seconds of processors."""
    return numbers[2 * n + OF_CORES]


def array(name, kind=np.float32):
    return np.fromfile(WORK / name, kind)


def real(name):
    """A file or folder of KINDRED_DATA, or None, and a message, where that is not set."""
    folder = os.environ.get("KINDRED_DATA")
    if folder:
        return str(Path(folder) / name)
    print(f"{NAME}, {name}: skipped, since KINDRED_DATA does not name the data sets", flush=True)
    return None


def sources(quick, full):
    """By name what the programs read: numbers of millions of synthetic ratings, and real data."""
    files = {"ml-100k": "ml-100k/u.data"}
    found = {}
    for name in asked("DATA", quick, full):
        path = name if name[0].isdigit() else real(files.get(name, name))
        if path:
            found[f"{name}M" if name.isdigit() else name] = path
    return found


def append(table, fields, rows):
    path = WORK / table
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fields)
        if new:
            writer.writeheader()
        writer.writerows(rows)


def not_run(peer, note, bar=""):
    """A row that says why a peer has no figures."""
    print(f"{NAME}, {peer}: {note}", flush=True)
    append("results.csv", RESULT, [{"race": NAME, "peer": peer, "bar": bar, "note": note}])


def installed(package, bar=""):
    """Whether a peer is there; if not, the table says so."""
    if importlib.util.find_spec(package):
        return True
    not_run(package, "not installed", bar)
    return False


def curve(work, data, k, threads, series, measure, points):
    """What a side reaches, as (epochs, seconds, value)."""
    append("curves.csv", CURVE, [
        {"race": NAME, "work": work, "data": data, "k": k, "threads": threads, "series": series,
         "epochs": epochs, "seconds": f"{seconds:.6g}", "measure": measure, "value": f"{value:.6g}"}
        for epochs, seconds, value in points])


def alternate(ours, theirs):
    """Pairs of what two calls return; who begins alternates."""
    pairs = []
    for n in range(PAIRS):
        first, second = (ours, theirs) if n % 2 == 0 else (theirs, ours)
        pair = (first(), second())
        pairs.append(pair if n % 2 == 0 else pair[::-1])
    return pairs


def report(pairs, peer, work, data, *, k="", threads=1, bar="", measure="", lower=True, tolerance=0.002,
           count=0, epochs=("", "")):
    """Pairs of (seconds, accuracy) of kindred and of the peer, as rows and as a line.

    Accuracies are equal where our median is as good as theirs, up to `tolerance` of it."""
    reached = [statistics.median(pair[side][1] for pair in pairs) for side in (0, 1)]
    behind = reached[0] - reached[1] if lower else reached[1] - reached[0]
    equal = not measure or behind <= tolerance * abs(reached[1])
    rows = []
    for n, ((our_s, our), (their_s, their)) in enumerate(pairs):
        rows.append({
            "race": NAME, "work": work, "data": data, "k": k, "threads": threads, "peer": peer,
            "pair": n + 1, "ours_s": f"{our_s:.6g}", "theirs_s": f"{their_s:.6g}",
            "ratio": f"{their_s / our_s:.4g}", "measure": measure, "ours": f"{our:.6g}" if measure else "",
            "theirs": f"{their:.6g}" if measure else "",
            "equal": "yes" if equal else "no", "count": count,
            "our_epochs": epochs[0], "their_epochs": epochs[1], "bar": bar,
            "note": "seconds of processors" if OF_CORES else ""})
    append("results.csv", RESULT, rows)
    ratios = [float(row["ratio"]) for row in rows]
    ours, theirs = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    accuracy = f", {measure} {reached[0]:.6g} and {reached[1]:.6g}" if measure else ""
    unequal = "" if equal else " NOT EQUALLY ACCURATE"
    print(f"{NAME}, {work}, {data}, {f'{k} factors, ' if k else ''}{threads} threads: kindred {ours:.4g} s, "
          f"{peer} {theirs:.4g} s{accuracy}; ratios {' '.join(f'{ratio:.2f}' for ratio in ratios)}, median "
          f"{statistics.median(ratios):.2f}{unequal}", flush=True)
