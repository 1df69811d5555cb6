"""The pose template: mean label centroids of the training shapes, relative to the centroid of the sampled points, canonical pose."""
import numpy as np

from prep import LABELS


def template_of(data):
    """{LABEL: [x,y,z] mm} over clouds in which all of the six labels have at least 20 points."""
    rows = []
    for p, y in zip(data["points"], data["labels"]):
        if min((y == k).sum() for k in range(6)) >= 20:
            rows.append([p[y == k].mean(0) for k in range(6)])
    return {LABELS[k]: [round(float(c), 2) for c in np.mean(rows, 0)[k]] for k in range(6)}
