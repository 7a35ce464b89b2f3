"""Races kindred (the program beside the folder given) against other ALS: see als.sh."""
import contextlib
import io
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import scipy.sparse

work = sys.argv[1]


def chosen(name, default):
    return os.environ.get(name, default).split()


pairs = int(os.environ.get("PAIRS", "3"))
threads = [int(n) for n in chosen("THREADS", "1 2")]
OF_CORES = os.environ.get("CLOCK") == "cores"  # on a machine at work
clock = time.process_time if OF_CORES else time.perf_counter
EPOCHS = {"cholesky": 5, "conjugate_gradient": 10}  # of the peer
SOLVERS = {"cholesky": "CHOLESKY", "conjugate_gradient": "CG"}
# Of the implicit objective: what a pair without an interaction weighs, what one with it weighs
# more, the penalty, and how it grows with the weight of a row.
TUNED = {"unobserved": 1.0, "alpha": 9.0, "penalty": 5.0, "exponent": 0.0}
BY_FREQUENCY = {"unobserved": 0.1, "alpha": 1.0, "penalty": 0.01, "exponent": 1.0}


def kindred(*words):
    """The number that the program prints: how many items, or the seconds of a fit."""
    done = subprocess.run([work + "/kindred", *map(str, words), work], check=True,
                          capture_output=True, text=True)
    return float(done.stdout.split()[-1 if OF_CORES else 0])


def array(name, kind=np.float32):
    return np.fromfile(work + "/" + name, kind)


class Implicit:
    """The objective of implicit_als, with all interactions alike."""

    def __init__(self, data, ratings, options):
        self.data, self.options = data, options
        self.ones = ratings.copy()
        self.ones.data[:] = 1

    def fit(self, threads, solver, factors, epochs):
        o = self.options
        took = kindred("implicit", self.data, threads, solver, factors, epochs, o["unobserved"],
                       o["alpha"], o["penalty"], o["exponent"])
        return took, self.loss(array("users").reshape(-1, factors),
                               array("items").reshape(-1, factors))

    def loss(self, users, items):
        o = self.options
        users, items = users.astype(np.float64), items.astype(np.float64)
        matrix = self.ones.tocoo()
        scores = np.einsum("nk,nk->n", users[matrix.row], items[matrix.col])
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
    start = clock()
    model.fit(confidence.astype(np.float32), show_progress=False)
    took = clock() - start
    return took, objective.loss(model.user_factors, model.item_factors)


def cmfrec_peer(objective, threads, solver, factors, epochs):
    from cmfrec import CMF_implicit
    o = objective.options
    model = CMF_implicit(k=factors, lambda_=o["penalty"], alpha=o["alpha"], niter=epochs,
                         use_cg=solver != "cholesky", precompute_for_predictions=False,
                         nthreads=threads, random_state=42)
    start = clock()
    model.fit(objective.ones.tocoo().astype(np.float32))
    took = clock() - start
    return took, objective.loss(model.A_, model.B_)


def irspack_peer(objective, threads, solver, factors, epochs):
    from irspack import IALSRecommender
    o = objective.options
    model = IALSRecommender(objective.ones * o["alpha"], n_components=factors,
                            alpha0=o["unobserved"], reg=o["penalty"], nu=o["exponent"],
                            loss_type="ORIGINAL", solver_type=SOLVERS[solver],
                            train_epochs=epochs, n_threads=threads)
    start = clock()
    with contextlib.redirect_stdout(io.StringIO()):  # a progress bar
        model.learn()
    took = clock() - start
    return took, objective.loss(model.get_user_embedding(), model.get_item_embedding())


class Explicit:
    """The objective of als, penalties in proportion to the number of ratings."""

    penalty = 0.02

    def __init__(self, data, ratings, _):
        self.data, self.ratings = data, ratings.tocoo()
        self.mean = self.ratings.data.mean(dtype=np.float64)

    def fit(self, threads, solver, factors, epochs):
        took = kindred("explicit", self.data, threads, solver, factors, epochs, self.penalty)
        return took, self.loss(array("users").reshape(-1, factors),
                               array("items").reshape(-1, factors),
                               array("user_biases"), array("item_biases"))

    def loss(self, users, items, user_biases, item_biases):
        matrix = self.ratings
        expected = self.mean + user_biases[matrix.row] + item_biases[matrix.col]
        expected = expected + np.einsum("nk,nk->n", users[matrix.row], items[matrix.col])
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
    start = clock()
    model.fit(objective.ratings.astype(np.float32))
    took = clock() - start
    return took, objective.loss(model.A_, model.B_, model.user_bias_, model.item_bias_)


RACES = {"implicit": (Implicit, TUNED, implicit_peer), "cmfrec": (Implicit, TUNED, cmfrec_peer),
         "irspack": (Implicit, BY_FREQUENCY, irspack_peer),
         "cmfrec_explicit": (Explicit, None, cmfrec_explicit_peer)}


def epochs_to(loss, objective, solver, factors, most):
    """The least number of kindred's epochs that comes as low, within a thousandth."""
    least = 1
    while least < most:
        middle = (least + most) // 2
        _, reached = objective.fit(max(threads), solver, factors, middle)
        if reached <= 1.001 * loss:
            most = middle
        else:
            least = middle + 1
    return least


def race(name, data, ratings, solver, factors):
    kind, options, peer = RACES[name]
    objective = kind(data, ratings, options)
    _, loss = peer(objective, max(threads), solver, factors, EPOCHS[solver])
    epochs = epochs_to(loss, objective, solver, factors, 2 * EPOCHS[solver])
    for count in threads:
        ours, theirs = [], []
        for _ in range(pairs):
            took, reached = objective.fit(count, solver, factors, epochs)
            ours.append(took)
            theirs.append(peer(objective, count, solver, factors, EPOCHS[solver])[0])
        ratios = [b / a for a, b in zip(ours, theirs)]
        print(f"{name}, {os.path.basename(data)}, {solver}, {factors} factors, {count} threads: "
              f"kindred {statistics.median(ours):.3f} s ({epochs} epochs to a loss of "
              f"{reached:.6g}), peer {statistics.median(theirs):.3f} s ({EPOCHS[solver]}, "
              f"{loss:.6g}), ratios {' '.join(f'{r:.1f}' for r in ratios)}, median "
              f"{statistics.median(ratios):.1f}", flush=True)


for data in sys.argv[2:]:
    items = int(kindred("data", data))
    offsets = array("offsets", np.int32)
    ratings = scipy.sparse.csr_matrix((array("values"), array("items_of", np.int32), offsets),
                                      shape=(len(offsets) - 1, items))
    for name in chosen("PEERS", " ".join(RACES)):
        for solver in chosen("SOLVERS", " ".join(SOLVERS)):
            for factors in chosen("FACTORS", "64 128"):
                race(name, data, ratings, solver, int(factors))
