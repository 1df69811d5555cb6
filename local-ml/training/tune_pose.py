#!/usr/bin/python3
"""Chooses the weights of the pose score on validation clouds in random poses: tune_pose.py WEIGHTS.pt DATA [COUNT].

Prints, per pair of weights, how many of the clouds end within 45 degrees of the truth, and the median and p90 error.
"""
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

from export_regions import settings  # noqa: E402
from net import Regions, runner  # noqa: E402
from pose import about, angle, cube_rotations, fit  # noqa: E402
from prep import Cloud  # noqa: E402
from train import load  # noqa: E402


def cloud_at(data, i, turn):
    """A stored cloud in another pose."""
    take = lambda k, kind: data[k][i].astype(kind)  # noqa: E731
    return Cloud(take("points", "f8") @ turn.T, take("normals", "f8") @ turn.T, None, [take(f"nbr{k}", "i4") for k in range(3)],
                 [take("up1", "i4"), take("up2", "i4")], [take("upw1", "f4"), take("upw2", "f4")], take("invariant", "f8"), np.zeros(3))


def main(weights, folder, count=20):
    torch.set_num_threads(1)
    net = Regions()
    net.load_state_dict(torch.load(weights))
    run, pose = runner(net.eval()), settings(load(folder))[0]
    valid, rng = load(f"{folder}/valid"), np.random.default_rng(4)
    tables = []
    for i in range(0, len(valid["points"]), max(1, len(valid["points"]) // int(count))):
        cloud = cloud_at(valid, i, about(rng.normal(size=3), rng.uniform(0, 180)))
        truth = fit(np.eye(7)[valid["labels"][i]], cloud, pose["template"])
        if truth is None:
            continue
        runs = []
        for start in cube_rotations():
            q, chain = start, []
            for _ in range(1 + pose["rounds"]):
                prob = run(cloud, q)
                fitted = fit(prob, cloud, pose["template"])
                if fitted is None:
                    break
                chain.append((prob.max(1).mean(), fitted[1], angle(fitted[0] @ q.T), angle(q @ truth[0].T)))
                q = fitted[0]
            runs.append(chain)
        tables.append(runs)
    for residual in (0.0, 0.01, 0.02, 0.04):
        for turn in (0.0, 0.001, 0.003):
            errors = []
            score = lambda r: r[0] - residual * r[1] - turn * r[2]  # noqa: E731
            for runs in tables:
                kept = sorted((c for c in runs if c), key=lambda c: -score(c[0]))[: pose["keep"]]
                errors.append(max((r for c in kept for r in c), key=score)[3])
            print(residual, turn, f"{sum(e < 45 for e in errors)}/{len(errors)}", np.round(np.percentile(errors, [50, 90]), 1), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
