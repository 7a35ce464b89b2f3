"""Races kindred (the programs beside the folder given) against implicit, faiss and hnswlib: top_k.sh."""
import os
import statistics
import subprocess
import sys
import time

import faiss
import numpy as np
from implicit.cpu.topk import topk

BEST = 10
work = sys.argv[1]
pairs = int(os.environ.get("PAIRS", "3"))
threads = [int(n) for n in os.environ.get("THREADS", "1 2").split()]
factors = int(os.environ.get("FACTORS", "64"))
users_asked = int(os.environ.get("USERS", "20000"))
items_asked = int(os.environ.get("ITEMS", "100000"))


def numbers_of(*words):
    """What a program prints."""
    done = subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def check(name, ours, theirs, items, users):
    """Lists are the same, up to products that are equal up to rounding."""
    a = np.sort(np.einsum("ukf,uf->uk", items[ours], users), axis=1)
    b = np.sort(np.einsum("ukf,uf->uk", items[theirs], users), axis=1)
    worst = float(np.max(np.abs(a - b) / np.maximum(np.abs(a), 1e-3)))
    print(f"    {name}: {(ours == theirs).mean():.5f} of the places the same, scores differ by at "
          f"most {worst:.1e}", flush=True)
    assert worst < 1e-4


def race_exact(items, users, count):
    storages = ("int8", "float32")
    peers = {"implicit": lambda: topk(items, users, BEST, num_threads=count)[0],
             "faiss": lambda: flat.search(users, BEST)[1]}
    faiss.omp_set_num_threads(count)
    flat = faiss.IndexFlatIP(factors)
    flat.add(items)
    seconds = {name: [] for name in (*storages, *peers)}
    for _ in range(pairs):
        for storage in storages:
            build, search = numbers_of(work + "/kindred", "index", work, factors, count, storage)
            seconds[storage].append(search)
            found = np.fromfile(work + "/found", np.int32).reshape(-1, BEST)
        for name, call in peers.items():
            took, lists = timed(call)
            seconds[name].append(took)
            if count == threads[0] and len(seconds[name]) == 1:
                check(name, found, lists, items, users)
    for name, took in seconds.items():
        print(f"  {name}: {len(users) / statistics.median(took):.0f} users a second")
    for storage in storages:
        for peer in peers:
            ratios = [b / a for a, b in zip(seconds[storage], seconds[peer])]
            print(f"  {storage} against {peer}: {' '.join(f'{r:.2f}' for r in ratios)}, median "
                  f"{statistics.median(ratios):.2f}", flush=True)


def race_hnsw(users, count):
    """Each at the effort that reaches a recall of 0.95."""
    efforts = [20, 30, 40, 50, 60, 80, 100, 140, 200]
    commands = ((work + "/kindred", "hnsw"), (work + "/hnswlib",))
    ratios = []
    for _ in range(pairs):
        rates = []
        for command in commands:
            build, *results = numbers_of(*command, work, factors, count, 16, 200, *efforts)
            reached = [(took, recall, effort) for took, recall, effort
                       in zip(results[::2], results[1::2], efforts) if recall >= 0.95]
            if not reached:
                print(f"  hnsw: no effort reaches 0.95, the last {results[-1]:.3f}")
                return
            took, recall, effort = reached[0]
            rates.append(len(users) / took)
            name = "kindred" if len(command) > 1 else "hnswlib"
            print(f"  {name}: effort {effort}, recall {recall:.4f}, {rates[-1]:.0f} queries a "
                  f"second; build {build:.1f} s", flush=True)
        ratios.append(rates[0] / rates[1])
    print(f"  hnsw against hnswlib: {' '.join(f'{r:.2f}' for r in ratios)}, median "
          f"{statistics.median(ratios):.2f}", flush=True)


def race(name, items, users):
    items.tofile(work + "/items")
    users.tofile(work + "/users")
    for count in threads:
        print(f"== {name}: {len(items)} items, {factors} factors, {len(users)} users, {count} threads")
        race_exact(items, users, count)
        if os.environ.get("HNSW") != "0":
            race_hnsw(users, count)


rng = np.random.default_rng(1)
race("normal vectors", rng.standard_normal((items_asked, factors), np.float32),
     rng.standard_normal((users_asked, factors), np.float32))
numbers_of(work + "/kindred", "factors", work, factors)
race("implicit_als of a million ratings", np.fromfile(work + "/items", np.float32).reshape(-1, factors),
     np.fromfile(work + "/users", np.float32).reshape(-1, factors))
