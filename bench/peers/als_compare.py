"""Races ALS against implicit, irspack and cmfrec, pair by pair: time to the loss that the peer comes
to, by the same objective and solver. Where a side may choose how long the first factors are, it takes what
comes furthest. PEERS, SOLVERS, FACTORS and STARTS choose what is run.
"""
import contextlib
import io

import numpy as np
import scipy.sparse

import race

EPOCHS = {"cholesky": 5, "conjugate_gradient": 10}  # of the peer
SOLVERS = {"cholesky": "CHOLESKY", "conjugate_gradient": "CG"}
# Of the implicit objective: what a pair without an interaction weighs, what one with it weighs
# more, the penalty, and how it grows with the weight of a row.
TUNED = {"unobserved": 1.0, "alpha": 9.0, "penalty": 5.0, "exponent": 0.0}
BY_FREQUENCY = {"unobserved": 0.1, "alpha": 1.0, "penalty": 0.01, "exponent": 1.0}
STARTS = race.asked("STARTS", "1 0.1 0.5 2", "1 0.1 0.5 2")  # lengths of the first factors of an item


def products(matrix, users, items, block=1 << 20):
    """What users times items is where a sparse matrix has entries, some of these at a time."""
    return np.concatenate([
        np.einsum("nk,nk->n", users[matrix.row[n:n + block]], items[matrix.col[n:n + block]])
        for n in range(0, matrix.nnz, block)])


class Implicit:
    """The objective of implicit_als, with all interactions alike."""

    def __init__(self, data, ratings, options):
        self.data, self.options = data, options
        self.ones = ratings.copy()
        self.ones.data[:] = 1
        self.starts = STARTS
        self.start = self.peer_start = STARTS[0]

    def fit(self, threads, solver, factors, epochs):
        o = self.options
        took = race.took(race.kindred(
            "implicit", self.data, threads, solver, factors, epochs, o["unobserved"], o["alpha"],
            o["penalty"], o["exponent"], self.start, race.WORK))
        return took, self.loss(race.array("users").reshape(-1, factors),
                               race.array("items").reshape(-1, factors))

    def loss(self, users, items):
        o = self.options
        users, items = users.astype(np.float64), items.astype(np.float64)
        matrix = self.ones.tocoo()
        scores = products(matrix, users, items)
        loss = o["unobserved"] * np.sum((users.T @ users) * (items.T @ items))
        loss += np.sum((o["unobserved"] + o["alpha"]) * (1 - scores) ** 2
                       - o["unobserved"] * scores ** 2)
        for rows, counts, possible in ((users, self.ones.getnnz(axis=1), len(items)),
                                       (items, self.ones.getnnz(axis=0), len(users))):
            weight = (counts + o["unobserved"] * possible) ** o["exponent"]
            loss += o["penalty"] * np.sum(weight * np.sum(rows ** 2, axis=1))
        return loss


def implicit_peer(objective, threads, solver, factors, epochs):
    from implicit.cpu.als import AlternatingLeastSquares
    o = objective.options
    confidence = objective.ones * (o["unobserved"] + o["alpha"])
    model = AlternatingLeastSquares(factors=factors, regularization=o["penalty"], alpha=1,
                                    use_cg=solver != "cholesky", iterations=epochs,
                                    num_threads=threads, random_state=42)
    confidence = confidence.astype(np.float32)
    took, _ = race.timed(lambda: model.fit(confidence, show_progress=False))
    return took, objective.loss(model.user_factors, model.item_factors)


def cmfrec_peer(objective, threads, solver, factors, epochs):
    from cmfrec import CMF_implicit
    o = objective.options
    model = CMF_implicit(k=factors, lambda_=o["penalty"], alpha=o["alpha"], niter=epochs,
                         use_cg=solver != "cholesky", precompute_for_predictions=False,
                         nthreads=threads, random_state=42)
    ratings = objective.ones.tocoo().astype(np.float32)
    took, _ = race.timed(lambda: model.fit(ratings))
    return took, objective.loss(model.A_, model.B_)


def irspack_peer(objective, threads, solver, factors, epochs):
    from irspack import IALSRecommender
    o = objective.options
    model = IALSRecommender(objective.ones * o["alpha"], n_components=factors,
                            init_std=float(objective.peer_start),
                            alpha0=o["unobserved"], reg=o["penalty"], nu=o["exponent"],
                            loss_type="ORIGINAL", solver_type=SOLVERS[solver],
                            train_epochs=epochs, n_threads=threads)
    with contextlib.redirect_stdout(io.StringIO()):  # a progress bar
        took, _ = race.timed(model.learn)
    return took, objective.loss(model.get_user_embedding(), model.get_item_embedding())


class Explicit:
    """The objective of als, penalties in proportion to the number of ratings."""

    penalty = 0.02
    starts = (None,)

    def __init__(self, data, ratings, _):
        self.data, self.ratings = data, ratings.tocoo()
        self.mean = self.ratings.data.mean(dtype=np.float64)

    def fit(self, threads, solver, factors, epochs):
        took = race.took(race.kindred("explicit", self.data, threads, solver, factors, epochs, self.penalty,
                                      race.WORK))
        return took, self.loss(race.array("users").reshape(-1, factors),
                               race.array("items").reshape(-1, factors),
                               race.array("user_biases"), race.array("item_biases"))

    def loss(self, users, items, user_biases, item_biases):
        matrix = self.ratings
        expected = self.mean + user_biases[matrix.row] + item_biases[matrix.col]
        expected = expected + products(matrix, users, items)
        loss = np.sum((matrix.data - expected) ** 2, dtype=np.float64)
        for rows, biases, axis in ((users, user_biases, 1), (items, item_biases, 0)):
            counts = matrix.getnnz(axis=axis)
            loss += self.penalty * np.sum(
                counts * (np.sum(rows.astype(np.float64) ** 2, axis=1) + biases ** 2))
        return loss


def cmfrec_explicit_peer(objective, threads, solver, factors, epochs):
    from cmfrec import CMF
    model = CMF(k=factors, lambda_=objective.penalty, scale_lam=True, scale_bias_const=False,
                use_cg=solver != "cholesky", finalize_chol=False, niter=epochs,
                precompute_for_predictions=False, nthreads=threads, random_state=42)
    ratings = objective.ratings.astype(np.float32)
    took, _ = race.timed(lambda: model.fit(ratings))
    return took, objective.loss(model.A_, model.B_, model.user_bias_, model.item_bias_)


# The class of the objective, its options, the peer's fit, what is raced, the bar.
RACES = {"implicit": (Implicit, TUNED, implicit_peer, "implicit_als", 4),
         "irspack": (Implicit, BY_FREQUENCY, irspack_peer, "implicit_als", 2),
         "cmfrec": (Implicit, TUNED, cmfrec_peer, "implicit_als", 2),
         "cmfrec_explicit": (Explicit, None, cmfrec_explicit_peer, "als", 2)}


def epochs_to(loss, objective, solver, factors, most):
    """The least number of kindred's epochs that comes as low, within a thousandth; `most` if it is more."""
    least = 1
    while least < most:
        middle = (least + most) // 2
        _, reached = objective.fit(max(race.THREADS), solver, factors, middle)
        if reached <= 1.001 * loss:
            most = middle
        else:
            least = middle + 1
    return least


def best_of_peer(peer, objective, solver, factors):
    """The least loss of the peer's starts, which its own is set to."""
    losses = {}
    for objective.peer_start in objective.starts if peer is irspack_peer else objective.starts[:1]:
        _, losses[objective.peer_start] = peer(objective, max(race.THREADS), solver, factors, EPOCHS[solver])
    objective.peer_start = min(losses, key=losses.get)
    return losses[objective.peer_start]


def fewest_epochs(loss, objective, solver, factors):
    """The least number of epochs of kindred's starts, which its own is set to."""
    epochs, best = 2 * EPOCHS[solver], objective.starts[0]
    for objective.start in objective.starts:
        needed = epochs_to(loss, objective, solver, factors, epochs)
        if needed < epochs:
            epochs, best = needed, objective.start
    objective.start = best
    return epochs


def one_race(name, data, source, ratings, solver, factors):
    kind, options, peer, model, bar = RACES[name]
    objective = kind(source, ratings, options)
    loss = best_of_peer(peer, objective, solver, factors)
    epochs = fewest_epochs(loss, objective, solver, factors)
    for threads in race.THREADS:
        pairs = race.alternate(lambda: objective.fit(threads, solver, factors, epochs),
                               lambda: peer(objective, threads, solver, factors, EPOCHS[solver]))
        race.report(pairs, name.split("_")[0], f"{model}, {solver}", data, k=factors, threads=threads,
                    bar=bar, measure="loss", count=ratings.nnz, epochs=(epochs, EPOCHS[solver]))


def main():
    for data, source in race.sources("1 lastfm", "1 10 lastfm ml-1m-implicit").items():
        items = int(race.kindred("data", source, race.WORK)[0])
        offsets = race.array("offsets", np.int32)
        ratings = scipy.sparse.csr_matrix((race.array("values"), race.array("items_of", np.int32), offsets),
                                          shape=(len(offsets) - 1, items))
        for name in race.asked("PEERS", "implicit irspack cmfrec cmfrec_explicit", " ".join(RACES)):
            if not race.installed(name.split("_")[0], RACES[name][4]):
                continue
            if name == "cmfrec_explicit" and source.endswith(("lastfm", "implicit")):
                continue  # ratings that are all alike
            for solver in race.asked("SOLVERS", "conjugate_gradient", " ".join(SOLVERS)):
                for factors in race.asked("FACTORS", "64", "64 128"):
                    one_race(name, data, source, ratings, solver, int(factors))


main()
