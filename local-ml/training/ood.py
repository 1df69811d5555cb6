"""Out-of-distribution statistics: CONTRACT.md, section 9. Fitted on simulated cases; the thresholds see real shells as a check alone."""
import numpy as np

from cases import case
from pose import segment, vertex_areas
from prep import mesh_of

NAMES = ["logArea", "spreadX", "spreadY", "spreadZ", "radiusMean", "radiusSd", "reachSd", "curvatureMean", "confidence",
         "fractionLSPV", "fractionLIPV", "fractionRSPV", "fractionRIPV", "fractionLAA", "fractionMV", "poseResidual"]
FIRST, COUNT = 800000, 40


def descriptors(mesh, done):
    """The 16 numbers of one segmented shell."""
    cloud, q = done["cloud"], done["turn"]
    spread = ((cloud.points - cloud.centre) @ q.T).std(0)
    columns = cloud.invariant  # columns 6..14
    area = vertex_areas(mesh)
    fraction = np.bincount(done["labels"], area, minlength=7)[1:] / area.sum()
    return np.concatenate([[np.log(mesh.area)], spread, [columns[:, 1].mean(), columns[:, 1].std(), columns[:, 3].std(), columns[:, 7].mean()],
                           [done["probabilities"].max(1).mean()], fraction, [done["residual"]]])


def distance(stats, d):
    off = d - np.array(stats["mean"])
    return float(np.sqrt(off @ np.array(stats["inverseCovariance"]) @ off))


def calibrate(run, pose, averaging, seeds):
    rows = []
    for seed in range(FIRST, FIRST + COUNT):
        c = case(seed)
        mesh = mesh_of(c["vertices"], c["triangles"])
        done = segment(run, mesh, pose, averaging, seeds)
        if done["turn"] is not None:
            rows.append(descriptors(mesh, done))
    rows = np.array(rows)
    fitted, held = rows[::2], rows[1::2]
    sd = rows.std(0)
    both = np.cov(rows.T) + np.diag((0.15 * sd) ** 2 + 1e-12)
    half = np.cov(fitted.T) + np.diag((0.15 * sd) ** 2 + 1e-12)
    off = held - fitted.mean(0)
    far = np.sqrt(np.einsum("ij,jk,ik->i", off, np.linalg.inv(half), off))
    review = float(np.percentile(far, 95)) * 1.5
    return {"schema": 1, "descriptors": NAMES, "mean": rows.mean(0).tolist(), "inverseCovariance": np.linalg.inv(both).tolist(),
            "review": round(review, 2), "reject": round(2.5 * review, 2)}
