#!/usr/bin/python3
"""Generates training clouds: data.py OUT FIRST COUNT. One shape per seed, two mappings of it, one cloud each.

Writes OUT/part-<seed>.npz with 25 shapes each and prints the SHA-256 over all arrays of a part. Same seeds, same libraries: same bytes.
"""
import glob
import hashlib
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402

from artefacts import cluster, corrupt  # noqa: E402
from prep import cloud_of, mesh_of  # noqa: E402
from shapes import BODY, MV, build, draw  # noqa: E402

PART, MAPPINGS = 25, 2


def atrium(seed, spacing=2.4, fixed=False):
    """(vertices, triangles, labels, variant, rng) of a seed; draws again where a piece is missing."""
    for attempt in range(20):
        rng = np.random.default_rng([seed, attempt])
        shape = draw(rng, fixed)
        v, t, labels = build(shape, spacing)
        present = np.bincount(labels, minlength=7)[1:6]
        if (present >= 12).all():
            return v, t, labels, shape.variant, rng
    raise ValueError(f"no atrium from seed {seed}")


def without_rim(labels, variant):
    """A valve that is cut open leaves no label behind, only a rim that belongs to the body."""
    return np.where(labels == MV, BODY, labels) if variant["valveOpen"] else labels


def clouds(seed):
    """The mapped clouds of one seed as arrays. Seeds from 300000 to 399999 are hearts from a jar."""
    v, t, labels, variant, rng = atrium(seed, fixed=300000 <= seed < 400000)
    for _ in range(MAPPINGS):
        mv, mt, ml = corrupt(rng, v, t, labels)
        if rng.random() < 0.2:
            mv, mt, ml = cluster(mv, mt, ml, rng.uniform(2.5, 4.5))
        ml = without_rim(ml, variant)
        mesh = mesh_of(mv, mt)
        welded = np.zeros(len(mesh.vertices), dtype=np.int64)
        welded[mesh.origin[::-1]] = ml[::-1]
        c = cloud_of(mesh, int(rng.integers(1, 2**31)))
        yield {"points": (c.points - c.centre).astype("f4"), "normals": c.normals.astype("f4"), "invariant": c.invariant.astype("f4"),
               "nbr0": c.nbr[0].astype("i2"), "nbr1": c.nbr[1].astype("i2"), "nbr2": c.nbr[2].astype("i2"), "up1": c.up[0].astype("i2"),
               "upw1": c.upw[0], "up2": c.up[1].astype("i2"), "upw2": c.upw[1], "labels": welded[c.corner].astype("u1")}


def digest_of(arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(arrays[k]).tobytes() for k in sorted(arrays))).hexdigest()


def record(folder):
    """What a manifest says about its data: seeds and one SHA-256 over the digests of all parts."""
    parts = sorted(glob.glob(f"{folder}/part-*.npz"))
    whole = hashlib.sha256()
    for path in parts:
        part = np.load(path)
        whole.update(digest_of({k: part[k] for k in part.files}).encode())
    first = [int(os.path.basename(path)[5:-4]) for path in parts]
    return {"generator": "local-ml/training/data.py", "synthetic": True, "dataSha256": whole.hexdigest(),
            "seeds": {"train": [first[0], first[-1] + PART - 1], "validation": [700000, 700024], "calibration": [800000, 800039],
                      "test": [900000, 999999]}}


def main(out, first, count):
    os.makedirs(out, exist_ok=True)
    for start in range(first, first + count, PART):
        began = time.time()
        rows = [row for seed in range(start, start + PART) for row in clouds(seed)]
        arrays = {k: np.stack([row[k] for row in rows]) for k in rows[0]}
        digest = digest_of(arrays)
        partial = f"{out}/.part-{start}.npz"
        np.savez(partial, **arrays)
        os.rename(partial, f"{out}/part-{start:06d}.npz")
        print(f"{start} {digest} {time.time() - began:.1f}s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
