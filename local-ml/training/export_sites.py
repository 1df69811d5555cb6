#!/usr/bin/python3
"""Writes the ablation-sites bundle: export_sites.py SITES.pt SITE_DATA VERSION REGIONS.pt REGIONS_MANIFEST."""
import glob
import hashlib
import json
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

from bundle import ROOT, export, numbers, seal, tensor, today, write_json  # noqa: E402
from cases import welded_labels  # noqa: E402
from data import digest_of  # noqa: E402
from net import Regions, runner  # noqa: E402
from pose import segment  # noqa: E402
from prep import cloud_of, mesh_of  # noqa: E402
from sequence import Sequence  # noqa: E402
from site_data import PART, site_features  # noqa: E402
from sites import CHANNELS, CLASSES, adjacent_pairs  # noqa: E402


def lesion_of(k):
    number = lambda name: np.nan if k[name] is None else k[name]  # noqa: E731
    return {"x": np.array([k["x"], k["y"], k["z"]]), "startS": k["startS"], "durationS": number("durationS"), "ai": number("ai")}


def golden(net, run, regions):
    """Tensors for the runtime; features of the fixtures with the true and with the predicted labels."""
    cases, shells = [], []
    for path in sorted(glob.glob(f"{ROOT}/local-ml/testing/shells/*.json")):
        doc = json.load(open(path))
        mesh = mesh_of(np.array(doc["vertices"]).reshape(-1, 3), np.array(doc["triangles"]).reshape(-1, 3))
        lesions = [lesion_of(k) for k in doc["lesions"]]
        centre = np.concatenate([cloud_of(mesh, s).points for s in regions["sampling"]["seeds"]]).mean(0)
        done = segment(run, mesh, regions["pose"], regions["averaging"], regions["sampling"]["seeds"])
        truth = welded_labels(mesh, np.array(doc["labels"]))
        for kind, labels, q in (("truth", truth, np.eye(3)), ("predicted", done["labels"], done["turn"])):
            x, _ = site_features(mesh, labels, q, centre, lesions)
            with torch.no_grad():
                logits = net(torch.from_numpy(x[None].astype("f4"))).numpy()
            shells.append({"file": os.path.basename(path), "labels": kind, "features": numbers(x), "classes": logits[0].argmax(0).tolist(),
                           "tolerance": {"features": 1e-3 if kind == "truth" else 0.15, "classFraction": 0.0 if kind == "truth" else 0.03}})
            if kind == "truth":
                cases.append({"name": os.path.basename(path), "inputs": {"lesions": tensor(x[None].astype("f4"))},
                              "outputs": {"logits": tensor(logits)}, "tolerance": {"absolute": 1e-3}})
    return {"schema": 1, "cases": cases, "shells": shells}


def main(weights, folder, version, region_weights, region_manifest):
    net, regions = Sequence(), Regions()
    net.load_state_dict(torch.load(weights))
    regions.load_state_dict(torch.load(region_weights))
    manifest = json.load(open(region_manifest))
    out = f"{ROOT}/local-ml/models/ablation-sites/{version}"
    os.makedirs(out, exist_ok=True)
    runtime = export(net, (torch.randn(1, CHANNELS, 40),), ["lesions"], ["logits"], f"{out}/model.onnx",
                     {"lesions": {2: "L"}, "logits": {2: "L"}})
    write_json(f"{out}/golden.json", golden(net.eval(), runner(regions.eval()), manifest))
    parts = [np.load(p) for p in sorted(glob.glob(f"{folder}/sites-*.npz"))]
    x = np.concatenate([p["x"] for p in parts], 1).astype(float)
    # a case's descriptor is the mean of its channels; distances as in la-regions
    rows = np.array([c.mean(1) for p in parts for c in np.split(p["x"].astype(float), np.cumsum(p["length"])[:-1], axis=1)])
    cover = np.cov(rows.T) + np.diag((0.2 * rows.std(0) + 0.01) ** 2)
    far = np.sqrt(np.einsum("ij,jk,ik->i", rows - rows.mean(0), np.linalg.inv(cover), rows - rows.mean(0)))
    review = float(np.percentile(far, 99)) * 1.5
    write_json(f"{out}/ood.json", {"schema": 1, "descriptors": [f"meanOfChannel{k}" for k in range(CHANNELS)], "mean": rows.mean(0).tolist(),
                                   "inverseCovariance": np.linalg.inv(cover).tolist(), "review": round(review, 2), "reject": round(2.5 * review, 2)})
    card = open(f"{os.path.dirname(os.path.abspath(__file__))}/cards/ablation-sites.md").read()
    open(f"{out}/model-card.md", "w").write(card.replace("{{version}}", version))
    names = sorted(glob.glob(f"{folder}/sites-*.npz"))
    first = [int(os.path.basename(p)[6:-4]) for p in names]
    digest = hashlib.sha256("".join(digest_of({k: p[k] for k in p.files}) for p in parts).encode()).hexdigest()
    write = {
        "schema": 1, "id": "ablation-sites", "version": version, "task": "anatomical site of every ablation", "created": today(),
        "runtime": runtime, "inputs": [{"name": "lesions", "dtype": "float32", "shape": [1, CHANNELS, -1]}],
        "outputs": [{"name": "logits", "dtype": "float32", "shape": [1, len(CLASSES), -1]}], "labels": list(CLASSES), "units": "mm",
        "frame": "canonical (LPS after the pose of la-regions)", "preprocess": "site-sequence-v1", "postprocess": "argmax",
        "adjacent": [list(p) for p in adjacent_pairs()],
        "training": {"generator": "local-ml/training/site_data.py", "synthetic": True, "dataSha256": digest,
                     "regions": "interim weights of la-regions (README.md)", "lesions": int(x.shape[1]),
                     "seeds": {"train": [first[0], first[-1] + PART - 1], "validation": [720000, 720039], "test": [900000, 999999]}},
    }
    print(out, seal(out, write), "bytes", runtime)


if __name__ == "__main__":
    main(*sys.argv[1:6])
