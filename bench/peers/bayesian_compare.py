"""Races myFM and kindred on fold u1 of MovieLens 100K: ids alone, the same factors and sweeps.

bayesian_compare.py WORK FOLDER: WORK holds the program `kindred`, FOLDER is that of MovieLens 100K.
"""

import os
import statistics
import subprocess
import sys
import time

import myfm
import numpy
from scipy import sparse

USERS, ITEMS, SWEEPS = 943, 1682, 100


def ratings(path):
    rows = numpy.loadtxt(path, dtype=numpy.int64)
    count = len(rows)
    columns = numpy.concatenate([rows[:, 0] - 1, USERS + rows[:, 1] - 1])
    places = (numpy.tile(numpy.arange(count), 2), columns)
    shape = (count, USERS + ITEMS)
    return sparse.csr_matrix((numpy.ones(2 * count), places), shape=shape), rows[:, 2].astype(float)


def race_myfm(train, test, factors):
    model = myfm.MyFMRegressor(rank=factors, random_seed=42)
    began = time.perf_counter()
    model.fit(*train, group_shapes=[USERS, ITEMS], n_iter=SWEEPS, n_kept_samples=SWEEPS * 4 // 5)
    took = time.perf_counter() - began
    return took, float(numpy.sqrt(numpy.mean((model.predict(test[0]) - test[1]) ** 2)))


def race_kindred(work, folder, model, factors, threads):
    command = [f"{work}/kindred", folder, "u1", model, str(factors), str(SWEEPS), str(threads)]
    return tuple(map(float, subprocess.check_output(command, text=True).split()))


def main():
    work, folder = sys.argv[1:]
    train, test = (ratings(f"{folder}/u1.{part}") for part in ("base", "test"))
    for factors in map(int, os.environ.get("FACTORS", "16 32").split()):
        for model in ("machine", "bayesian_mf"):
            for threads in (1, 2):
                pairs = []
                for _ in range(int(os.environ.get("PAIRS", "3"))):
                    theirs = race_myfm(train, test, factors)
                    pairs.append((theirs, race_kindred(work, folder, model, factors, threads)))
                ratio = statistics.median(theirs[0] / ours[0] for theirs, ours in pairs)
                print(f"{model}, {factors} factors, {threads} threads: myFM",
                      f"{statistics.median(p[0][0] for p in pairs):.2f} s, RMSE {pairs[0][0][1]:.4f};",
                      f"kindred {statistics.median(p[1][0] for p in pairs):.2f} s, RMSE",
                      f"{pairs[0][1][1]:.4f}; ratio {ratio:.1f}", flush=True)


main()
