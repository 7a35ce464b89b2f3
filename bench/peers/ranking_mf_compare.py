"""Races bpr, warp and logistic_mf against the same losses of implicit and of LightFM, pair by pair, to
equal NDCG@20 on the test part of data sets of interactions. PEERS, MODELS and DATA choose what is run.

Peers get a grid of four options and kindred one of six, judged at 25 epochs on the validation part.
The bar is the peer's best on the test part over numbers of epochs, less a thousandth; each side then
trains for the fewest epochs that reach it, and what is timed is the whole fit.
"""
import warnings

import numpy as np
import scipy.sparse

import race

FACTORS = 64
AT = 20
EPOCHS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 25, 35, 50, 70]


def read(folder, part):
    rows, columns = [], []
    with open(f"{folder}/{part}.txt", encoding="ascii") as file:
        for line in file:
            user, *items = map(int, line.split())
            rows += [user] * len(items)
            columns += items
    return rows, columns


def load(folder):
    parts = {part: read(folder, part) for part in ("train", "valid", "test")}
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
    def __init__(self, model, folder):
        self.model, self.folder = model, folder
        self.grid = range(int(race.kindred("options", model)[0]))

    def fit(self, part, _, option, epochs, count):
        took = race.took(race.kindred("fit", self.folder, part, self.model, option, epochs, count, race.WORK))
        users, items = (race.array(side).reshape(-1, FACTORS) for side in ("users", "items"))
        return took, (users, items, race.array("biases"))


class Implicit:
    """Its bias, if it has one, stands in the last column."""

    def __init__(self, model, _):
        from implicit.cpu.bpr import BayesianPersonalizedRanking
        from implicit.cpu.lmf import LogisticMatrixFactorization
        self.make, self.grid = {
            "bpr": (BayesianPersonalizedRanking,
                    [(0.05, 0.01), (0.05, 0.03), (0.1, 0.01), (0.02, 0.01)]),
            "logistic_mf": (LogisticMatrixFactorization,
                            [(0.5, 0.6), (1, 0.6), (0.5, 2), (0.1, 0.6)])}[model]

    def fit(self, _, known, option, epochs, count):
        model = self.make(factors=FACTORS, learning_rate=option[0], regularization=option[1],
                          iterations=epochs, num_threads=count, random_state=1)
        took, _ = race.timed(lambda: model.fit(known, show_progress=False))
        return took, (model.user_factors, model.item_factors, 0)


class Lightfm:
    grid = [(0.05, 0), (0.05, 1e-6), (0.05, 1e-5), (0.02, 1e-6)]

    def __init__(self, model, _):
        self.loss = {"bpr": "bpr", "warp": "warp", "logistic_mf": "logistic"}[model]

    def fit(self, _, known, option, epochs, count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has no OpenMP, where it has none
            from lightfm import LightFM
        model = LightFM(no_components=FACTORS, loss=self.loss, learning_rate=option[0],
                        item_alpha=option[1], user_alpha=option[1], random_state=1)
        took, _ = race.timed(lambda: model.fit(known, epochs=epochs, num_threads=count))
        return took, (model.user_embeddings, model.item_embeddings, model.item_biases)


PEERS = {"implicit": (Implicit, {"bpr": 2, "logistic_mf": ""}),
         "lightfm": (Lightfm, {"bpr": "", "warp": 5, "logistic_mf": ""})}


def tune(side, data):
    """The options, of those at 25 epochs, that are best on the validation part."""
    known, wanted = data["valid"]
    return max(side.grid, key=lambda option: ndcg(
        *side.fit("valid", known, option, 25, max(race.THREADS))[1], known, wanted))


def curve(side, data, option, bar=None):
    """Seconds and NDCG on the test part by epochs, as far as the bar."""
    known, wanted = data["test"]
    reached = {}
    for epochs in EPOCHS:
        took, factors = side.fit("test", known, option, epochs, max(race.THREADS))
        reached[epochs] = took, ndcg(*factors, known, wanted)
        if bar is not None and reached[epochs][1] >= bar:
            break
    return reached


def fewest(reached, bar):
    return next((epochs for epochs, (_, value) in reached.items() if value >= bar), None)


def one_race(name, folder, data, model, peer):
    kind, bars = PEERS[peer]
    ours, theirs = Kindred(model, folder), kind(model, folder)
    our_option, their_option = tune(ours, data), tune(theirs, data)
    their_curve = curve(theirs, data, their_option)
    bar = max(value for _, value in their_curve.values()) - 0.001
    our_curve = curve(ours, data, our_option, bar)
    for side, reached in (("kindred", our_curve), (peer, their_curve)):
        race.curve(f"{model} against {peer}", name, FACTORS, max(race.THREADS), side, f"NDCG@{AT}",
                   [(epochs, *reached[epochs]) for epochs in reached])
    needed = fewest(our_curve, bar), fewest(their_curve, bar)
    print(f"{name}, {model} against {peer} {their_option}: NDCG@{AT} {bar:.4f}, reached in {needed[0]} and "
          f"{needed[1]} epochs", flush=True)
    # Where ours does not come there, the race is lost: equal accuracy is not had.
    needed = needed[0] or max(our_curve), needed[1]
    known, wanted = data["test"]

    def fit(side, option, epochs, count):
        took, factors = side.fit("test", known, option, epochs, count)
        return took, ndcg(*factors, known, wanted)

    for count in race.THREADS:
        pairs = race.alternate(lambda: fit(ours, our_option, needed[0], count),
                               lambda: fit(theirs, their_option, needed[1], count))
        race.report(pairs, peer, model, name, k=FACTORS, threads=count, bar=bars[model], lower=False,
                    measure=f"NDCG@{AT}", tolerance=0.005, count=known.nnz, epochs=needed)


def main():
    for name, folder in race.sources("lastfm", "lastfm ml-1m-implicit").items():
        data = load(folder)
        for peer in race.asked("PEERS", "implicit lightfm", " ".join(PEERS)):
            bars = PEERS[peer][1]
            if race.installed(peer, max(bar for bar in bars.values() if bar)):
                for model in race.asked("MODELS", "bpr warp", "bpr warp logistic_mf"):
                    if model in bars:
                        one_race(name, folder, data, model, peer)


main()
