"""Races kindred (the program given) against PyTorch on the ratings given: see mlp.sh."""
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import torch

program, path = sys.argv[1:3]
EPOCHS = 4
DIMENSIONS = 32
pairs = int(os.environ.get("PAIRS", "3"))
threads = [int(n) for n in os.environ.get("THREADS", "1 2").split()]
batches = [int(n) for n in os.environ.get("BATCHES", "32 128 1024").split()]

table = np.loadtxt(path, dtype=np.int64)
users = torch.from_numpy(np.unique(table[:, 0], return_inverse=True)[1])
items = torch.from_numpy(np.unique(table[:, 1], return_inverse=True)[1])
values = torch.from_numpy(table[:, 2].astype(np.float32))
num_users, num_items = int(users.max()) + 1, int(items.max()) + 1


class Network(torch.nn.Module):
    """Starts as kindred does."""

    def __init__(self, hidden, sparse):
        super().__init__()
        self.user = torch.nn.Embedding(num_users, DIMENSIONS, sparse=sparse)
        self.item = torch.nn.Embedding(num_items, DIMENSIONS, sparse=sparse)
        for embedding in (self.user, self.item):
            torch.nn.init.uniform_(embedding.weight, -0.05, 0.05)
        layers, width = [], 2 * DIMENSIONS
        for outputs in hidden:
            layers += [torch.nn.Linear(width, outputs), torch.nn.ReLU()]
            torch.nn.init.kaiming_uniform_(layers[-2].weight, nonlinearity="relu")
            torch.nn.init.zeros_(layers[-2].bias)
            width = outputs
        layers.append(torch.nn.Linear(width, 1))
        torch.nn.init.xavier_uniform_(layers[-1].weight)
        torch.nn.init.constant_(layers[-1].bias, float(values.mean()))
        self.tower = torch.nn.Sequential(*layers)

    def forward(self, user, item):
        return self.tower(torch.cat([self.user(user), self.item(item)], 1)).squeeze(1)


def optimizers(network, kind):
    if kind == "sparse":
        return [torch.optim.SparseAdam([network.user.weight, network.item.weight]),
                torch.optim.Adam(network.tower.parameters(), fused=True)]
    return [torch.optim.Adam(network.parameters(), fused=kind == "fused")]


def train(hidden, batch, kind):
    """Losses, seconds of the epochs after the first, seconds of scoring."""
    torch.manual_seed(1)
    network = Network(hidden, kind == "sparse")
    steppers = optimizers(network, kind)
    losses, seconds = [], 0.0
    for epoch in range(EPOCHS):
        start = time.perf_counter()
        order = torch.randperm(len(values))
        total = torch.zeros(())
        for first in range(0, len(values), batch):
            rows = order[first:first + batch]
            loss = torch.nn.functional.mse_loss(network(users[rows], items[rows]), values[rows])
            for stepper in steppers:
                stepper.zero_grad()
            loss.backward()
            for stepper in steppers:
                stepper.step()
            total += loss.detach() * len(rows)
        losses.append(float(total) / len(values))
        if epoch > 0:
            seconds += time.perf_counter() - start
    every = torch.arange(num_items)
    with torch.inference_mode():
        start = time.perf_counter()
        for user in range(100):
            network(torch.full((num_items,), user), every)
        scoring = time.perf_counter() - start
    return losses, seconds, scoring


def kindred(hidden, batch, count):
    words = [program, path, ",".join(map(str, hidden)), batch, count, EPOCHS]
    done = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)
    numbers = [float(word) for word in done.stdout.split()]
    return numbers[:-2], numbers[-2], numbers[-1]


def race(hidden, batch, count):
    torch.set_num_threads(count)
    # The quickest way to step is found out first.
    tried = {kind: train(hidden, batch, kind) for kind in ("plain", "fused", "sparse")}
    kind = min(tried, key=lambda one: tried[one][1])
    ours, theirs = [], []
    for _ in range(pairs):
        ours.append(kindred(hidden, batch, count))
        theirs.append(train(hidden, batch, kind))
    samples = len(values) * (EPOCHS - 1)
    for what, place, work in (("training", 1, samples), ("scoring", 2, 100 * num_items)):
        ratios = [b[place] / a[place] for a, b in zip(ours, theirs)]
        rates = [work / statistics.median(run[place] for run in side) for side in (ours, theirs)]
        print(f"  {what}: kindred {rates[0] / 1e6:.2f} M samples/s, PyTorch ({kind}) "
              f"{rates[1] / 1e6:.2f}, ratios {' '.join(f'{r:.1f}' for r in ratios)}, "
              f"median {statistics.median(ratios):.1f}")
    # Of PyTorch's, only sparse Adam leaves the embeddings that a batch does not read as they are.
    curves = {"kindred": ours[0][0], "PyTorch (sparse)": tried["sparse"][0], "(plain)": tried["plain"][0]}
    for who, losses in curves.items():
        print(f"  loss by epoch, {who}: {' '.join(f'{loss:.4f}' for loss in losses)}", flush=True)
    assert abs(ours[0][0][-1] - tried["sparse"][0][-1]) < 0.02 * ours[0][0][-1]


for hidden in ([64, 32], [256, 128]):
    for batch in batches:
        for count in threads:
            print(f"== {'-'.join(map(str, hidden))}-1, batch {batch}, {count} threads")
            race(hidden, batch, count)
