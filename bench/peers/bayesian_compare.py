"""Races bayesian_mf and the factorization machine by mcmc against myFM, which has one thread, on fold u1
of MovieLens 100K: ids alone, as many factors and sweeps. MODELS and FACTORS choose what is run.
"""
import contextlib
import io

import numpy as np
from scipy import sparse

import race

USERS, ITEMS, SWEEPS = 943, 1682, 100
MODELS = {"bayesian_mf": "bayesian_mf", "machine": "factorization_machine, mcmc"}


def ratings(path):
    rows = np.loadtxt(path, dtype=np.int64)
    count = len(rows)
    columns = np.concatenate([rows[:, 0] - 1, USERS + rows[:, 1] - 1])
    places = (np.tile(np.arange(count), 2), columns)
    shape = (count, USERS + ITEMS)
    return sparse.csr_matrix((np.ones(2 * count), places), shape=shape), rows[:, 2].astype(float)


def fit_myfm(train, test, factors):
    from myfm import MyFMRegressor
    model = MyFMRegressor(rank=factors, random_seed=42)
    with contextlib.redirect_stderr(io.StringIO()):  # a progress bar
        took, _ = race.timed(lambda: model.fit(*train, group_shapes=[USERS, ITEMS], n_iter=SWEEPS,
                                               n_kept_samples=SWEEPS * 4 // 5))
    return took, float(np.sqrt(np.mean((model.predict(test[0]) - test[1]) ** 2)))


def fit_kindred(folder, model, factors, threads):
    numbers = race.kindred(folder, "u1", model, factors, SWEEPS, threads)
    return race.took(numbers), numbers[-1]


def main():
    folder = race.real("ml-100k")
    if not folder or not race.installed("myfm", 2):
        return
    train, test = (ratings(f"{folder}/u1.{part}") for part in ("base", "test"))
    for factors in map(int, race.asked("FACTORS", "16 32", "16 32")):
        for model in race.asked("MODELS", "bayesian_mf machine", " ".join(MODELS)):
            for threads in race.THREADS:
                pairs = race.alternate(lambda: fit_kindred(folder, model, factors, threads),
                                       lambda: fit_myfm(train, test, factors))
                race.report(pairs, "myfm", MODELS[model], "ml-100k u1", k=factors, threads=threads, bar=2,
                            measure="RMSE", count=train[0].shape[0], epochs=(SWEEPS, SWEEPS))


main()
