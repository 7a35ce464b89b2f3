"""Races kindred (the program beside the folder given) against implicit and Surprise: see knn.sh."""
import os
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import scipy.sparse
from implicit.nearest_neighbours import CosineRecommender
from implicit.utils import ParameterWarning
from surprise import Dataset, KNNBaseline, KNNBasic, Reader
from surprise.model_selection import PredefinedKFold

NEIGHBORS = 50
warnings.simplefilter("ignore", ParameterWarning)  # that ratings are turned into another layout
work = sys.argv[1]
pairs = int(os.environ.get("PAIRS", "3"))
threads = [int(n) for n in os.environ.get("THREADS", "1 2").split()]


def kindred(*words):
    """The numbers that the program prints."""
    done = subprocess.run([work + "/kindred", *map(str, words), work], check=True,
                          capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


def report(what, ours, theirs):
    ratios = [b / a for a, b in zip(ours, theirs)]
    print(f"  {what}: kindred {statistics.median(ours):.3f} s, peer "
          f"{statistics.median(theirs):.3f} s, ratios {' '.join(f'{r:.1f}' for r in ratios)}, "
          f"median {statistics.median(ratios):.1f}", flush=True)


def check_neighbors(similarity):
    """Ours are the nearest of theirs, up to ties and the rounding of floats."""
    rows = np.fromfile(work + "/rows", np.int32).reshape(-1, NEIGHBORS)
    ours = np.fromfile(work + "/similarities", np.float32).reshape(-1, NEIGHBORS)
    same = total = 0
    worst = 0.0
    for item in range(rows.shape[0]):
        theirs = similarity[item]
        known = dict(zip(theirs.indices, theirs.data))
        known.pop(item, None)  # implicit counts an item among its own neighbours
        ranked = sorted(known.values(), reverse=True)[:NEIGHBORS]
        mine = sorted(ours[item][rows[item] >= 0], reverse=True)
        assert len(ranked) == len(mine), f"item {item}: {len(mine)} neighbours, not {len(ranked)}"
        worst = max([worst, *(abs(a - b) for a, b in zip(mine, ranked))])
        same += sum(1 for row in rows[item] if row in known)
        total += len(mine)
    print(f"  neighbours: {same} of {total} the same, similarities by rank differ by at most "
          f"{worst:.1e}", flush=True)
    assert worst < 1e-5


def race_implicit(name):
    kindred("data", name)
    offsets = np.fromfile(work + "/offsets", np.int32)
    items = np.fromfile(work + "/items", np.int32)
    values = np.fromfile(work + "/values", np.float32).astype(np.float64)  # what implicit adds in
    ratings = scipy.sparse.csr_matrix((values, items, offsets))
    users = np.arange(ratings.shape[0])
    for count in threads:
        print(f"== implicit, {name}: {ratings.nnz} ratings, {count} threads")
        fits, ranks = ([], []), ([], [])
        for _ in range(pairs):
            fit, rank, _ = kindred("items", name, count)
            fits[0].append(fit)
            ranks[0].append(rank)
            model = CosineRecommender(K=NEIGHBORS + 1, num_threads=count)
            start = time.perf_counter()
            model.fit(ratings, show_progress=False)
            fits[1].append(time.perf_counter() - start)
            start = time.perf_counter()
            model.recommend(users, ratings, N=10)
            ranks[1].append(time.perf_counter() - start)
        report("fit of 50 neighbours by cosine", *fits)
        report("ten items for every user", *ranks)
    check_neighbors(model.similarity)


def race_surprise(prefix):
    folds = Dataset.load_from_folds([(prefix + ".base", prefix + ".test")], Reader("ml-100k"))
    train, test = next(iter(PredefinedKFold().split(folds)))
    for side in ("users", "items"):
        for measure, predictor in (("msd", KNNBasic), ("msd", KNNBaseline), ("cosine", KNNBasic)):
            name = predictor.__name__
            print(f"== Surprise, {os.path.basename(prefix)}: {name} of {side} by {measure}")
            fits, predictions = ({count: [] for count in threads} for _ in range(2))
            peer_fits, peer_predictions = [], []
            for _ in range(pairs):
                for count in threads:
                    fit, predict, _ = kindred("folds", prefix, count, side, measure, name)
                    fits[count].append(fit)
                    predictions[count].append(predict)
                model = predictor(sim_options={"name": measure, "user_based": side == "users"},
                                  verbose=False)
                start = time.perf_counter()
                model.fit(train)
                peer_fits.append(time.perf_counter() - start)
                start = time.perf_counter()
                theirs = model.test(test)
                peer_predictions.append(time.perf_counter() - start)
            for count in threads:  # of kindred: Surprise has but one
                report(f"fit, {count} threads", fits[count], peer_fits)
            report("predictions, 1 thread", predictions[threads[0]], peer_predictions)
            check_predictions(theirs)


def check_predictions(theirs):
    with open(work + "/predictions", encoding="utf-8") as file:
        ours = {tuple(line.split()[:2]): float(line.split()[2]) for line in file}
    differences = [abs(ours[p.uid, p.iid] - p.est) for p in theirs]
    errors = [((p.r_ui - ours[p.uid, p.iid]) ** 2, (p.r_ui - p.est) ** 2) for p in theirs]
    rmse = [np.sqrt(np.mean(column)) for column in zip(*errors)]
    odd = sum(1 for d in differences if d > 1e-3)
    print(f"  {odd} of {len(differences)} predictions differ by more than 0.001 (ties), RMSE "
          f"{rmse[0]:.5f} and {rmse[1]:.5f}", flush=True)
    assert abs(rmse[0] - rmse[1]) < 1e-3


for millions in sys.argv[2:]:
    race_implicit(millions)
if "KINDRED_DATA" in os.environ:
    folder = os.environ["KINDRED_DATA"] + "/ml-100k"
    race_surprise(folder + "/u1")
