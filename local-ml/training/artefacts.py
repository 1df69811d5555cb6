"""What mapping does to a shell: smoothing, noise, holes, parts that were never mapped, coarse and uneven meshes."""
import numpy as np
from scipy.sparse import coo_matrix, diags

from shapes import VEINS, largest


def smoother(n, t):
    e = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    e = np.concatenate([e, e[:, ::-1]])
    a = coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(n, n)).tocsr()
    a.data[:] = 1
    return diags(1 / np.maximum(np.asarray(a.sum(1)).ravel(), 1)) @ a


def corrupt(rng, v, t, labels):
    """Draws and applies artefacts; returns vertices, triangles, labels."""
    mean = smoother(len(v), t)
    rough = rng.random() < 0.5
    if rough:
        v = v + mean @ rng.normal(0, rng.uniform(0.2, 1.2), v.shape)
    for _ in range(rng.integers(0, 9)):
        v = v + 0.5 * (mean @ v - v)
    if rng.random() < 0.3:
        v = v + rng.normal(0, rng.uniform(0.05, 0.35), v.shape)
    gone = np.zeros(len(v), dtype=bool)
    for _ in range(rng.choice([0, 1, 2, 3, 4], p=[0.5, 0.2, 0.15, 0.1, 0.05])):
        at = v[rng.integers(len(v))]
        gone |= ((v - at) ** 2).sum(1) < rng.uniform(3, 9) ** 2
    if rng.random() < 0.1:  # a part that was never mapped
        at = v[rng.integers(len(v))]
        gone |= ((v - at) ** 2).sum(1) < rng.uniform(12, 24) ** 2
    if rng.random() < 0.1:  # a vein that was never entered
        gone |= labels == VEINS[rng.integers(4)]
    keep = ~gone[t].any(1)
    return largest(v, t[keep], labels) if keep.sum() > 1000 else (v, t, labels)


def cluster(v, t, labels, size):
    """Vertex clustering on a grid: the coarse, uneven triangles of a decimated export."""
    _, cell = np.unique(np.floor(v / size).astype(np.int64), axis=0, return_inverse=True)
    cell = cell.ravel()
    count = np.bincount(cell)
    merged = np.stack([np.bincount(cell, v[:, k]) / count for k in range(3)], 1)
    votes = np.zeros((len(count), 7))
    np.add.at(votes, (cell, labels), 1)
    t = cell[t]
    t = t[(t[:, 0] != t[:, 1]) & (t[:, 1] != t[:, 2]) & (t[:, 0] != t[:, 2])]
    t = t[np.unique(np.sort(t, axis=1), axis=0, return_index=True)[1]]
    return largest(merged, t, votes.argmax(1))
