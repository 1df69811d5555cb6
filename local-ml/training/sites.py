"""Site features: CONTRACT.md, section 8."""
import numpy as np
from scipy.spatial import cKDTree

from shapes import BODY, LAA, LIPV, LSPV, MV, RIPV, RSPV, VEINS

SECTORS = ("ROOF", "ANT_SUP", "ANT_CARINA", "ANT_INF", "INF", "POST_INF", "POST_CARINA", "POST_SUP")
CLASSES = tuple(f"{s}_{k}" for s in "LR" for k in SECTORS) + (
    "ROOF_LINE", "POSTERIOR_WALL", "INFERIOR_LINE", "MITRAL_ISTHMUS", "ANTERIOR_WALL", "SEPTUM", "LAA")
INDEX = {name: i for i, name in enumerate(CLASSES)}
SIDES = {"L": (LSPV, LIPV, 1.0), "R": (RSPV, RIPV, -1.0)}
CHANNELS = 32


def adjacent_pairs():
    """Pairs of classes that touch: neighbours on the clock, and what borders on the rings."""
    pairs = [(f"{s}_{a}", f"{s}_{b}") for s in "LR" for a, b in zip(SECTORS, SECTORS[1:] + SECTORS[:1])]
    for s in "LR":
        pairs += [(f"{s}_ROOF", "ROOF_LINE"), (f"{s}_POST_SUP", "ROOF_LINE"), (f"{s}_INF", "INFERIOR_LINE"),
                  (f"{s}_POST_INF", "INFERIOR_LINE"), (f"{s}_ANT_SUP", "ANTERIOR_WALL"), (f"{s}_ROOF", "ANTERIOR_WALL")]
        pairs += [(f"{s}_{k}", "POSTERIOR_WALL") for k in ("POST_SUP", "POST_CARINA", "POST_INF")]
    pairs += [("L_INF", "MITRAL_ISTHMUS"), ("L_ANT_INF", "MITRAL_ISTHMUS"), ("L_ANT_SUP", "LAA"), ("L_ANT_CARINA", "LAA"),
              ("L_ANT_INF", "LAA"), ("R_ANT_SUP", "SEPTUM"), ("R_ANT_CARINA", "SEPTUM"), ("R_ANT_INF", "SEPTUM"),
              ("ROOF_LINE", "POSTERIOR_WALL"), ("ROOF_LINE", "ANTERIOR_WALL"), ("POSTERIOR_WALL", "INFERIOR_LINE"),
              ("INFERIOR_LINE", "MITRAL_ISTHMUS"), ("ANTERIOR_WALL", "SEPTUM"), ("ANTERIOR_WALL", "LAA"), ("MITRAL_ISTHMUS", "LAA")]
    return pairs


def unit(v):
    return v / max(np.linalg.norm(v), 1e-12)


class Frame:
    """The rim of one side's vein pair: centre c, axes n (out), sup, ant, height H. None where both veins are missing."""

    def __init__(self, centre, n, sup, ant, height):
        self.centre, self.n, self.sup, self.ant, self.height = centre, n, sup, ant, height

    def local(self, x):
        r = x - self.centre
        return r @ self.ant, r @ self.sup, r @ self.n

    def clock(self, x):
        a, s, _ = self.local(x)
        return np.degrees(np.arctan2(a, s))


def rim(vertices, edges, labels, vein):
    a, b = labels[edges[:, 0]], labels[edges[:, 1]]
    outside = lambda k: ~np.isin(k, VEINS)  # noqa: E731
    at = ((a == vein) & outside(b)) | ((b == vein) & outside(a))
    if at.any():
        return 0.5 * (vertices[edges[at, 0]] + vertices[edges[at, 1]])
    return vertices[labels == vein]


def frame(vertices, edges, labels, side):
    """Frame of a side on canonical vertices."""
    sup, inf, sign = SIDES[side]
    rims = [rim(vertices, edges, labels, k) for k in (sup, inf)]
    if not len(rims[0]) + len(rims[1]):
        return None
    c = np.concatenate(rims).mean(0)
    n = unit(c - vertices[labels == BODY].mean(0))
    both = len(rims[0]) and len(rims[1])
    up = rims[0].mean(0) - rims[1].mean(0) if both else np.array([0.0, 0.0, 1.0])
    axis = unit(up - (up @ n) * n)
    return Frame(c, n, axis, sign * np.cross(n, axis), float(np.linalg.norm(up)) if both else 20.0)


def distances(points, x, cap):
    return np.minimum(cKDTree(points).query(x)[0], cap) if len(points) else np.full(len(x), float(cap))


def features(mesh, vertices, normals, boundary, labels, lesions):
    """[32, L] float64. vertices, normals, boundary in canonical coordinates (mesh: perimeters and edges); lesions: dict of arrays in
    time order: x [L,3] canonical, start, duration, ai (NaN where missing). None where a side has no vein."""
    x = lesions["x"]
    rows = []
    for side in "LR":
        f = frame(vertices, mesh.edges, labels, side)
        if f is None:
            return None
        a, s, out = f.local(x)
        rho = np.sqrt(a * a + s * s)
        safe = np.maximum(rho, 1e-9)
        clip = lambda k: np.clip(k, -80, 80) / 20  # noqa: E731
        rows += [a / safe, s / safe, np.minimum(rho, 80) / 20, clip(out), clip(a), clip(s), np.full(len(x), f.height / 20)]
    for k in (*VEINS, LAA):
        rows.append(distances(vertices[labels == k], x, 40) / 20)
    valve = np.concatenate([vertices[labels == MV], boundary[mesh.perimeters >= 60]])
    rows.append(distances(valve, x, 60) / 30)
    d, nearest = cKDTree(vertices).query(x)
    rows += list(normals[nearest].T)
    rows += list(np.clip(x / 40, -4, 4).T)
    rows.append(np.minimum(d, 20) / 10)
    ai, duration = lesions["ai"], lesions["duration"]
    rows += [np.where(np.isnan(ai), 0, np.minimum(ai, 1000) / 500), (~np.isnan(ai)).astype(float),
             np.where(np.isnan(duration), 0, np.minimum(duration, 60) / 20)]
    gap = np.diff(lesions["start"], prepend=np.nan)
    rows.append(np.where(np.isnan(gap), 0, np.minimum(gap, 300) / 60))
    step = np.concatenate([[0.0], np.sqrt((np.diff(x, axis=0) ** 2).sum(1))]) if len(x) else np.zeros(0)
    rows.append(np.minimum(step, 60) / 20)
    return np.stack(rows)
