#!/usr/bin/python3
"""Site features of simulated cases with predicted regions: site_data.py WEIGHTS.pt MANIFEST OUT FIRST COUNT [light].

One file per 20 cases: `x` [cases][32][L] as one array with lengths, `aim` class per lesion; prints the SHA-256 of each file's arrays. `light` averages
over one cloud and two rotations and simulates five procedures on each shell (training); without it the whole averaging of the bundle is done and one
procedure (validation). A shell without a pose, or with both veins of a side missing, is left out.
"""
import hashlib
import json
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

from cases import case  # noqa: E402
from net import Regions, runner  # noqa: E402
from pose import segment  # noqa: E402
from prep import mesh_of  # noqa: E402
from sites import INDEX, features  # noqa: E402

PART = 20


def lesion_arrays(lesions, q, centre):
    """The dict that `features` takes, in time order."""
    ordered = sorted(lesions, key=lambda k: k["startS"])
    take = lambda name: np.array([k[name] for k in ordered], dtype=float)  # noqa: E731
    return {"x": (np.array([k["x"] for k in ordered]) - centre) @ q.T, "start": take("startS"), "duration": take("durationS"),
            "ai": take("ai")}, ordered


def site_features(mesh, labels, q, centre, lesions):
    move = lambda v: (v - centre) @ q.T  # noqa: E731
    arrays, ordered = lesion_arrays(lesions, q, centre)
    return features(mesh, move(mesh.vertices), mesh.normals @ q.T, move(mesh.boundary), labels, arrays), ordered


def simulated(run, pose, averaging, seeds, seed, more=0):
    """[(features [32,L], aims [L])] of the procedures of one shell; none without a pose."""
    c = case(seed, more=more)
    mesh = mesh_of(c["vertices"], c["triangles"])
    done = segment(run, mesh, pose, averaging, seeds)
    rows = []
    for lesions in [c["lesions"], *c["others"]] if done["turn"] is not None else []:
        x, ordered = site_features(mesh, done["labels"], done["turn"], done["centre"], lesions) if lesions else (None, [])
        if x is not None:
            rows.append((x.astype("f4"), np.array([INDEX[k["aim"]] for k in ordered], dtype="u1")))
    return rows


def main(weights, manifest, out, first, count, *rest):
    torch.set_num_threads(1)
    net = Regions()
    net.load_state_dict(torch.load(weights))
    run, m = runner(net.eval()), json.load(open(manifest))
    pose, averaging, seeds = m["pose"], m["averaging"], m["sampling"]["seeds"]
    more = 0
    if "light" in rest:
        more = 4
        averaging, seeds = {"rotations": averaging["rotations"][:2]}, seeds[:1]
    os.makedirs(out, exist_ok=True)
    for start in range(int(first), int(first) + int(count), PART):
        began = time.time()
        rows = [r for s in range(start, start + PART) for r in simulated(run, pose, averaging, seeds, s, more)]
        arrays = {"x": np.concatenate([r[0] for r in rows], 1), "aim": np.concatenate([r[1] for r in rows]),
                  "length": np.array([len(r[1]) for r in rows])}
        np.savez(f"{out}/.sites-{start}.npz", **arrays)
        os.rename(f"{out}/.sites-{start}.npz", f"{out}/sites-{start:06d}.npz")
        digest = hashlib.sha256(b"".join(arrays[k].tobytes() for k in sorted(arrays))).hexdigest()
        print(start, len(rows), digest, f"{time.time() - began:.1f}s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
