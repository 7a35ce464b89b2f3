"""Races kindred (the program beside the folder given) against implicit and LightFM: see
ranking_mf.sh."""
import os
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import scipy.sparse
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.cpu.lmf import LogisticMatrixFactorization

warnings.simplefilter("ignore")
from lightfm import LightFM  # noqa: E402: says that it has no OpenMP where it has none

FACTORS = 64
AT = 20
EPOCHS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 25, 35, 50, 70]
work, folder = sys.argv[1:3]
names = sys.argv[3:]
pairs = int(os.environ.get("PAIRS", "3"))
threads = [int(n) for n in os.environ.get("THREADS", "1 2").split()]
cpu = os.environ.get("CLOCK", "wall") == "cpu"
clock = time.process_time if cpu else time.perf_counter
models = os.environ.get("MODELS", "bpr warp logistic_mf").split()


def read(name, part):
    rows, columns = [], []
    with open(f"{folder}/{name}/{part}.txt", encoding="ascii") as file:
        for line in file:
            user, *items = map(int, line.split())
            rows += [user] * len(items)
            columns += items
    return rows, columns


def load(name):
    parts = {part: read(name, part) for part in ("train", "valid", "test")}
    shape = tuple(1 + max(max(part[side]) for part in parts.values()) for side in (0, 1))
    def matrix(*chosen):
        rows = np.concatenate([parts[part][0] for part in chosen])
        columns = np.concatenate([parts[part][1] for part in chosen])
        return scipy.sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape)
    return {"valid": (matrix("train"), matrix("valid")),
            "test": (matrix("train", "valid"), matrix("test"))}


def ndcg(users, items, biases, known, wanted):
    """At AT, over all items but the known ones; mean over users who want some."""
    gains = 1 / np.log2(np.arange(2, AT + 2))
    ideal = np.cumsum(gains)
    total = count = 0
    judged = np.flatnonzero(np.diff(wanted.indptr))
    for block in np.array_split(judged, max(1, len(judged) // 500)):
        scores = users[block] @ items.T + biases
        scores[known[block].nonzero()] = -np.inf
        top = np.argpartition(-scores, AT, axis=1)[:, :AT]
        order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1)
        top = np.take_along_axis(top, order, 1)
        for user, list_ in zip(block, top):
            relevant = wanted.indices[wanted.indptr[user]:wanted.indptr[user + 1]]
            total += gains[np.isin(list_, relevant)].sum() / ideal[min(len(relevant), AT) - 1]
            count += 1
    return total / count


class Kindred:
    def __init__(self, model, name):
        self.model, self.name = model, name
        self.grid = range(int(self.call("options", model)[0]))

    def call(self, *words):
        done = subprocess.run([work + "/kindred", *map(str, words)], check=True,
                              capture_output=True, text=True)
        return done.stdout.split()

    def fit(self, part, _, option, epochs, count):
        seconds = float(self.call("fit", f"{folder}/{self.name}", part, self.model, option, epochs,
                                  count, work)[1 if cpu else 0])
        users, items = (np.fromfile(f"{work}/{side}", np.float32).reshape(-1, FACTORS)
                        for side in ("users", "items"))
        return seconds, (users, items, np.fromfile(work + "/biases", np.float32))


class Implicit:
    """Its bias, if it has one, stands in the last column."""
    grid = [(0.05, 0.01), (0.05, 0.03), (0.1, 0.01), (0.02, 0.01)]

    def __init__(self, model, _):
        self.make = {"bpr": BayesianPersonalizedRanking,
                     "logistic_mf": LogisticMatrixFactorization}[model]
        if model == "logistic_mf":
            self.grid = [(0.5, 0.6), (1, 0.6), (0.5, 2), (0.1, 0.6)]

    def fit(self, _, known, option, epochs, count):
        model = self.make(factors=FACTORS, learning_rate=option[0], regularization=option[1],
                          iterations=epochs, num_threads=count, random_state=1)
        start = clock()
        model.fit(known, show_progress=False)
        seconds = clock() - start
        return seconds, (model.user_factors, model.item_factors, 0)


class Lightfm:
    grid = [(0.05, 0), (0.05, 1e-6), (0.05, 1e-5), (0.02, 1e-6)]

    def __init__(self, model, _):
        self.loss = {"bpr": "bpr", "warp": "warp", "logistic_mf": "logistic"}[model]

    def fit(self, _, known, option, epochs, count):
        model = LightFM(no_components=FACTORS, loss=self.loss, learning_rate=option[0],
                        item_alpha=option[1], user_alpha=option[1], random_state=1)
        start = clock()
        model.fit(known, epochs=epochs, num_threads=count)
        seconds = clock() - start
        return seconds, (model.user_embeddings, model.item_embeddings, model.item_biases)


def tune(side, data):
    """The options, of those at 25 epochs, that are best on the validation part."""
    known, wanted = data["valid"]
    judge = lambda option: ndcg(*side.fit("valid", known, option, 25, 2)[1], known, wanted)
    return max(side.grid, key=judge)


def curve(side, data, option, bar=None):
    """NDCG on the test part by epochs, as far as the bar."""
    known, wanted = data["test"]
    reached = {}
    for epochs in EPOCHS:
        reached[epochs] = ndcg(*side.fit("test", known, option, epochs, 2)[1], known, wanted)
        if bar is not None and reached[epochs] >= bar:
            break
    return reached


def fewest(reached, bar):
    return next((epochs for epochs, value in reached.items() if value >= bar), None)


def race(name, data, model, peer_class):
    ours, theirs = Kindred(model, name), peer_class(model, name)
    our_option, their_option = tune(ours, data), tune(theirs, data)
    their_curve = curve(theirs, data, their_option)
    bar = max(their_curve.values()) - 0.001
    our_curve = curve(ours, data, our_option, bar)
    needed = fewest(our_curve, bar), fewest(their_curve, bar)
    print(f"== {name}, {model} against {peer_class.__name__} {their_option}: NDCG@{AT} {bar:.4f}, "
          f"reached in {needed[0]} and {needed[1]} epochs", flush=True)
    if needed[0] is None:
        print(f"   not reached: {max(our_curve.values()):.4f}")
        return
    known = data["test"][0]
    for count in threads:
        times = [(ours.fit("test", known, our_option, needed[0], count)[0],
                  theirs.fit("test", known, their_option, needed[1], count)[0])
                 for _ in range(pairs)]
        ratios = [b / a for a, b in times]
        print(f"   {count} threads: kindred {statistics.median(t[0] for t in times):.3f} s, peer "
              f"{statistics.median(t[1] for t in times):.3f} s, ratios "
              f"{' '.join(f'{r:.1f}' for r in ratios)}, median {statistics.median(ratios):.1f}",
              flush=True)


if __name__ == "__main__":
    for name in names:
        data = load(name)
        for model in models:
            if model != "warp":
                race(name, data, model, Implicit)
            race(name, data, model, Lightfm)
