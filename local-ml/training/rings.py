"""Whether an aimed ring is one: CONTRACT.md, section 10."""
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from shapes import BODY, MV, VEINS
from sites import SIDES

REACH, APART, BEYOND, DEEP = 3.3, 6.0, 20.0, 0.6


def holds(atrium, side, x):
    """Aims [k,3] of a closed ring: neighbours near enough, and no way on the mesh from deep in a vein to the body past the polyline."""
    following = np.roll(x, -1, 0)
    if np.sqrt(((following - x) ** 2).sum(1)).max() > APART:
        return False
    u = np.linspace(0, 1, 12, endpoint=False)[:, None, None]
    dense = (x + u * (following - x)).reshape(-1, 3)
    v, labels, edges = atrium.v, atrium.labels, atrium.mesh.edges
    free = cKDTree(dense).query(v)[0] > REACH
    kept = edges[free[edges].all(1)]
    graph = coo_matrix((np.ones(len(kept)), (kept[:, 0], kept[:, 1])), shape=(len(v), len(v)))
    component = connected_components(graph, directed=False)[1]
    sup, inf, _ = SIDES[side]
    body = np.isin(labels, (BODY, MV))
    away = cKDTree(v[np.isin(labels, (sup, inf))]).query(v)[0]
    outside = set(component[body & free & (away >= BEYOND)])
    depth = cKDTree(v[~np.isin(labels, VEINS)]).query(v)[0]
    for vein in (sup, inf):
        own = labels == vein
        if own.any() and outside & set(component[own & free & (depth >= DEEP * depth[own].max())]):
            return False
    return bool(outside)
