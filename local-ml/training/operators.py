"""Simulated operators: encirclements and lines in the order in which people draw them, with what their hands and the map add.

The aim (the segment meant) comes from the true labels before any noise. `gaps` are what was left out or made weak.
"""
import numpy as np
from scipy.spatial import cKDTree

from shapes import BODY, LAA, MV, VEINS
from rings import holds
from sites import SECTORS, SIDES, frame

BORDERS = (30, 75, 105, 150)


def sector(degrees):
    """Name of the sector of a clock angle in (-180, 180]."""
    k = int(np.searchsorted(BORDERS, abs(degrees), side="left"))
    if k in (0, 4):
        return SECTORS[k]
    return SECTORS[k] if degrees > 0 else SECTORS[8 - k]


class Atrium:
    """True geometry for an operator: canonical mesh with labels."""

    def __init__(self, mesh, labels):
        self.mesh, self.labels, self.v = mesh, labels, mesh.vertices
        self.body = self.v[labels == BODY]
        self.tree = cKDTree(self.body)
        self.all = cKDTree(self.v)
        self.frames = {s: frame(self.v, mesh.edges, labels, s) for s in "LR"}

    def on_body(self, x):
        return self.body[self.tree.query(x)[1]]

    def ring(self, side, offset, rng):
        """Aimed curve around a vein pair: [k,3], closed, ordered by clock angle, with its angles."""
        f, (sup, inf, _) = self.frames[side], SIDES[side]
        veins = self.v[np.isin(self.labels, (sup, inf))]
        d = cKDTree(veins).query(self.v)[0]
        near = (d < offset + 8) & (d > 0.5) & np.isin(self.labels, (BODY, LAA))
        points, d = self.v[near], d[near]
        cost = np.abs(d - offset) + np.where(self.labels[near] == LAA, 3.0, 0)
        angle = f.clock(points)
        where, curve = np.arange(-180, 180, 6.0), []
        for a in where:
            inside = np.abs((angle - a + 180) % 360 - 180) < 7
            curve.append(points[inside][cost[inside].argmin()] if inside.any() else [np.nan] * 3)
        curve = np.array(curve)
        missing = np.isnan(curve[:, 0])
        if missing.mean() > 0.3:
            return None
        for k in range(3):
            curve[missing, k] = np.interp(where[missing], where[~missing], curve[~missing, k], period=360)
        for _ in range(3):
            curve = 0.5 * curve + 0.25 * (np.roll(curve, 1, 0) + np.roll(curve, -1, 0))
        return self.v[self.all.query(curve)[1]]


def resample(curve, step, closed):
    """Points every `step` mm along a polyline."""
    line = np.concatenate([curve, curve[:1]]) if closed else curve
    along = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(line, axis=0) ** 2).sum(1)))])
    count = max(3, int(round(along[-1] / step)))
    at = np.arange(count) * along[-1] / count if closed else np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, line[:, k]) for k in range(3)], 1)


class Operator:
    """One procedure on an Atrium: `lesions` (dicts, in time order) and `gaps`."""

    def __init__(self, rng, atrium, checked=False):
        self.rng, self.atrium, self.checked = rng, atrium, checked
        self.noise = rng.uniform(0.4, 1.1)
        self.step = rng.uniform(3.4, 5.2)
        self.targets = rng.choice([0, 1, 2], p=[0.6, 0.25, 0.15])
        self.no_index = rng.random() < 0.1
        self.clock, self.lesions, self.gaps, self.rings = rng.uniform(0, 600), [], [], []

    def burn(self, x, aim, weak=False, pause=None):
        rng = self.rng
        front = "ANT" in aim or aim in ("ROOF_LINE", "MITRAL_ISTHMUS", "SEPTUM", "LAA") or aim.endswith("ROOF")
        target = ((550, 400), (500, 350), (450, 350))[self.targets][0 if front else 1]
        ai = rng.uniform(0.45, 0.75) * target if weak else target * rng.normal(1.04, 0.06)
        force = max(3.0, rng.normal(8 if weak else 13, 3))
        duration = float(np.clip((ai / 100) ** 2 * rng.normal(1, 0.12), 4, 60))
        self.clock += rng.gamma(2, 7) if pause is None else pause
        noisy = x + rng.normal(0, self.noise, 3)
        self.lesions.append({"x": noisy, "startS": self.clock, "durationS": duration, "ai": np.nan if self.no_index else ai,
                             "fti": force * duration, "forceG": force, "impedanceDropOhm": max(0.0, rng.normal(5 if weak else 9, 2.5)),
                             "aim": aim})
        self.clock += duration

    def aimed(self, side):
        """Aims of a ring in order; None where there is no curve. Checked: drawn again until it is a ring, else left out."""
        for _ in range(8 if self.checked else 1):
            curve = None if self.atrium.frames[side] is None else self.atrium.ring(side, self.rng.uniform(2, 8), self.rng)
            if curve is None:
                return None
            x = resample(curve, self.step, True)
            if not self.checked or holds(self.atrium, side, x):
                return x
        return None

    def encircle(self, side):
        rng, atrium = self.rng, self.atrium
        x = self.aimed(side)
        if x is None:
            return
        aims = [f"{side}_{sector(a)}" for a in atrium.frames[side].clock(x)]
        n = len(x)
        left_out, weak = np.zeros(n, bool), np.zeros(n, bool)
        if rng.random() < 0.45:
            for _ in range(1 + (rng.random() < 0.35)):
                at, missing = rng.integers(n), rng.random() < 0.7
                which = np.arange(at, at + (rng.integers(1, 3) if missing else 3)) % n
                (left_out if missing else weak)[which] = True
                a, b = x[(which[0] - 1) % n], x[(which[-1] + 1) % n]
                self.gaps.append({"side": side, "x": x[which].mean(0), "widthMm": float(np.linalg.norm(a - b)),
                                  "kind": "missing" if missing else "weak"})
        self.rings.append({"side": side, "closed": not (left_out.any() or weak.any())})
        for i in self.order(n):
            if not left_out[i]:
                self.burn(x[i], aims[i], weak[i])
        sound = np.flatnonzero(~left_out & ~weak)
        for i in rng.choice(sound, size=min(len(sound), rng.integers(0, 7)), replace=False):  # second thoughts
            for k in range(rng.integers(1, 3)):
                j = (i + k) % n
                if not left_out[j]:
                    self.burn(x[j] + rng.normal(0, 1.0, 3), aims[j], weak[j], rng.uniform(20, 200) if k == 0 else None)

    def order(self, n):
        """Indices of a ring in time: one turn, two halves, or pieces."""
        rng = self.rng
        start, way = int(rng.integers(n)), rng.choice([-1, 1])
        turn = [(start + way * i) % n for i in range(n)]
        kind = rng.random()
        if kind < 0.5:
            return turn
        if kind < 0.85:
            half = n // 2
            return turn[:half] + turn[:half - 1 : -1]
        cuts = np.sort(rng.choice(np.arange(1, n), size=min(3, n - 1), replace=False))
        pieces = [p if rng.random() < 0.5 else p[::-1] for p in map(list, np.split(np.array(turn), cuts))]
        return [i for k in rng.permutation(len(pieces)) for i in pieces[k]]

    def line(self, a, b, aim, lift=(0, 0, 0)):
        """Lesions along the body between two points, lifted on the way so that the wall meant is met."""
        u = np.linspace(0, 1, 25)[:, None]
        path = a + u * (b - a) + np.sin(np.pi * u) * np.asarray(lift, dtype=float)
        x = resample(self.atrium.on_body(path), self.step, False)
        for i in range(len(x)) if self.rng.random() < 0.5 else reversed(range(len(x))):
            self.burn(x[i], aim)

    def ring_point(self, side, degrees):
        """A body point near the ring at a clock angle."""
        f = self.atrium.frames[side]
        t = np.radians(degrees)
        return self.atrium.on_body(f.centre + 17 * (np.sin(t) * f.ant + np.cos(t) * f.sup) - 4 * f.n)

    def extras(self):
        """Lines and areas beyond the veins."""
        rng, at = self.rng, self.ring_point
        valve = self.valve()
        roof, floor = rng.random() < 0.35, rng.random() < 0.25
        if roof:
            self.line(at("L", -8 + rng.normal(0, 8)), at("R", -8 + rng.normal(0, 8)), "ROOF_LINE", (0, 0, 22))
        if floor:
            self.line(at("L", -160 + rng.normal(0, 8)), at("R", -160 + rng.normal(0, 8)), "INFERIOR_LINE", (0, 16, -10))
        if rng.random() < 0.25:
            rows = np.linspace(-45, -140, rng.integers(2, 6))
            for row in rows:
                a, b = at("L", row), at("R", row)
                for u in rng.permutation(np.linspace(0.2, 0.8, rng.integers(2, 7))):
                    self.burn(self.atrium.on_body(a + u * (b - a) + [0, 20 * np.sin(np.pi * u), 0]), "POSTERIOR_WALL")
        if valve is None:
            return
        if rng.random() < 0.3:
            start = at("L", 165 + rng.normal(0, 12))
            end = valve[((valve - start) ** 2).sum(1).argmin()]
            self.line(start, end, "MITRAL_ISTHMUS", (8, 0, 0))
        if rng.random() < 0.22:
            start = at("L", 35) + rng.uniform(0, 1) * (at("R", 35) - at("L", 35)) + [0, 0, 8]
            top = valve[(valve @ np.array([rng.normal(0, 0.4), -0.4, 0.9])).argsort()[-max(1, len(valve) // 8):]].mean(0)
            self.line(self.atrium.on_body(start), self.atrium.on_body(top), "ANTERIOR_WALL", (0, -14, 6))
        if rng.random() < 0.18:
            low = valve[(valve @ np.array([-0.9, 0, 0.1])).argsort()[-max(1, len(valve) // 8):]].mean(0)
            a = at("R", 100)
            for _ in range(rng.integers(3, 14)):
                p = a + rng.uniform(0.3, 0.85) * (low - a) + rng.normal(0, 4, 3) + [-6, -5, 0]
                self.burn(self.atrium.on_body(p), "SEPTUM")

    def valve(self):
        m = self.atrium.mesh
        points = np.concatenate([self.atrium.v[self.atrium.labels == MV], m.boundary[m.perimeters >= 60]])
        return points if len(points) > 5 else None

    def ear(self):
        """Lesions in the appendage or at its mouth."""
        inside = self.atrium.v[self.atrium.labels == LAA]
        if len(inside) < 20 or self.rng.random() > 0.12:
            return
        d = self.atrium.tree.query(inside)[0]
        mouth = inside[d < (4 if self.rng.random() < 0.7 else 15)]
        if len(mouth) < 8:
            return
        angle = np.arctan2(*((mouth - mouth.mean(0)) @ np.linalg.svd(mouth - mouth.mean(0), full_matrices=False)[2][:2].T).T)
        for i in np.argsort(angle)[:: max(1, len(mouth) // int(self.rng.integers(4, 22)))]:
            self.burn(mouth[i], "LAA")

    def work(self):
        """The whole procedure; lesions end up in time order."""
        sides = list(self.rng.permutation(["L", "R"]))
        if self.rng.random() < 0.05:
            sides = sides[:1]
        for side in sides:
            self.encircle(side)
            self.clock += self.rng.uniform(60, 600)
        if all(self.atrium.frames[s] is not None for s in "LR") and self.rng.random() < 0.75:
            self.extras()
        self.ear()
        return self


def voltage(rng, vertices, labels):
    """Bipolar voltage in mV per vertex; NaN where not measured. Patches of low voltage, veins low, smooth variation."""
    base = np.full(len(vertices), np.log(rng.uniform(1.2, 3.0)))
    for _ in range(6):
        k = rng.normal(size=3)
        base += rng.normal(0, 0.2) * np.sin(vertices @ (k / np.linalg.norm(k)) * 2 * np.pi / rng.uniform(25, 80) + rng.uniform(0, 6.3))
    mv = np.exp(base + rng.normal(0, 0.15, len(vertices)))
    for _ in range(rng.integers(0, 5)):
        centre, radius = vertices[rng.integers(len(vertices))], rng.uniform(7, 20)
        d = np.sqrt(((vertices - centre) ** 2).sum(1))
        mv *= 1 - (1 - rng.uniform(0.04, 0.25)) / (1 + np.exp((d - radius) / 1.5))
    mv = np.where(np.isin(labels, VEINS), mv * rng.uniform(0.15, 0.5), mv)
    mv = np.where(labels == MV, mv * 0.3, mv)
    mv[rng.random(len(mv)) < rng.uniform(0, 0.08)] = np.nan
    return mv
