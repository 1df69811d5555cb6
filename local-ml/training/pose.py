"""Pose, averaging and the way back to the mesh: CONTRACT.md, sections 6 and 7. `run(cloud, Q)` gives probabilities [1536,7]."""
from itertools import permutations, product

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from prep import LABELS, cloud_of

FITTED = range(6)


def softmax(logits):
    z = np.asarray(logits, dtype=np.float64)
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def cube_rotations():
    """The 24 proper rotations of the cube: permutations in lexical order, signs (+ before -) in lexical order; the identity is first."""
    found = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            m = np.zeros((3, 3))
            for row in range(3):
                m[row, order[row]] = signs[row]
            if np.linalg.det(m) > 0:
                found.append(m)
    return found


def about(axis, degrees):
    """Rotation matrix about an axis (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=float) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = np.radians(degrees)
    return np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * (k @ k)


def angle(q):
    """Degrees that a rotation turns."""
    return float(np.degrees(np.arccos(np.clip((np.trace(q) - 1) / 2, -1, 1))))


def fit(prob, cloud, template):
    """(Q, residual mm) that lays the soft centroids on the template, or None with fewer than 4 labels."""
    local = cloud.points - cloud.centre
    weight = prob.sum(0)
    used = [k for k in FITTED if weight[k] >= 8]
    if len(used) < 4:
        return None
    m = np.stack([prob[:, k] @ local / weight[k] for k in used])
    t = np.stack([template[LABELS[k]] for k in used])
    m, t = m - m.mean(0), t - t.mean(0)
    u, _, vt = np.linalg.svd(t.T @ m)
    q = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    return q, float(np.sqrt(((t - m @ q.T) ** 2).sum(1).mean()))


def scored(run, cloud, q, pose):
    """Run once: (score, probabilities, fitted Q, residual)."""
    prob = run(cloud, q)
    fitted = fit(prob, cloud, pose["template"])
    if fitted is None:
        return -1.0, prob, q, np.inf
    score = prob.max(1).mean() - pose["residualWeight"] * fitted[1] - pose["turnWeight"] * angle(fitted[0] @ q.T)
    return float(score), prob, fitted[0], fitted[1]


def find_pose(run, cloud, pose, known):
    """(Q, conflict, residual) of section 6; Q is None where there is no fit at all."""
    if known:
        q, residual = np.eye(3), np.inf
        for _ in range(2):
            fitted = fit(run(cloud, q), cloud, pose["template"])
            if fitted is None:
                return None, True, np.inf
            q, residual = fitted
        return (np.eye(3), True, residual) if angle(q) > pose["maxTurnDegrees"] else (q, False, residual)
    starts = [(scored(run, cloud, s, pose), s) for s in cube_rotations()]
    starts.sort(key=lambda pair: -pair[0][0])
    best = None
    for (score, _, fitted, residual), start in starts[: pose["keep"]]:
        if best is None or score > best[0]:
            best = (score, start, residual)
        for _ in range(pose["rounds"]):
            score, _, following, residual = scored(run, cloud, fitted, pose)
            if score > best[0]:
                best = (score, fitted, residual)
            fitted = following
    return (None, True, np.inf) if best[0] <= -1 else (best[1], False, best[2])


def spread(mesh, points, normals, prob):
    """Probabilities of the pooled points [p,7] on the welded vertices [n,7]."""
    d, index = cKDTree(points).query(mesh.vertices, 6)
    facing = np.einsum("vd,vkd->vk", mesh.normals, normals[index]) > 0
    w = np.where(facing, 1.0, 0.1) / (d * d + 1)
    return np.einsum("vk,vkc->vc", w, prob[index]) / w.sum(1, keepdims=True)


def vertex_areas(mesh):
    return np.bincount(mesh.triangles.ravel(), np.repeat(mesh.areas / 3, 3), minlength=len(mesh.vertices))


def clean(mesh, labels):
    """cc-v1: small islands of a label become BODY."""
    labels = labels.copy()
    same = labels[mesh.edges[:, 0]] == labels[mesh.edges[:, 1]]
    e = mesh.edges[same]
    graph = coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(len(labels),) * 2)
    part = connected_components(graph, directed=False)[1]
    area = np.bincount(part, vertex_areas(mesh))
    owner = np.zeros(len(area), dtype=int)
    owner[part] = labels
    for k in range(1, len(LABELS)):
        parts = np.flatnonzero(owner == k)
        if len(parts):
            small = parts[area[parts] < 0.25 * area[parts].max()]
            labels[np.isin(part, small)] = 0
    return labels


def segment(run, mesh, pose, averaging, seeds, known=True, clouds=None):
    """Whole of sections 6 and 7: dict with labels and probabilities per welded vertex, Q, origin g, conflict, residual."""
    clouds = clouds or [cloud_of(mesh, seed) for seed in seeds]
    q, conflict, residual = find_pose(run, clouds[0], pose, known)
    turn = np.eye(3) if q is None else q
    prob = [np.mean([run(c, np.asarray(e).reshape(3, 3) @ turn) for e in averaging["rotations"]], 0) for c in clouds]
    points, normals = np.concatenate([c.points for c in clouds]), np.concatenate([c.normals for c in clouds])
    soft = spread(mesh, points, normals, np.concatenate(prob))
    return {"labels": clean(mesh, soft.argmax(1)), "probabilities": soft, "turn": q, "centre": points.mean(0),
            "conflict": conflict, "residual": residual, "cloud": clouds[0]}
