#!/usr/bin/python3
"""Trains the site network: train_sites.py DATA OUT.pt STEPS. DATA/sites-*.npz is trained on, DATA/valid measured at the end."""
import glob
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

from sequence import Sequence  # noqa: E402
from sites import CLASSES, adjacent_pairs  # noqa: E402

BATCH, RATE = 24, 3e-3
torch.set_num_threads(1)


def load(folder):
    """List of (x [32,L], aim [L])."""
    cases = []
    for path in sorted(glob.glob(f"{folder}/sites-*.npz")):
        part = np.load(path)
        cuts = np.cumsum(part["length"])[:-1]
        cases += list(zip(np.split(part["x"], cuts, axis=1), np.split(part["aim"], cuts)))
    return cases


def disturbed(rng, x, aim):
    """A part of the procedure, sometimes without index or with reordered pieces lost."""
    x, aim = x.copy(), aim.copy()
    n = len(aim)
    if rng.random() < 0.3 and n > 12:
        a = rng.integers(0, n // 2)
        b = rng.integers(a + 6, n + 1)
        x, aim = x[:, a:b], aim[a:b]
        x[30:32, 0] = 0
    if rng.random() < 0.1:
        x[27:30] = 0
    return x + rng.normal(0, 0.012, x.shape).astype("f4"), aim


def padded(rows):
    """Tensors [b,32,L] and [b,L]; aim is -1 where padded."""
    longest = max(len(a) for _, a in rows)
    x, aim = np.zeros((len(rows), rows[0][0].shape[0], longest), "f4"), np.full((len(rows), longest), -1)
    for i, (xi, ai) in enumerate(rows):
        x[i, :, : len(ai)], aim[i, : len(ai)] = xi, ai
    return torch.from_numpy(x), torch.from_numpy(aim)


def accuracy(net, cases):
    """(exact, exact or adjacent, per class exact)."""
    near = np.eye(len(CLASSES), dtype=bool)
    for a, b in adjacent_pairs():
        near[CLASSES.index(a), CLASSES.index(b)] = near[CLASSES.index(b), CLASSES.index(a)] = True
    guess, truth = [], []
    with torch.no_grad():
        for x, aim in cases:
            guess.append(net(torch.from_numpy(x[None])).argmax(1)[0].numpy())
            truth.append(aim)
    guess, truth = np.concatenate(guess), np.concatenate(truth)
    return (guess == truth).mean(), near[guess, truth].mean(), {
        CLASSES[k]: (round(float((guess == k)[truth == k].mean()), 3), int((truth == k).sum())) for k in np.unique(truth)}


def main(folder, out, steps):
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    cases = load(folder)
    net = Sequence()
    every = np.concatenate([x for x, _ in cases], 1)
    net.mean[:] = torch.from_numpy(every.mean(1, keepdims=True))
    net.scale[:] = torch.from_numpy(every.std(1, keepdims=True) + 0.05)
    mean = {k: v.clone() for k, v in net.state_dict().items()}
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.15)
    print(len(cases), "cases", every.shape[1], "lesions", sum(p.numel() for p in net.parameters()), "weights")
    began = time.time()
    for step in range(1, steps + 1):
        x, aim = padded([disturbed(rng, *cases[i]) for i in rng.integers(len(cases), size=BATCH)])
        loss = torch.nn.functional.cross_entropy(net(x, aim >= 0), aim, ignore_index=-1, label_smoothing=0.03)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        keep = min(0.995, step / (step + 20))
        for k, v in net.state_dict().items():
            mean[k].mul_(keep).add_(v, alpha=1 - keep)
        if step % 200 == 0:
            print(step, round(loss.item(), 3), f"{time.time() - began:.0f}s", flush=True)
    torch.save(mean, out)
    net.load_state_dict(mean)
    net.eval()
    print("train", accuracy(net, cases[:60])[:2])
    if glob.glob(f"{folder}/valid/*.npz"):
        print("valid", accuracy(net, load(f"{folder}/valid")))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
