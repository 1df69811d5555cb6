"""Preprocessing of CONTRACT.md, sections 1 to 4: mesh to sampled cloud, graphs and features. float64, millimetres."""
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

CANDIDATES, LEVELS, NEIGHBOURS, LANDMARKS = 6144, (1536, 384, 96), 12, 24
LABELS = ("BODY", "LSPV", "LIPV", "RSPV", "RIPV", "LAA", "MV")


def unit(rows):
    """Rows of [n,3] scaled to length 1; a row shorter than 1e-12 becomes 0."""
    length = np.sqrt((rows * rows).sum(1))
    ok = length >= 1e-12
    return np.where(ok[:, None], rows / np.where(ok, length, 1.0)[:, None], 0.0)


@dataclass
class Mesh:
    """A welded shell: vertices [n,3], triangles [m,3], origin [given] -> welded vertex, and what section 1 derives."""
    vertices: np.ndarray
    triangles: np.ndarray
    origin: np.ndarray
    areas: np.ndarray
    normals: np.ndarray
    boundary: np.ndarray
    perimeters: np.ndarray
    edges: np.ndarray

    @property
    def area(self):
        return float(np.cumsum(self.areas)[-1])


def weld(vertices, triangles):
    """Section 1.1."""
    n = len(vertices)
    t = np.asarray(triangles, dtype=np.int64)
    t = t[((t >= 0) & (t < n)).all(1)]
    keys = np.floor(np.asarray(vertices) * 1000.0 + 0.5).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    origin = rank[inverse.ravel()]
    welded = np.asarray(vertices, dtype=np.float64)[first[order]]
    t = origin[t]
    t = t[(t[:, 0] != t[:, 1]) & (t[:, 1] != t[:, 2]) & (t[:, 0] != t[:, 2])]
    return welded, t, origin


def mesh_of(vertices, triangles):
    """Section 1 as a whole."""
    v, t, origin = weld(vertices, triangles)
    cross = np.cross(v[t[:, 1]] - v[t[:, 0]], v[t[:, 2]] - v[t[:, 0]])
    areas = 0.5 * np.sqrt((cross * cross).sum(1))
    t, cross, areas = t[areas > 0], cross[areas > 0], areas[areas > 0]
    sums = np.zeros_like(v)
    for axis in range(3):
        sums[:, axis] = np.bincount(t.ravel(), np.repeat(cross[:, axis], 3), minlength=len(v))
    normals = unit(sums)
    used = np.unique(t)
    g = v[used].mean(0)
    a, b, c = (v[t[:, k]] - g for k in range(3))
    if (a * np.cross(b, c)).sum() < 0:
        normals = -normals
    edges = np.sort(np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]]), axis=1)
    edges, counts = np.unique(edges, axis=0, return_counts=True)
    rim = edges[counts == 1]
    mid, perimeters = np.zeros((0, 3)), np.zeros(0)
    if len(rim):
        graph = coo_matrix((np.ones(len(rim)), (rim[:, 0], rim[:, 1])), shape=(len(v), len(v)))
        loop = connected_components(graph, directed=False)[1][rim[:, 0]]
        length = np.sqrt(((v[rim[:, 0]] - v[rim[:, 1]]) ** 2).sum(1))
        whole = np.bincount(loop, length)[loop]
        keep = whole >= 15
        mid, perimeters = 0.5 * (v[rim[keep, 0]] + v[rim[keep, 1]]), whole[keep]
    return Mesh(v, t, origin, areas, normals, mid, perimeters, edges)


def lcg(seed, count):
    """Section 2: `count` values in [0,1) of the 32 bit generator after `seed`."""
    # s_k = a^k s_0 + c (a^(k-1) + ... + 1), modulo 2^32, for all k at once
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.concatenate([[np.uint32(1)], np.full(count, 1664525, dtype=np.uint32)]), dtype=np.uint32)
        sums = np.concatenate([[np.uint32(0)], np.cumsum(powers[:-1], dtype=np.uint32)])
        states = powers * np.uint32(seed) + np.uint32(1013904223) * sums
    return states[1:].astype(np.float64) / 4294967296.0


@dataclass
class Cloud:
    """One sampled cloud: points, outward normals [1536,3], nearest corner of each point, graphs and features."""
    points: np.ndarray
    normals: np.ndarray
    corner: np.ndarray
    nbr: list
    up: list
    upw: list
    invariant: np.ndarray
    centre: np.ndarray

    def features(self, rotation):
        """x [1536,15] of section 4 for a rotation matrix."""
        return np.concatenate(
            [(self.points - self.centre) @ rotation.T / 40, self.normals @ rotation.T, self.invariant], 1)


def sample(mesh, seed):
    """Section 2.1 and 2.2: points, normals, nearest corner vertex, in FPS order."""
    u = lcg(seed, 3 * CANDIDATES).reshape(-1, 3)
    cumulative = np.cumsum(mesh.areas)
    at = (np.arange(CANDIDATES) + u[:, 0]) / CANDIDATES * cumulative[-1]
    tri = np.minimum(np.searchsorted(cumulative, at, side="right"), len(cumulative) - 1)
    q = np.sqrt(u[:, 1])
    w = np.stack([1 - q, q * (1 - u[:, 2]), q * u[:, 2]], 1)
    corners = mesh.triangles[tri]
    points = sum(w[:, k : k + 1] * mesh.vertices[corners[:, k]] for k in range(3))
    normals = unit(sum(w[:, k : k + 1] * mesh.normals[corners[:, k]] for k in range(3)))
    corner = corners[np.arange(CANDIDATES), w.argmax(1)]
    order = farthest(points, LEVELS[0])
    return points[order], normals[order], corner[order]


def farthest(points, count):
    """Farthest point sampling; starts at the point farthest from the mean."""
    x, y, z = (np.ascontiguousarray(points[:, k]) for k in range(3))
    mean = np.cumsum(points, axis=0)[-1] / len(points)
    chosen = np.empty(count, dtype=np.int64)
    chosen[0] = int(((points - mean) ** 2).sum(1).argmax())
    least = np.full(len(points), np.inf)
    for k in range(count - 1):
        i = chosen[k]
        dx, dy, dz = x - x[i], y - y[i], z - z[i]
        np.minimum(least, dx * dx + dy * dy + dz * dz, out=least)
        chosen[k + 1] = int(least.argmax())
    return chosen


def cloud_of(mesh, seed):
    """Sections 2 to 4: a cloud with everything that does not depend on the rotation."""
    p, n, corner = sample(mesh, seed)
    nbr = [cKDTree(p[:m]).query(p[:m], NEIGHBOURS)[1].astype(np.int32) for m in LEVELS]
    up, upw = [], []
    for finer, coarser in zip(LEVELS[:-1], LEVELS[1:]):
        d, index = cKDTree(p[:coarser]).query(p[:finer], 3)
        w = 1 / (d * d + 1e-6)
        up.append(index.astype(np.int32))
        upw.append((w / w.sum(1, keepdims=True)).astype(np.float32))
    centre = np.cumsum(p, axis=0)[-1] / len(p)
    return Cloud(p, n, corner, nbr, up, upw, invariants(p, n, nbr[0], mesh, centre), centre)


def invariants(p, n, nbr, mesh, centre):
    """Columns 6 to 14 of section 4."""
    count = len(p)
    pf, nf = p.astype(np.float64), n
    gram = pf @ pf.T
    square = np.diag(gram)
    distance = np.sqrt(np.maximum(square[:, None] + square[None, :] - 2 * gram, 0))
    np.fill_diagonal(distance, 0)
    along = (nf * pf).sum(1)[:, None] - nf @ pf.T  # dot(n_i, p_i - p_j) = -dot(n_i, d)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = along / distance
        radius = np.where(cosine >= 0.5, distance / (2 * cosine), 30.0)
    np.fill_diagonal(radius, 30.0)
    radius = np.minimum(radius.min(1), 30) / 15
    near = distance < 15
    wide = np.where(near, along, 0).sum(1) / near.sum(1) / 15
    others = nbr[:, 1:]
    rows = np.arange(count)[:, None]
    d2 = distance[rows, others] ** 2
    curvature = np.where(d2 > 0, 10 * along[rows, others] / np.where(d2 > 0, d2, 1), 0).mean(1)
    hops = geodesic(p, n, nbr)
    if len(mesh.boundary):
        rim, which = cKDTree(mesh.boundary).query(p)
        edge = 1 - np.minimum(rim, 20) / 20
        loop = np.where(edge > 0, np.minimum(mesh.perimeters[which], 200) / 100, 0)
    else:
        edge = loop = np.zeros(count)
    offset = np.sqrt(((p - centre) ** 2).sum(1)) / 40
    size = np.full(count, np.sqrt(mesh.area) / 120)
    return np.stack([offset, radius, radius[nbr].mean(1), (hops - hops.mean()) / 40, size, edge, loop,
                     np.clip(curvature, -3, 3), wide], 1)


def geodesic(p, n, nbr):
    """Mean capped graph distance from the landmarks (column 9)."""
    count = len(p)
    i = np.repeat(np.arange(count), nbr.shape[1] - 1)
    j = nbr[:, 1:].ravel()
    keep = (n[i] * n[j]).sum(1) > -0.2
    i, j = i[keep], j[keep]
    length = np.sqrt(((p[i] - p[j]) ** 2).sum(1))
    graph = coo_matrix((length, (i, j)), shape=(count, count)).tocsr()
    graph = graph.maximum(graph.T)
    far = dijkstra(graph, directed=False, indices=np.arange(LANDMARKS), limit=200)
    return np.minimum(far, 200).mean(0)
