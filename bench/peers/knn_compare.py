"""Races the neighbourhood models against the same models of implicit and of Surprise, pair by pair, and
checks that both find the same neighbours and predict the same ratings. PEERS chooses what is run.
"""
import warnings

import numpy as np
import scipy.sparse

import race

NEIGHBORS = 50


def check_neighbors(similarity):
    """Ours are the nearest of theirs, up to ties and the rounding of floats."""
    rows = race.array("rows", np.int32).reshape(-1, NEIGHBORS)
    ours = race.array("similarities").reshape(-1, NEIGHBORS)
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


def race_implicit(name, source):
    from implicit.nearest_neighbours import CosineRecommender
    from implicit.utils import ParameterWarning
    warnings.simplefilter("ignore", ParameterWarning)  # that ratings are turned into another layout
    race.kindred("data", source, race.WORK)
    values = race.array("values").astype(np.float64)  # what implicit adds in
    ratings = scipy.sparse.csr_matrix((values, race.array("items", np.int32),
                                       race.array("offsets", np.int32)))
    users = np.arange(ratings.shape[0])

    def ours(threads):
        numbers = race.kindred("items", source, threads, race.WORK)
        return [race.took(numbers, n) for n in (0, 1)]

    def theirs(threads):
        model = CosineRecommender(K=NEIGHBORS + 1, num_threads=threads)
        fit, _ = race.timed(lambda: model.fit(ratings, show_progress=False))
        rank, _ = race.timed(lambda: model.recommend(users, ratings, N=10))
        return fit, rank, model

    for threads in race.THREADS:
        pairs = race.alternate(lambda: ours(threads), lambda: theirs(threads))
        check_neighbors(pairs[-1][1][2].similarity)
        for n, (what, bar, count) in enumerate((("item_knn, 50 neighbours", 3, ratings.nnz),
                                                ("item_knn, ten items for all users", "", len(users)))):
            race.report([[(side[n], 0) for side in pair] for pair in pairs], "implicit", what, name,
                        threads=threads, bar=bar, count=count)


def race_surprise(prefix):
    from surprise import Dataset, KNNBaseline, KNNBasic, Reader
    from surprise.model_selection import PredefinedKFold
    folds = Dataset.load_from_folds([(prefix + ".base", prefix + ".test")], Reader("ml-100k"))
    train, test = next(iter(PredefinedKFold().split(folds)))

    def theirs(predictor, measure, side):
        model = predictor(sim_options={"name": measure, "user_based": side == "users"}, verbose=False)
        fit, _ = race.timed(lambda: model.fit(train))
        predict, found = race.timed(lambda: model.test(test))
        return fit, predict, found

    def ours(predictor, measure, side, threads):
        numbers = race.kindred("folds", prefix, threads, side, measure, predictor.__name__, race.WORK)
        return [race.took(numbers, n) for n in (0, 1)]

    for side in ("users", "items"):
        for measure, predictor in (("msd", KNNBasic), ("msd", KNNBaseline), ("cosine", KNNBasic)):
            for threads in race.THREADS:
                pairs = race.alternate(lambda: ours(predictor, measure, side, threads),
                                       lambda: theirs(predictor, measure, side))
                rmse = check_predictions(pairs[-1][1][2])
                for n, (what, bar, count) in enumerate((("fit", 20, train.n_ratings),
                                                        ("predictions", "", len(test)))):
                    race.report([[(took[n], error) for took, error in zip(pair, rmse)] for pair in pairs],
                                "surprise", f"{predictor.__name__} of {side} by {measure}, {what}",
                                "ml-100k u1", threads=threads, bar=bar, measure="RMSE", count=count)


def check_predictions(theirs):
    with (race.WORK / "predictions").open(encoding="utf-8") as file:
        ours = {tuple(line.split()[:2]): float(line.split()[2]) for line in file}
    differences = [abs(ours[p.uid, p.iid] - p.est) for p in theirs]
    errors = [((p.r_ui - ours[p.uid, p.iid]) ** 2, (p.r_ui - p.est) ** 2) for p in theirs]
    rmse = [np.sqrt(np.mean(column)) for column in zip(*errors)]
    odd = sum(1 for d in differences if d > 1e-3)
    print(f"  {odd} of {len(differences)} predictions differ by more than 0.001 (ties), RMSE "
          f"{rmse[0]:.5f} and {rmse[1]:.5f}", flush=True)
    assert abs(rmse[0] - rmse[1]) < 1e-3
    return rmse


def main():
    peers = race.asked("PEERS", "implicit surprise", "implicit surprise")
    if "implicit" in peers and race.installed("implicit", 3):
        for name, source in race.sources("ml-100k 1", "ml-100k 1 10").items():
            race_implicit(name, source)
    if "surprise" in peers and race.installed("surprise", 20):
        folder = race.real("ml-100k")
        if folder:
            race_surprise(folder + "/u1")


main()
