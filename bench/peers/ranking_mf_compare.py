"""Races bpr, warp and logistic_mf against the same losses of implicit and of LightFM, pair by pair, to
equal NDCG@20 on the test part of data sets of interactions. PEERS, MODELS and DATA choose what is run.

Each side takes, of its grid of options, the one that in the fewest seconds reaches, on the validation
part, the best that the peer comes to there by any of its options, less a thousandth. The bar is the
peer's best on the test part with those over numbers of epochs, less a thousandth, and what it comes to
in the fewest epochs that reach that, on each number of threads; kindred trains for the fewest that reach
the bar, and what is timed is the whole fit.
"""
import math
import warnings

import numpy as np
import scipy.sparse

import race

FACTORS = 64
AT = 20
EPOCHS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 25, 35, 50, 70, 100]
PATIENCE = 25  # epochs that a peer has at the least, and then twice as many as were best so far


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

    def progress(self, part, known, option, count):
        """By EPOCHS what `fit` returns."""
        for epochs in EPOCHS:
            yield epochs, *self.fit(part, known, option, epochs, count)


class Peer:
    """One that can go on training: a kind has start(option, count), train(state, known, epochs, count) and
    factors(state)."""

    def fit(self, _, known, option, epochs, count):
        state = self.start(option, count)
        took, _ = race.timed(lambda: self.train(state, known, epochs, count))
        return took, self.factors(state)

    def progress(self, _, known, option, count):
        state = self.start(option, count)
        seconds = 0
        for before, epochs in zip([0, *EPOCHS], EPOCHS):
            seconds += race.timed(lambda: self.train(state, known, epochs - before, count))[0]
            yield epochs, seconds, self.factors(state)


class Implicit(Peer):
    """Its bias, if it has one, stands in the last column."""

    def __init__(self, model, _):
        from implicit.cpu.bpr import BayesianPersonalizedRanking
        from implicit.cpu.lmf import LogisticMatrixFactorization
        self.make, self.grid = {
            "bpr": (BayesianPersonalizedRanking,
                    [(0.01, 0.01), (0.02, 0.001), (0.05, 0.001), (0.05, 0.01), (0.1, 0.01)]),
            "logistic_mf": (LogisticMatrixFactorization,
                            [(0.5, 0.6), (1, 0.6), (0.5, 2), (0.1, 0.6)])}[model]

    def start(self, option, count):
        return self.make(factors=FACTORS, learning_rate=option[0], regularization=option[1], num_threads=count,
                         random_state=np.random.default_rng(1))

    def train(self, state, known, epochs, _):
        state.iterations = epochs
        state.fit(known, show_progress=False)

    def factors(self, state):
        return state.user_factors, state.item_factors, 0


class Lightfm(Peer):
    def __init__(self, model, _):
        self.loss = {"bpr": "bpr", "warp": "warp", "logistic_mf": "logistic"}[model]
        self.grid = [(0.05, 0, 10), (0.05, 1e-5, 40), (0.05, 1e-4, 40), (0.02, 1e-6, 10)]

    def start(self, option, _):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has no OpenMP, where it has none
            from lightfm import LightFM
        return LightFM(no_components=FACTORS, loss=self.loss, learning_rate=option[0], item_alpha=option[1],
                       user_alpha=option[1], max_sampled=option[2], random_state=1)

    def train(self, state, known, epochs, count):
        state.fit_partial(known, epochs=epochs, num_threads=count)

    def factors(self, state):
        return state.user_embeddings, state.item_embeddings, state.item_biases


PEERS = {"implicit": (Implicit, {"bpr": 2, "logistic_mf": ""}),
         "lightfm": (Lightfm, {"bpr": "", "warp": 5, "logistic_mf": ""})}


def curve(side, data, part, option, bar=math.inf, patience=math.inf, most=math.inf):
    """Seconds and NDCG on a part by epochs, as far as the bar, or `most` seconds."""
    known, wanted = data[part]
    reached = {}
    best, at = -1, 0
    for epochs, took, factors in side.progress(part, known, option, min(race.THREADS)):
        if took >= most:
            break
        reached[epochs] = took, ndcg(*factors, known, wanted)
        best, at = max((best, at), (reached[epochs][1], epochs))
        if best >= bar or epochs >= max(patience, 2 * at):
            break
    return reached


def best_of(reached):
    return max((value for _, value in reached.values()), default=-1)


def seconds_to(reached, bar):
    return min((took for took, value in reached.values() if value >= bar), default=math.inf)


def soonest(side, data, bar):
    """The option of a side that is first to come to the bar on the validation part; if none does, the best."""
    curves = {}
    for option in side.grid:
        least = min((seconds_to(reached, bar) for reached in curves.values()), default=math.inf)
        curves[option] = curve(side, data, "valid", option, bar, most=least)
    return min(curves, key=lambda option: (seconds_to(curves[option], bar), -best_of(curves[option])))


def fewest(reached, bar):
    return next((epochs for epochs, (_, value) in reached.items() if value >= bar), None)


def one_race(name, folder, data, model, peer):
    kind, bars = PEERS[peer]
    ours, theirs = Kindred(model, folder), kind(model, folder)
    their_curves = {option: curve(theirs, data, "valid", option, patience=PATIENCE) for option in theirs.grid}
    bar = max(map(best_of, their_curves.values())) - 0.001
    their_option = min(their_curves, key=lambda option: seconds_to(their_curves[option], bar))
    our_option = soonest(ours, data, bar)
    their_curve = curve(theirs, data, "test", their_option, patience=PATIENCE)
    bar = best_of(their_curve) - 0.001
    known, wanted = data["test"]

    def fit(side, option, epochs, count):
        took, factors = side.fit("test", known, option, epochs, count)
        return took, ndcg(*factors, known, wanted)

    # Their threads race, too: what a fit in one go comes to depends on their number.
    their_epochs = fewest(their_curve, bar)
    bar = max(bar, *(fit(theirs, their_option, their_epochs, count)[1] for count in race.THREADS))
    our_curve = curve(ours, data, "test", our_option, bar)
    for side, reached in (("kindred", our_curve), (peer, their_curve)):
        race.curve(f"{model} against {peer}", name, FACTORS, min(race.THREADS), side, f"NDCG@{AT}",
                   [(epochs, *reached[epochs]) for epochs in reached])
    needed = fewest(our_curve, bar), their_epochs
    print(f"{name}, {model} {our_option} against {peer} {their_option}: NDCG@{AT} {bar:.4f}, reached in "
          f"{needed[0]} and {needed[1]} epochs", flush=True)
    # Where ours does not come there, the race is lost: equal accuracy is not had.
    needed = needed[0] or max(our_curve), needed[1]
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
