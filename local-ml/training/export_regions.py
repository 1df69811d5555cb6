#!/usr/bin/python3
"""Writes the la-regions bundle: export_regions.py WEIGHTS.pt DATA VERSION. Needs the fixtures in local-ml/testing/shells."""
import base64
import glob
import json
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

from data import record  # noqa: E402
from bundle import ROOT, export, numbers, seal, tensor, today, write_json  # noqa: E402
from net import Regions, inputs_of, runner  # noqa: E402
from ood import calibrate  # noqa: E402
from pose import about, cube_rotations, find_pose, segment  # noqa: E402
from prep import CANDIDATES, LABELS, LANDMARKS, LEVELS, NEIGHBOURS, cloud_of, mesh_of  # noqa: E402
from template import template_of  # noqa: E402
from train import load  # noqa: E402

NAMES = ["x", "nbr0", "nbr1", "nbr2", "up1", "upw1", "up2", "upw2"]
TURNS = [((1, 0, 0), 0), ((1, 0, 0), 9), ((0, 1, 0), 9), ((0, 0, 1), 9), ((1, 1, 1), -9)]
SEEDS = [1, 2, 3, 4]
# chosen on synthetic validation shapes alone (README.md)
RESIDUAL, TURN, MOST, KEEP, ROUNDS = 0.01, 0.002, 60, 4, 2


class Single(torch.nn.Module):
    """The network for one cloud, without the count of a batch."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, nbr0, nbr1, nbr2, up1, upw1, up2, upw2):
        return self.net(x, nbr0, nbr1, nbr2, up1, upw1, up2, upw2)


def settings(data):
    """(pose, averaging) of the manifest, JSON-ready."""
    pose = {"template": template_of(data), "residualWeight": RESIDUAL, "turnWeight": TURN, "maxTurnDegrees": MOST,
            "starts": [m.ravel().tolist() for m in cube_rotations()], "keep": KEEP, "rounds": ROUNDS}
    return pose, {"rotations": [numbers(about(axis, degrees).ravel(), 12) for axis, degrees in TURNS]}


def golden(net, pose, averaging):
    """Golden vectors: tensors for the runtime, and shells for the preprocessing."""
    run, cases, shells = runner(net), [], []
    for path in sorted(glob.glob(f"{ROOT}/local-ml/testing/shells/*.json")):
        doc = json.load(open(path))
        mesh = mesh_of(np.array(doc["vertices"]).reshape(-1, 3), np.array(doc["triangles"]).reshape(-1, 3))
        cloud = cloud_of(mesh, SEEDS[0])
        inputs = inputs_of(cloud, np.eye(3))
        with torch.no_grad():
            logits = net(*inputs).numpy()
        if len(cases) < 2:
            cases.append({"name": os.path.basename(path), "inputs": {k: tensor(v.numpy()) for k, v in zip(NAMES, inputs)},
                          "outputs": {"logits": tensor(logits)}, "tolerance": {"absolute": 1e-3}})
        done = segment(run, mesh, pose, averaging, SEEDS)
        unknown = find_pose(run, cloud, pose, False)[0]
        shells.append({
            "file": os.path.basename(path),
            "samples": {"seed": SEEDS[0], "points": numbers(cloud.points[:8]), "normals": numbers(cloud.normals[:8])},
            "features": numbers(cloud.features(np.eye(3))[:16]), "nbr0": cloud.nbr[0][:16].tolist(),
            "pose": {"known": numbers(done["turn"]), "unknown": numbers(unknown)},
            "labels": base64.b64encode(done["labels"][mesh.origin].astype("u1").tobytes()).decode(),
            "tolerance": {"points": 1e-4, "features": 1e-3, "pose": 1e-2, "labelFraction": 0.002}})
    return {"schema": 1, "cases": cases, "shells": shells}


def main(weights, folder, version):
    net = Regions()
    net.load_state_dict(torch.load(weights))
    net.eval()
    data = load(folder)
    pose, averaging = settings(data)
    out = f"{ROOT}/local-ml/models/la-regions/{version}"
    os.makedirs(out, exist_ok=True)
    mesh_inputs = golden_inputs(data)
    runtime = export(Single(net), mesh_inputs, NAMES, ["logits"], f"{out}/model.onnx")
    write_json(f"{out}/golden.json", golden(net, pose, averaging))
    write_json(f"{out}/ood.json", calibrate(runner(net), pose, averaging, SEEDS))
    card = f"{os.path.dirname(os.path.abspath(__file__))}/cards/la-regions.md"
    open(f"{out}/model-card.md", "w").write(open(card).read().replace("{{version}}", version))
    manifest = {
        "schema": 1, "id": "la-regions", "version": version, "task": "region labels of a left-atrial shell", "created": today(),
        "runtime": runtime,
        "inputs": [{"name": k, "dtype": str(v.dtype).replace("torch.", ""), "shape": list(v.shape)} for k, v in zip(NAMES, mesh_inputs)],
        "outputs": [{"name": "logits", "dtype": "float32", "shape": [LEVELS[0], len(LABELS)]}], "labels": list(LABELS),
        "units": "mm", "frame": "LPS", "preprocess": "la-cloud-v1", "postprocess": "cc-v1",
        "sampling": {"seeds": SEEDS, "candidates": CANDIDATES, "levels": list(LEVELS), "neighbours": NEIGHBOURS, "landmarks": LANDMARKS},
        "pose": pose, "averaging": averaging,
        "training": record(folder),
    }
    print(out, seal(out, manifest), "bytes", runtime)


def golden_inputs(data):
    """One training cloud as example inputs of the export."""
    t = lambda k, kind: torch.from_numpy(data[k][0].astype(kind))  # noqa: E731
    x = np.concatenate([data["points"][0] / 40, data["normals"][0], data["invariant"][0]], 1).astype("f4")
    return (torch.from_numpy(x), t("nbr0", "i4"), t("nbr1", "i4"), t("nbr2", "i4"), t("up1", "i4"), t("upw1", "f4"), t("up2", "i4"), t("upw2", "f4"))


if __name__ == "__main__":
    main(*sys.argv[1:4])
