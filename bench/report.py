"""Merges what races found into a folder of results, and draws its table and plots.

  python3 bench/report.py WORK RESULTS    WORK holds results.csv, and perhaps curves.csv

Rows of the same race, work, data, factors, threads and peer are replaced, the others stay: so a
comparison can be run piece by piece.
"""
import csv
import os
import platform
import statistics
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import plot

KEYS = {"results.csv": ["race", "work", "data", "k", "threads", "peer"],
        "curves.csv": ["race", "work", "data", "k", "threads", "series"]}
TITLES = {"als": "Alternating least squares", "bayesian": "Sampling", "compile": "Time to compile",
          "knn": "Neighbours", "libmf": "Matrix factorization by SGD against LIBMF",
          "mlp": "Networks against PyTorch", "mlpack": "Matrix factorization against mlpack",
          "ranking_mf": "Factors that rank", "surprise": "Models of ratings against Surprise",
          "top_k": "The best items"}


def read(path):
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def machine():
    """Processor, cores and compiler."""
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":")[1].strip()
                break
    compiler = subprocess.run([os.environ.get("CXX", "g++"), "-dumpfullversion"], check=True,
                              capture_output=True, text=True).stdout.strip()
    return f"{os.cpu_count()} cores of {model}, {os.environ.get('CXX', 'g++')} {compiler}"


def merge(work, results, name):
    """The rows of both, those of `work` in place of the same ones; written to `results`."""
    def key(row):
        return tuple(row[field] for field in KEYS[name])
    fresh = read(work / name)
    stamp = {"machine": machine(), "date": f"{datetime.now(timezone.utc):%Y-%m-%d}"}
    replaced = {key(row) for row in fresh}
    # What says that a peer was not run ends once it was, and the other way round.
    run = {(row["race"], row["peer"]) for row in fresh} if name == "results.csv" else set()
    kept = [row for row in read(results / name) if key(row) not in replaced
            and not (row.get("pair") == "" and (row["race"], row["peer"]) in run)]
    rows = sorted(kept + [row | stamp for row in fresh], key=key)
    if rows:
        with (results / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return rows


def groups(rows, fields):
    found = {}
    for row in rows:
        found.setdefault(tuple(row[field] for field in fields), []).append(row)
    return found


def median(rows, field):
    return statistics.median(float(row[field]) for row in rows)


def verdict(rows, ratio):
    if any(row["equal"] != "yes" for row in rows):
        return "not equally accurate"
    bar = rows[0]["bar"]
    return "" if not bar else "won" if ratio >= float(bar) else "**lost**"


def table_row(rows):
    first = rows[0]
    cells = [first[field] for field in ("work", "data", "k", "threads", "peer")]
    if first["pair"] == "":
        return [*cells, "", "", first["note"], "", "", first["bar"], "not run"]
    ratios = [float(row["ratio"]) for row in rows]
    ratio = statistics.median(ratios)
    epochs = f" ({first['our_epochs']}, {first['their_epochs']})" if first["our_epochs"] else ""
    reached = f"{first['measure']} {median(rows, 'ours'):.4g}, {median(rows, 'theirs'):.4g}" \
        if first["measure"] else ""
    return [*cells, f"{median(rows, 'ours_s'):.3g}", f"{median(rows, 'theirs_s'):.3g}{epochs}",
            f"**{ratio:.2f}**", f"{min(ratios):.2f} .. {max(ratios):.2f}, {len(rows)} pairs", reached,
            first["bar"], verdict(rows, ratio)]


HEAD = """# Against peers
Made by `sh bench/compare.sh`, which [bench/README.md](../README.md) describes; `results.csv` has a row a
pair. A ratio is the peer's time by kindred's in the same pair, its median in bold beside the least and the
greatest; in brackets the epochs of both, where they differ. Races that do not stand here have not been run.
"""


def markdown(rows):
    parts = [HEAD]
    for (race,), found in groups(rows, ["race"]).items():
        parts.append(f"\n## {TITLES[race]}\n`sh bench/compare.sh {race}`")
        whens = sorted({f"{row['machine']}, {row['date']}"
                        + (f", {row['note']}" if row["note"] and row["pair"] else "") for row in found})
        parts.append("; ".join(whens) + ".\n")
        parts.append("| work | data | factors | threads | peer | kindred s | peer s | ratio | spread "
                     "| accuracy: kindred, peer | bar | |\n" + "|---" * 12 + "|")
        for same in groups(found, KEYS["results.csv"]).values():
            parts.append("| " + " | ".join(map(str, table_row(same))) + " |")
    return "\n".join(parts) + "\n"


def rate(row, side):
    """Millions of what a race counts, a second and epoch."""
    epochs = float(row["our_epochs" if side == "ours_s" else "their_epochs"] or 1)
    return float(row["count"]) * epochs / float(row[side]) / 1e6


def best_slice(rows, axis, others):
    """The rows that agree in `others` and have the most values of `axis`, if more than one."""
    slices = groups(rows, others).values()
    chosen = max(slices, key=lambda found: (len({row[axis] for row in found}),
                                            sum(float(found[0][other] or 0) for other in others)))
    return chosen if len({row[axis] for row in chosen}) > 1 else []


def throughput_plots(rows, folder):
    names = {"k": "factors", "threads": "threads", "count": "size"}
    run = [row for row in rows if row["pair"] and float(row["count"] or 0) > 0]
    for (race, work), found in groups(run, ["race", "work"]).items():
        for axis, name in names.items():
            others = [other for other in names if other != axis]
            chosen = best_slice(found, axis, others)
            series = {}
            for row in chosen:
                at = float(row[axis])
                series.setdefault("kindred", []).append((at, rate(row, "ours_s")))
                series.setdefault(row["peer"], []).append((at, rate(row, "theirs_s")))
            if series:
                fixed = ", ".join(f"{names[other]} {chosen[0][other]}" for other in others
                                  if chosen[0][other])
                yield save(folder, f"{race}-{work}-by-{name}", plot.draw(
                    series, f"{work}: {fixed}", name, "millions a second and epoch",
                    "y" if axis == "threads" else "xy"))


def accuracy_plots(curves, folder):
    for (race, work, data), found in groups(curves, ["race", "work", "data"]).items():
        k, threads = max((float(row["k"] or 0), float(row["threads"])) for row in found)
        series = {}
        for row in found:
            if (float(row["k"] or 0), float(row["threads"])) == (k, threads):
                series.setdefault(row["series"], []).append((float(row["seconds"]), float(row["value"])))
        yield save(folder, f"{race}-{work}-{data}-to-accuracy", plot.draw(
            series, f"{work}, {data}: {k:g} factors, {threads:g} threads", "seconds of a fit",
            found[0]["measure"], "x"))


def save(folder, name, drawing):
    file = "".join(c if c.isalnum() or c in "-_" else "_" for c in name) + ".svg"
    (folder / file).write_text(drawing, encoding="utf-8")
    return file


def main():
    work, results = map(Path, sys.argv[1:])
    results.mkdir(parents=True, exist_ok=True)
    rows = merge(work, results, "results.csv")
    curves = merge(work, results, "curves.csv")
    plots = [*accuracy_plots(curves, results), *throughput_plots(rows, results)]
    table = markdown(rows)
    if plots:
        table += "\n## Plots\n" + "\n".join(f"![{name}]({name})" for name in plots) + "\n"
    (results / "README.md").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
