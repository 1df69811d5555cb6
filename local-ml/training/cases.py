"""A whole simulated case of one seed: mapped shell, lesions, voltage, truth. What `make-tests` writes (CONTRACT.md, section 10)."""
import numpy as np

from artefacts import cluster, corrupt
from data import atrium, without_rim
from operators import Atrium, Operator, voltage
from pose import about
from prep import mesh_of


def welded_labels(mesh, labels):
    """Labels per given vertex to labels per welded vertex (the first counts)."""
    out = np.zeros(len(mesh.vertices), dtype=np.int64)
    out[mesh.origin[::-1]] = labels[::-1]
    return out


def case(seed, spacing=2.4, cells=None, more=0, checked=False):
    """dict: vertices, triangles, labels of the mapped and turned shell, variant, turn, lesions, gaps, rings, voltage.
    `cells`: vertex clustering in mm for small files; `more`: further procedures on the same shell, under `others`;
    `checked`: every ring is one before gaps are made, and a gap is wider than 6.5 mm (section 10)."""
    v, t, labels, variant, rng = atrium(seed, spacing)
    whole = mesh_of(v, t)
    truth = Atrium(whole, welded_labels(whole, labels))
    operator = Operator(rng, truth, checked).work()
    others = [Operator(np.random.default_rng([seed, 77, k]), truth).work().lesions for k in range(more)]
    mv, mt, ml = corrupt(rng, v, t, labels)
    if cells:
        mv, mt, ml = cluster(mv, mt, ml, cells)
    mv_volts = voltage(rng, mv, ml)
    ml = without_rim(ml, variant)
    turn = about(rng.normal(size=3), abs(rng.normal(0, 10)))
    shift = rng.normal(0, 20, 3)
    move = lambda x: x @ turn.T + shift  # noqa: E731
    moved = lambda lesions: [{**k, "x": move(k["x"])} for k in lesions]  # noqa: E731
    lesions = moved(operator.lesions)
    gaps = [{**g, "x": move(g["x"])} for g in operator.gaps if not checked or g["kind"] == "weak" or g["widthMm"] > 6.5]
    aimed = ((550, 400), (500, 350), (450, 350))[operator.targets]
    return {"seed": seed, "targets": dict(zip(("anterior", "posterior"), aimed)), "vertices": move(mv), "triangles": mt, "labels": ml, "voltage": mv_volts, "variant": variant, "turn": turn,
            "lesions": lesions, "others": [moved(k) for k in others], "gaps": gaps, "rings": operator.rings}
