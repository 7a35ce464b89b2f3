"""Races item_index against the top-k of implicit and the flat index of faiss, pair by pair, and checks
that all find the same; then hnsw_index against hnswlib itself, with the same parameters; then one query
against the time to read its bytes. ITEMS, FACTORS, USERS, STORAGES, DATA and HNSW=0 choose what is run.
hnswlib is the system's, compiled for this machine (-march=native); kindred gets no such flag.
"""
import numpy as np

import race

BEST = 10
EFFORTS = [20, 30, 40, 50, 60, 80, 100, 140, 200]
FACTORS = int(race.asked("FACTORS", "64", "64")[0])
USERS = int(race.asked("USERS", "4000", "20000")[0])
ITEMS = int(race.asked("ITEMS", "100000", "100000")[0])


def check(ours, theirs, items, users):
    """Lists are the same, up to products that are equal up to rounding."""
    a = np.sort(np.einsum("ukf,uf->uk", items[ours], users), axis=1)
    b = np.sort(np.einsum("ukf,uf->uk", items[theirs], users), axis=1)
    assert np.max(np.abs(a - b) / np.maximum(np.abs(a), 1e-3)) < 1e-4
    return (ours == theirs).mean()


def searches(items, users, threads):
    """By peer a call that finds the best."""
    calls = {}
    if race.installed("implicit", 2):
        from implicit.cpu.topk import topk
        calls["implicit"] = lambda: topk(items, users, BEST, num_threads=threads)[0]
    if race.installed("faiss", 2):
        import faiss
        faiss.omp_set_num_threads(threads)
        flat = faiss.IndexFlatIP(FACTORS)
        flat.add(items)
        calls["faiss"] = lambda: flat.search(users, BEST)[1]
    return calls


def race_exact(data, items, users, threads):
    def ours(storage):
        took = race.took(race.kindred("index", race.WORK, FACTORS, threads, storage))
        return took, race.array("found", np.int32).reshape(-1, BEST)

    for peer, call in searches(items, users, threads).items():
        for storage in race.asked("STORAGES", "int8 float32", "int8 float32"):
            pairs = race.alternate(lambda: ours(storage), lambda: race.timed(call))
            same = check(pairs[-1][0][1], pairs[-1][1][1], items, users)
            race.report([[(took, accuracy) for (took, _), accuracy in zip(pair, (1, 1))] for pair in pairs],
                        peer, f"item_index, {storage}, exact", data, k=FACTORS, threads=threads, bar=2,
                        measure="recall", lower=False, count=len(users))
            print(f"  {same:.5f} of the places the same")


def quickest(numbers, effort_count=len(EFFORTS)):
    """The time and recall of the least effort that reaches 0.95, or of the greatest."""
    reached = [(race.took(numbers[2 + 3 * n:]), numbers[4 + 3 * n]) for n in range(effort_count)]
    return next((one for one in reached if one[1] >= 0.95), reached[-1])


def race_hnsw(data, users, threads):
    words = (race.WORK, FACTORS, threads, 16, 200, *EFFORTS)
    pairs = race.alternate(lambda: quickest(race.kindred("hnsw", *words)),
                           lambda: quickest(race.kindred(*words, program="hnswlib")))
    race.report(pairs, "hnswlib", "hnsw_index, recall 0.95", data, k=FACTORS, threads=threads,
                measure="recall", lower=False, tolerance=0.01, count=len(users))


def one_race(data, items, users):
    items.tofile(race.WORK / "items")
    users.tofile(race.WORK / "users")
    for threads in race.THREADS:
        race_exact(data, items, users, threads)
        if race.asked("HNSW", "0", "1") != ["0"]:
            race_hnsw(data, users, threads)


def race_single():
    """The share of the bandwidth of reading that one query reaches, as a ratio."""
    runs = [race.kindred("single", race.WORK, FACTORS, 1) for _ in range(race.PAIRS)]
    race.report([((race.took(run), 0), (run[-1], 0)) for run in runs], "reading alone",
                "item_index, float32, 20 single queries", "1M items", k=FACTORS, bar=0.8)


def main():
    rng = np.random.default_rng(1)
    data = race.asked("DATA", "normal fitted single", "normal fitted single")
    if "normal" in data:
        one_race("normal vectors", rng.standard_normal((ITEMS, FACTORS), np.float32),
                 rng.standard_normal((USERS, FACTORS), np.float32))
    if "fitted" in data:
        race.kindred("factors", race.WORK, FACTORS)
        one_race("fitted factors", race.array("items").reshape(-1, FACTORS),
                 race.array("users").reshape(-1, FACTORS))
    if "single" in data:
        race_single()


main()
