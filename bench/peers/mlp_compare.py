"""Races mlp_rating against the same network in PyTorch on the processor, pair by pair, and checks that
both losses fall alike. BATCHES and LAYERS choose what is run; it is timed by the clock on the wall.
"""
import sys
import time

import numpy as np

import race

PATH = race.real("ml-100k/u.data")
if not PATH or not race.installed("torch", 3):
    sys.exit()
import torch  # noqa: E402: only where it is there

EPOCHS = 4
DIMENSIONS = 32
table = np.loadtxt(PATH, dtype=np.int64)
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


def fit(hidden, batch, count):
    """As train, of kindred."""
    numbers = race.kindred(PATH, ",".join(map(str, hidden)), batch, count, EPOCHS)
    return numbers[:-2], numbers[-2], numbers[-1]


def one_race(hidden, batch, count):
    torch.set_num_threads(count)
    # The quickest way to step is found out first.
    tried = {kind: train(hidden, batch, kind) for kind in ("plain", "fused", "sparse")}
    kind = min(tried, key=lambda one: tried[one][1])
    pairs = race.alternate(lambda: fit(hidden, batch, count), lambda: train(hidden, batch, kind))
    # Of PyTorch's, only sparse Adam leaves the embeddings that a batch does not read as they are.
    losses = pairs[-1][0][0][-1], tried["sparse"][0][-1]
    assert abs(losses[0] - losses[1]) < 0.02 * losses[0]
    layers = f"{'-'.join(map(str, hidden))}-1"
    for what, place, bar, count_of, epochs in (
            (f"batch {batch}", 1, 3 if batch == 128 else "", len(values), EPOCHS - 1),
            ("scoring", 2, "", 100 * num_items, "")):
        race.report([[(side[place], loss) for side, loss in zip(pair, losses)] for pair in pairs],
                    "PyTorch", f"{layers}, {what}", "ml-100k", threads=count, bar=bar,
                    measure="loss", tolerance=0.02, count=count_of, epochs=(epochs, epochs))


for layers in race.asked("LAYERS", "64,32 256,128", "64,32 256,128"):
    for batch in map(int, race.asked("BATCHES", "128", "32 128 1024")):
        for count in race.THREADS:
            one_race([int(width) for width in layers.split(",")], batch, count)
