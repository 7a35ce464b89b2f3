"""Races models of ratings against Surprise's of the same kind, each with its default options, on fold u1 of
MovieLens 100K. MODELS chooses what is run; Surprise has one thread."""
import numpy as np

import race

# What Surprise calls a model, and what kindred does.
MODELS = {"SVD": "matrix_factorization", "SVDpp": "svdpp", "NMF": "nmf", "SlopeOne": "slope_one",
          "CoClustering": "co_clustering", "BaselineOnly": "baseline_model"}


def main():
    folder = race.real("ml-100k")
    if not folder or not race.installed("surprise"):
        return
    import surprise
    from surprise.model_selection import PredefinedKFold
    prefix = folder + "/u1"
    folds = surprise.Dataset.load_from_folds([(prefix + ".base", prefix + ".test")],
                                             surprise.Reader("ml-100k"))
    train, test = next(iter(PredefinedKFold().split(folds)))

    def ours(name, threads):
        numbers = race.kindred(prefix, name, threads)
        return race.took(numbers), numbers[-1]

    def theirs(name):
        model = getattr(surprise, name)()
        if hasattr(model, "random_state"):
            model.random_state = 1
        model.verbose = False
        took, _ = race.timed(lambda: model.fit(train))
        return took, np.sqrt(np.mean([(p.r_ui - p.est) ** 2 for p in model.test(test)]))

    for name in race.asked("MODELS", "SVD NMF SlopeOne CoClustering BaselineOnly", " ".join(MODELS)):
        for threads in race.THREADS:
            race.report(race.alternate(lambda: ours(name, threads), lambda: theirs(name)),
                        f"Surprise {name}", MODELS[name], "ml-100k u1", threads=threads, measure="RMSE",
                        count=train.n_ratings)


main()
