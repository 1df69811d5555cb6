#!/usr/bin/python3
"""Trains the region network: train.py DATA OUT.pt STEPS [FROM.pt]. One thread, fixed steps; the running mean of the weights counts.

DATA/part-*.npz is trained on; DATA/valid/part-*.npz (other seeds) is only measured at the end.
"""
import glob
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

from net import Regions  # noqa: E402
from pose import about  # noqa: E402

BATCH, RATE = 8, 3e-3
SIZES = {"nbr0": 1536, "nbr1": 384, "nbr2": 96, "up1": 384, "up2": 96}
torch.set_num_threads(1)


def load(folder, pattern="part-*.npz"):
    parts = [np.load(f) for f in sorted(glob.glob(f"{folder}/{pattern}"))]
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0].files}


def turn(rng):
    """A rotation as it occurs: nearly canonical, as far as a start of the cube is off, or any."""
    kind = rng.choice(3, p=[0.5, 0.4, 0.1])
    degrees = abs(rng.normal(0, 12)) if kind == 0 else rng.uniform(0, 70) if kind == 1 else rng.uniform(0, 180)
    return about(rng.normal(size=3), degrees)


def disturbed(rng, p, n, invariant):
    """Scaled, jittered, and sometimes without what is known of the boundary."""
    p = p * rng.uniform(0.93, 1.07, 3).astype("f4") + rng.normal(0, 0.3, p.shape).astype("f4")
    invariant = invariant * rng.uniform(0.95, 1.05, 9).astype("f4")
    if rng.random() < 0.12:
        invariant[:, 5:7] = 0
    return p, n, invariant


def batch(data, picks, rng=None, rotations=None):
    """Tensors of several clouds as one graph; with `rng` turned and disturbed."""
    x, index = [], {k: [] for k in SIZES}
    for row, i in enumerate(picks):
        q = rotations[row] if rotations is not None else turn(rng) if rng is not None else np.eye(3)
        q = q.astype("f4")
        p, n, invariant = data["points"][i], data["normals"][i], data["invariant"][i]
        if rng is not None:
            p, n, invariant = disturbed(rng, p, n, invariant)
        x.append(np.concatenate([p @ q.T / 40, n @ q.T, invariant], 1))
        for k, size in SIZES.items():
            index[k].append(data[k][i].astype("i8") + row * size)
    t = torch.from_numpy
    cat = {k: t(np.concatenate(v)) for k, v in index.items()}
    weight = {k: t(np.concatenate([data[k][i] for i in picks])) for k in ("upw1", "upw2")}
    labels = t(np.concatenate([data["labels"][i] for i in picks]).astype("i8"))
    return (t(np.concatenate(x)), cat["nbr0"], cat["nbr1"], cat["nbr2"], cat["up1"], weight["upw1"], cat["up2"], weight["upw2"]), labels


def loss_of(logits, labels, count, weight):
    cross = torch.nn.functional.cross_entropy(logits, labels, weight=weight, label_smoothing=0.03)
    p = torch.softmax(logits, 1).reshape(count, -1, 7)
    y = torch.nn.functional.one_hot(labels, 7).reshape(count, -1, 7).float()
    dice = (2 * (p * y).sum(1) + 5) / (p.sum(1) + y.sum(1) + 5)
    return cross + 0.5 * (1 - dice.mean())


def dice_of(net, data, rotations=None):
    """Mean over clouds of Dice per label, over points; a label with less than 5 points in truth is left out."""
    scores = [[] for _ in range(7)]
    with torch.no_grad():
        for i in range(len(data["points"])):
            inputs, labels = batch(data, [i], rotations=None if rotations is None else [rotations[i]])
            guess = net(*inputs).argmax(1)
            for k in range(7):
                a, b = guess == k, labels == k
                if b.sum() >= 5:
                    scores[k].append(float(2 * (a & b).sum() / (a.sum() + b.sum())))
    return np.array([np.mean(s) for s in scores])


def class_weights(labels):
    frequency = np.bincount(labels.ravel(), minlength=7) / labels.size
    weight = torch.tensor((frequency + 0.01) ** -0.4, dtype=torch.float32)
    return weight / weight.mean()


def main(folder, out, steps, start=None):
    torch.manual_seed(1)
    rng = np.random.default_rng(steps)
    data = load(folder)
    net = Regions()
    if start:
        net.load_state_dict(torch.load(start))
    mean = {k: v.clone() for k, v in net.state_dict().items()}
    weight, rate = class_weights(data["labels"]), RATE if start is None else RATE * 2 / 3
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    print(f"{len(data['points'])} clouds, {sum(p.numel() for p in net.parameters())} weights", flush=True)
    began, order = time.time(), []
    for step in range(1, steps + 1):
        if len(order) < BATCH:
            order = list(rng.permutation(len(data["points"])))
        inputs, labels = batch(data, [order.pop() for _ in range(BATCH)], rng)
        loss = loss_of(net(*inputs, count=BATCH), labels, BATCH, weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        keep = min(0.995, step / (step + 20))
        for k, v in net.state_dict().items():
            mean[k].mul_(keep).add_(v, alpha=1 - keep)
        if step % 50 == 0:
            print(f"{step} loss {loss.item():.3f} {time.time() - began:.0f}s", flush=True)
            torch.save(mean, out)
    torch.save(mean, out)
    net.load_state_dict(mean)
    if glob.glob(f"{folder}/valid/part-*.npz"):
        valid = load(f"{folder}/valid")
        wide = [about(rng.normal(size=3), 40) for _ in valid["points"]]
        print("valid dice", np.round(dice_of(net, valid), 3), "turned 40", np.round(dice_of(net, valid, wide), 3))
    print(f"wall {time.time() - began:.0f}s cpu {time.process_time():.0f}s")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:5])
