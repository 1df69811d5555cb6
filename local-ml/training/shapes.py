"""Left atria from primitives: signed distances, marching cubes, labels. LPS, millimetres, canonical pose.

A shape is a body of joined ellipsoids, curved tubes for veins and appendage, a plane for the valve, and a smooth warp.
`in-vivo` shapes are what a map or a scan of a filled atrium looks like; `ex-vivo` ones are collapsed, flattened, sheared,
with thick short stubs. Labels follow the nearest primitive with a random bias: people place the ostium differently.
"""
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from skimage.measure import marching_cubes

BODY, LSPV, LIPV, RSPV, RIPV, LAA, MV = range(7)
VEINS = (LSPV, LIPV, RSPV, RIPV)

# where each vein leaves the body (direction from its centre), where it heads, its mean radius
OSTIUM = {LSPV: (0.80, 0.28, 0.50), LIPV: (0.80, 0.48, -0.22), RSPV: (-0.80, 0.15, 0.52), RIPV: (-0.78, 0.52, -0.15)}
COURSE = {LSPV: (0.72, -0.02, 0.62), LIPV: (0.80, 0.50, -0.20), RSPV: (-0.76, -0.22, 0.55), RIPV: (-0.80, 0.55, -0.20)}
RADIUS = {LSPV: 8.0, LIPV: 7.2, RSPV: 8.4, RIPV: 7.4}


def norm(v):
    v = np.asarray(v, dtype=np.float64)
    return v / np.linalg.norm(v)


@dataclass
class Tube:
    """A curved cone: knots [k,3], radii [k], label; `length` index of the cut; flattened by `flat` across `side`."""
    label: int
    knots: np.ndarray
    radii: np.ndarray
    flat: float
    side: np.ndarray
    open_end: bool = False
    clip: bool = True

    def distance(self, p):
        """Signed distance (approximate where flattened) of points [n,3] to the unclipped tube."""
        knots, side = self.knots.astype(p.dtype), self.side.astype(p.dtype)
        base, extra = knots[1], p.dtype.type(self.flat - 1)
        q = p + extra * ((p - base) @ side)[:, None] * side
        knots = knots + extra * ((knots - base) @ side)[:, None] * side
        radii = self.radii.astype(p.dtype)
        best = np.full(len(p), 1e3, dtype=p.dtype)
        for a, b, ra, rb in zip(knots[:-1], knots[1:], radii[:-1], radii[1:]):
            ab, qa = b - a, q - a
            t = np.clip((qa @ ab) / (ab @ ab), 0, 1)
            square = (qa * qa).sum(1) - t * (2 * (qa @ ab) - t * (ab @ ab))
            np.minimum(best, np.sqrt(np.maximum(square, 0)) - (ra + t * (rb - ra)), out=best)
        return best

    def beyond(self, p):
        """Distance past the plane at the tube's end."""
        return (p - self.knots[-1].astype(p.dtype)) @ norm(self.knots[-1] - self.knots[-2]).astype(p.dtype)


@dataclass
class Shape:
    """Parameters of one atrium, and its variant for the record."""
    ellipsoids: list = field(default_factory=list)
    tubes: list = field(default_factory=list)
    valve: tuple = None
    valve_open: bool = False
    joins: dict = field(default_factory=dict)
    bias: dict = field(default_factory=dict)
    level: float = 0.0
    warp: dict = field(default_factory=dict)
    variant: dict = field(default_factory=dict)


def smooth_min(a, b, k):
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b + (a - b) * h - k * h * (1 - h)


def perpendicular(rng, axis):
    v = rng.normal(size=3)
    return norm(v - (v @ axis) * axis)


def curve(rng, start, heading, length, bend):
    """Knots along an arc that leaves `start` towards `heading`, from 6 mm before it to `length` after it."""
    turn = perpendicular(rng, heading) / bend
    s = np.concatenate([[-6.0], np.linspace(0, length, max(3, int(length / 4) + 2))])
    return start + s[:, None] * heading + 0.5 * (s**2)[:, None] * turn, s


def stub(rng, exvivo):
    """Length of a vein as mapped, mm: short, usual or long."""
    short = 0.55 if exvivo else 0.3
    kind = rng.choice(3, p=[short, 0.8 - short, 0.2])
    return rng.uniform(*((4, 9), (9, 18), (18, 34))[kind])


def draw(rng, fixed=False):
    """Draws the parameters of one atrium. `fixed`: a heart from a jar: collapsed, sheared, wide mouths, veins cut short and open."""
    shape = Shape()
    exvivo = rng.random() < 0.4 or fixed
    size = rng.uniform(0.85, 1.33)
    axes = size * np.array([rng.normal(30, 3), rng.normal(20, 2.5), rng.normal(25, 3)])
    if exvivo:
        axes *= [rng.uniform(0.8, 1.15), rng.uniform(0.55, 0.95), rng.uniform(0.8, 1.2)]
    shape.ellipsoids.append((np.zeros(3), axes))
    for _ in range(rng.integers(2, 6)):
        at = norm(rng.normal(size=3)) * axes * rng.uniform(0.25, 0.5)
        shape.ellipsoids.append((at, axes * rng.uniform(0.5, 0.85, size=3)))
    shape.joins = {"body": rng.uniform(5, 12), "vein": rng.uniform(1.5, 7), "laa": rng.uniform(1, 4)}
    shape.level = rng.uniform(-0.7, 1.0)
    shape.variant = {"exVivo": bool(exvivo)}
    if fixed:
        shape.joins["vein"] = rng.uniform(3, 10)
    veins(rng, shape, axes, size, exvivo, fixed)
    appendage(rng, shape, axes, size, exvivo)
    direction = norm(np.array([0.22, -0.62, -0.72]) + rng.normal(0, 0.12, 3))
    reach = 1 / np.linalg.norm(direction / axes)
    shape.valve = (direction * reach * rng.uniform(0.5, 0.9), norm(direction + rng.normal(0, 0.18, 3)), rng.uniform(1, 5))
    shape.valve_open = bool(rng.random() < 0.55) or bool(fixed)
    shape.variant["valveOpen"] = shape.valve_open
    common = rng.normal(-0.3, 1.6) if fixed else rng.normal(0.4, 1.2)
    shape.bias = {k: common + rng.normal(0, 0.4) for k in VEINS} | {LAA: rng.normal(0.3, 0.7)}
    shape.warp = draw_warp(rng, exvivo)
    if fixed:
        shape.warp["linear"] = np.eye(3) + rng.normal(0, 0.15, (3, 3))
    return shape


def veins(rng, shape, axes, size, exvivo, fixed=False):
    """The pulmonary veins with their variants."""
    wander, wide = (0.18, 1.6) if fixed else (0.11, 1.25)
    common = rng.random() < 0.15
    middle = rng.random() < 0.18
    opened = rng.random() < (0.75 if exvivo else 0.4) or fixed
    shape.variant |= {"commonTrunk": bool(common), "middleVein": bool(middle), "veinsOpen": bool(opened)}
    # one habit for the whole shape most of the time: a person cuts all veins alike
    alike = stub(rng, exvivo) if rng.random() < 0.6 else None
    rows = [(k, OSTIUM[k], COURSE[k], RADIUS[k]) for k in VEINS]
    if middle:
        rows.append((RSPV, (-0.88, 0.42, 0.18), (-0.88, 0.25, 0.1), 4.6))
    if rng.random() < 0.04:
        rows.append((RSPV if rng.random() < 0.6 else LSPV, (rng.uniform(-0.4, 0.4), 0.45, 0.8), (rng.normal(0, 0.3), 0.3, 0.9), 4.0))
    trunk = None
    for label, where, course, radius in rows:
        direction = norm(np.array(where) + rng.normal(0, wander, 3))
        heading = norm(np.array(course) + rng.normal(0, 0.2, 3))
        r = np.clip(radius * size * rng.normal(1, 0.15), 3.2, 13) * (rng.uniform(1, wide) if exvivo else 1)
        start = direction * 0.9 / np.linalg.norm(direction / axes)
        length = (alike * rng.uniform(0.8, 1.25) if alike else stub(rng, exvivo)) + 2.5
        if fixed and rng.random() < 0.85:
            length = rng.uniform(4, 11)
        if common and label in (LSPV, LIPV):
            trunk, start, heading = left_trunk(rng, trunk, axes, label, r, heading)
            length += np.linalg.norm(trunk[1]) * trunk[2]
        knots, s = curve(rng, start, heading, length, rng.uniform(25, 90))
        flare = rng.uniform(0, 0.8 if fixed else 0.45) * np.exp(-np.maximum(s, 0) / rng.uniform(3, 12 if fixed else 8))
        radii = r * (1 + flare) * (1 - rng.uniform(0, 0.35) * np.maximum(s, 0) / 40)
        radii[0] *= 0.7
        flat, side = rng.uniform(1, 1.9 if exvivo else 1.5), perpendicular(rng, heading)
        shape.tubes.append(Tube(label, knots, radii, flat, side, opened and rng.random() < 0.92))
        if length > 13 and rng.random() < 0.35:
            branch(rng, shape, knots, s, radii, label, length, shape.tubes[-1])


def left_trunk(rng, trunk, axes, label, r, heading):
    """Both left veins leave through one stem: their starts are close, their courses part slowly."""
    if trunk is None:
        at = norm(np.array([0.85, 0.4, 0.14]) + rng.normal(0, 0.08, 3))
        stem = norm(np.array([0.85, 0.25, 0.15]) + rng.normal(0, 0.12, 3))
        trunk = (at * 0.9 / np.linalg.norm(at / axes), stem, rng.uniform(3, 12))
    offset = np.array([0, 0, 1.0 if label == LSPV else -1.0]) * 0.62 * r
    return trunk, trunk[0] + offset, norm(0.75 * trunk[1] + 0.45 * heading)


def branch(rng, shape, knots, s, radii, label, length, parent):
    """An early branch of a vein."""
    at = int(np.searchsorted(s, rng.uniform(5, length - 6)))
    along = norm(knots[at] - knots[at - 1])
    heading = norm(along + rng.uniform(0.5, 0.9) * perpendicular(rng, along))
    reach = length - s[at] + rng.uniform(-2, 3)
    out, steps = curve(rng, knots[at], heading, max(reach, 5), 60)
    shape.tubes.append(Tube(label, out, radii[at] * rng.uniform(0.6, 0.85) * np.ones(len(steps)), 1.0, parent.side, parent.open_end))


def appendage(rng, shape, axes, size, exvivo):
    """Chicken wing, windsock, cactus or cauliflower."""
    kind = rng.choice(["wing", "windsock", "cactus", "cauliflower"], p=[0.4, 0.25, 0.2, 0.15])
    direction = norm(np.array([0.72, -0.60, 0.25]) + rng.normal(0, 0.1, 3))
    heading = norm(np.array([0.62, -0.66, 0.25]) + rng.normal(0, 0.2, 3))
    start = direction * 0.88 / np.linalg.norm(direction / axes)
    length = size * {"wing": rng.uniform(28, 45), "windsock": rng.uniform(25, 42), "cactus": rng.uniform(18, 30),
                     "cauliflower": rng.uniform(12, 22)}[str(kind)]
    knots, s = curve(rng, start, heading, length, rng.uniform(18, 60))
    if kind == "wing":
        at = int(len(s) * rng.uniform(0.4, 0.6))
        along = norm(knots[at] - knots[at - 1])
        fold = norm(along + rng.uniform(0.8, 1.8) * perpendicular(rng, along))
        knots[at:] = knots[at] + (s[at:] - s[at])[:, None] * fold
    neck, belly, tip = size * rng.uniform(6.5, 10), size * rng.uniform(7.5, 12.5), size * rng.uniform(3, 6)
    radii = np.interp(s / length, [-0.3, 0, rng.uniform(0.3, 0.6), 1], [neck * 0.8, neck, belly, tip])
    flat = rng.uniform(1.2, 2.2) if exvivo else rng.uniform(1, 1.5)
    side = perpendicular(rng, heading)
    shape.tubes.append(Tube(LAA, knots, radii, flat, side, clip=False))
    for _ in range(rng.integers(0, 3) if kind in ("wing", "windsock") else rng.integers(2, 6)):
        at = rng.integers(2, len(s))
        heading = norm(rng.normal(size=3))
        lobe = np.stack([knots[at], knots[at] + heading * 1.0, knots[at] + heading * rng.uniform(5, 11)])
        shape.tubes.append(Tube(LAA, lobe, size * rng.uniform(3, 6) * np.array([1, 1, 0.8]), 1.0, side, clip=False))
    shape.variant["appendage"] = str(kind)


def draw_warp(rng, exvivo):
    linear = np.eye(3) + rng.normal(0, 0.10 if exvivo else 0.06, (3, 3))
    waves = []
    for wavelength, size, count in ((70, 2.6 if exvivo else 1.8, 4), (32, 0.9, 3), (15, 0.3, 3)):
        for _ in range(count):
            waves.append((norm(rng.normal(size=3)) * 2 * np.pi / (wavelength * rng.uniform(0.75, 1.3)),
                          rng.uniform(0, 2 * np.pi), rng.normal(0, size, 3)))
    return {"linear": linear, "waves": waves}


def warp(shape, v):
    moved = v @ shape.warp["linear"].T
    for k, phase, amplitude in shape.warp["waves"]:
        moved = moved + np.sin(v @ k + phase)[:, None] * amplitude
    return moved


def body_distance(shape, p):
    d = None
    for centre, axes in shape.ellipsoids:
        axes = axes.astype(p.dtype)
        q = (p - centre.astype(p.dtype)) / axes
        k0 = np.sqrt((q * q).sum(1))
        k1 = np.sqrt(((q / axes) ** 2).sum(1)) + p.dtype.type(1e-9)
        e = k0 * (k0 - 1) / k1
        d = e if d is None else smooth_min(d, e, p.dtype.type(shape.joins["body"]))
    return d


def build(shape, spacing=2.4):
    """Marching cubes of a shape: (vertices [n,3], triangles [m,3], labels [n], cut [n] = on an open end), canonical and warped."""
    reach = [np.abs(c) + a for c, a in shape.ellipsoids]
    low, high = -np.max(reach, 0), np.max(reach, 0)
    for tube in shape.tubes:
        pad = tube.radii.max() + 3
        low, high = np.minimum(low, tube.knots.min(0) - pad), np.maximum(high, tube.knots.max(0) + pad)
    low, high = low - 3 * spacing, high + 3 * spacing
    axis = [np.arange(a, b, spacing, dtype=np.float32) for a, b in zip(low, high)]
    grid = np.stack(np.meshgrid(*axis, indexing="ij"), -1)
    size = grid.shape[:3]
    flat = grid.reshape(-1, 3)
    at, normal, round_ = shape.valve
    field_ = body_distance(shape, flat)
    plane = (flat - at.astype(np.float32)) @ normal.astype(np.float32)
    field_ = (-smooth_min(-field_, -plane, np.float32(round_))).reshape(size)
    for tube in shape.tubes:
        pad = tube.radii.max() + 8
        box = tuple(slice(*np.searchsorted(axis[k], [tube.knots[:, k].min() - pad, tube.knots[:, k].max() + pad])) for k in range(3))
        p = grid[box].reshape(-1, 3)
        d = tube.distance(p)
        if tube.clip:
            d = np.maximum(d, tube.beyond(p))
        k = np.float32(shape.joins["laa" if tube.label == LAA else "vein"])
        field_[box] = smooth_min(field_[box].ravel(), d, k).reshape(field_[box].shape)
    v, t, _, _ = marching_cubes(np.pad(field_, 1, constant_values=20.0), shape.level)
    v = (v.astype(np.float64) - 1) * spacing + np.array([a[0] for a in axis], dtype=np.float64)
    labels, cut = label(shape, v)
    v = warp(shape, v)
    t = orient(v, t.astype(np.int64))
    gone = cut[t].all(1)
    return largest(v, t[~gone], labels)


def label(shape, v):
    """Labels of unwarped vertices, and which lie on an end that is open."""
    parts = [body_distance(shape, v)]
    owner = [BODY]
    cut = np.zeros(len(v), dtype=bool)
    ends = []
    for tube in shape.tubes:
        d = tube.distance(v)
        parts.append(np.minimum(d, 50) + shape.bias[tube.label])
        owner.append(tube.label)
        if tube.clip and tube.open_end:
            ends.append((tube, d, tube.beyond(v)))
    nearest = np.argmin(parts, 0)
    labels = np.array(owner)[nearest]
    for tube, d, past in ends:
        cut |= (past > shape.level - 1.0) & (past < shape.level + 3) & (d < shape.level + 1.5) & (labels == tube.label)
    at, normal, _ = shape.valve
    cap = ((v - at) @ normal > shape.level - 1.1) & (labels == BODY)
    labels = np.where(cap, MV, labels)
    if shape.valve_open:
        cut |= cap
    return labels, cut


def orient(v, t):
    a, b, c = (v[t[:, k]] for k in range(3))
    return t[:, ::-1] if (a * np.cross(b, c)).sum() < 0 else t


def largest(v, t, *attributes):
    """Keeps the largest piece and renumbers; attributes are per vertex."""
    e = np.concatenate([t[:, [0, 1]], t[:, [1, 2]]])
    part = connected_components(coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(len(v),) * 2), directed=False)[1]
    main = np.bincount(part[t[:, 0]]).argmax()
    t = t[part[t[:, 0]] == main]
    used = np.unique(t)
    index = np.full(len(v), -1)
    index[used] = np.arange(len(used))
    return (v[used], index[t]) + tuple(a[used] for a in attributes)
