#!/usr/bin/python3
"""Area-weighted Dice on whole meshes by the torch path.

evaluate.py WEIGHTS.pt DATA synthetic FIRST COUNT [unknown]     simulated cases of these seeds
evaluate.py WEIGHTS.pt DATA obj FILE...                         labelled OBJ shells (groups 11 13 21 23 25 27): known and unknown pose

Known pose of an OBJ shell: the rotation that lays its true label centroids on the template (optimistic, there is no recorded pose).
"""
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

from cases import case, welded_labels  # noqa: E402
from export_regions import SEEDS, settings  # noqa: E402
from net import Regions, runner  # noqa: E402
from pose import about, angle, fit, segment, vertex_areas  # noqa: E402
from prep import cloud_of, mesh_of  # noqa: E402
from train import load  # noqa: E402

TAGS = {11: 0, 21: 1, 23: 2, 25: 3, 27: 4, 13: 5}


def read_obj(path):
    """(vertices, triangles, label per vertex): a vertex has the label of most of its triangles."""
    vertices, triangles, tags, tag = [], [], [], 0
    for line in open(path):
        word = line.split()
        if not word:
            continue
        if word[0] == "v":
            vertices.append([float(x) for x in word[1:4]])
        elif word[0] == "g":
            tag = TAGS[int(word[1])]
        elif word[0] == "f":
            triangles.append([int(x.split("/")[0]) - 1 for x in word[1:4]])
            tags.append(tag)
    votes = np.zeros((len(vertices), 7))
    np.add.at(votes, (np.array(triangles).ravel(), np.repeat(tags, 3)), 1)
    return np.array(vertices), np.array(triangles), votes.argmax(1)


def dice(mesh, guess, truth):
    """Area-weighted Dice per label; NaN where truth has none."""
    area = vertex_areas(mesh)
    out = []
    for k in range(7):
        a, b = guess == k, truth == k
        both = area[a].sum() + area[b].sum()
        out.append(2 * area[a & b].sum() / both if b.any() and both > 0 else np.nan)
    return np.array(out)


def true_turn(mesh, truth, pose):
    cloud = cloud_of(mesh, SEEDS[0])
    return fit(np.eye(7)[truth[cloud.corner]], cloud, pose["template"])[0]


def report(name, rows):
    rows = np.array(rows)
    with np.errstate(invalid="ignore"):
        print(name, "mean", np.round(np.nanmean(rows, 0), 3), "p10", np.round(np.nanpercentile(rows, 10, axis=0), 3),
              "mean of veins and appendage", round(float(np.nanmean(rows[:, 1:6])), 3), f"n={len(rows)}", flush=True)


def simulated(run, pose, averaging, first, count, unknown):
    rows, turns, vivo = [], [], []
    for seed in range(first, first + count):
        c = case(seed)
        v, rng = c["vertices"], np.random.default_rng(seed)
        if unknown:
            any_turn = about(rng.normal(size=3), rng.uniform(0, 180))
            v = v @ any_turn.T
        mesh = mesh_of(v, c["triangles"])
        truth = welded_labels(mesh, c["labels"])
        done = segment(run, mesh, pose, averaging, SEEDS, known=not unknown)
        if done["turn"] is None:
            print(seed, "abstains")
            continue
        turns.append(angle(done["turn"] @ true_turn(mesh, truth, pose).T))
        rows.append(dice(mesh, done["labels"], truth))
        vivo.append(not c["variant"]["exVivo"])
    report("in-vivo ones", np.array(rows)[np.array(vivo)])
    report(f"simulated {first}+{count} {'unknown' if unknown else 'known'} pose", rows)
    print("pose error, degrees: median, p90", np.round(np.percentile(turns, [50, 90]), 1), "above 45:", int((np.array(turns) > 45).sum()))


def shells(run, pose, averaging, files):
    known, unknown = [], []
    for path in files:
        v, t, y = read_obj(path)
        mesh = mesh_of(v, t)
        truth = welded_labels(mesh, y)
        turn = true_turn(mesh, truth, pose)
        there = mesh_of(v @ turn.T, t)
        a = dice(mesh, segment(run, there, pose, averaging, SEEDS)["labels"], truth)
        found = segment(run, mesh, pose, averaging, SEEDS, known=False)
        b = dice(mesh, found["labels"], truth) if found["turn"] is not None else np.full(7, np.nan)
        print(os.path.basename(path), "known", np.round(a, 3), "unknown", np.round(b, 3),
              "pose error", None if found["turn"] is None else round(angle(found["turn"] @ turn.T), 1), flush=True)
        known.append(a)
        unknown.append(b)
    report("shells, known pose", known)
    report("shells, unknown pose", unknown)


def main(weights, folder, kind, *rest):
    torch.set_num_threads(1)
    net = Regions()
    net.load_state_dict(torch.load(weights))
    run = runner(net.eval())
    pose, averaging = settings(load(folder))
    if kind == "synthetic":
        simulated(run, pose, averaging, int(rest[0]), int(rest[1]), "unknown" in rest)
    else:
        shells(run, pose, averaging, rest)


if __name__ == "__main__":
    main(*sys.argv[1:])
