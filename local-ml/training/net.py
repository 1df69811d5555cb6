"""The region network: three levels of a fixed graph, edge convolutions made linear, a global vector, 3-NN interpolation.

Edge convolution: h_i' = relu(LN(A h_i + max_j (B h_j + P x_j) - P x_i)), x = rotated positions: node-wise products, one
gather, one maximum. Many clouds are one graph: rows are concatenated and indices offset, `counts` clouds of equal size.
"""
import ctypes
import functools
import os
import subprocess
import tempfile

import torch
from torch import nn

from prep import LABELS, LEVELS


class NeighbourMax(torch.autograd.Function):
    """gather(h, index).amax(1) with a cheap way back: only the neighbour that won gets the gradient (fast.c)."""

    @staticmethod
    def forward(ctx, h, index):
        h, index = h.contiguous(), index.contiguous()
        (n, k), c = index.shape, h.shape[1]
        best, won = torch.empty(n, c), torch.empty(n, c, dtype=torch.uint8)
        fast().highest(at(h), at(index), n, k, c, at(best), at(won))
        ctx.save_for_backward(index, won)
        ctx.rows = h.shape[0]
        return best

    @staticmethod
    def backward(ctx, grad):
        index, won = ctx.saved_tensors
        grad, (n, k), c = grad.contiguous(), index.shape, grad.shape[1]
        out = torch.zeros(ctx.rows, c)
        fast().back(at(grad), at(index), at(won), n, k, c, at(out))
        return out, None


def at(tensor):
    return ctypes.c_void_p(tensor.data_ptr())


@functools.lru_cache
def fast():
    """fast.c, compiled for this machine into a folder that goes away with the process."""
    folder = tempfile.TemporaryDirectory()
    target = f"{folder.name}/fast.so"
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fast.c")
    subprocess.run(["gcc", "-O3", "-march=native", "-shared", "-fPIC", "-o", target, source], check=True)
    library = ctypes.CDLL(target)
    library.folder = folder
    for name, pointers in (("highest", "ppiiipp"), ("back", "pppiiip")):
        getattr(library, name).argtypes = [ctypes.c_void_p if k == "p" else ctypes.c_int64 for k in pointers]
        getattr(library, name).restype = None
    return library


def highest(h, index):
    """Maximum over the rows of h named by index [n,k]."""
    return NeighbourMax.apply(h, index) if torch.is_grad_enabled() else gather(h, index).amax(1)


class Edge(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.own, self.other = nn.Linear(inside, outside), nn.Linear(inside, outside, bias=False)
        self.place, self.norm = nn.Linear(3, outside, bias=False), nn.LayerNorm(outside)

    def forward(self, h, x, nbr):
        px = self.place(x)
        return torch.relu(self.norm(self.own(h) + highest(self.other(h) + px, nbr) - px))


class Dense(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.linear, self.norm = nn.Linear(inside, outside), nn.LayerNorm(outside)

    def forward(self, h):
        return torch.relu(self.norm(self.linear(h)))


def gather(h, index):
    """Rows of h at an index [n,k]: [n,k,c]."""
    return h[index]


def blend(h, index, weight):
    return (gather(h, index) * weight.unsqueeze(2)).sum(1)


class Regions(nn.Module):
    def __init__(self, features=15, c0=32, c1=64, c2=128):
        super().__init__()
        self.lift = Dense(features, c0)
        self.a0, self.b0 = Edge(c0, c0), Edge(c0, c0)
        self.a1, self.b1 = Edge(c0 + features, c1), Edge(c1, c1)
        self.a2, self.b2, self.c2 = Edge(c1 + features, c2), Edge(c2, c2), Edge(c2, c2)
        self.whole = Dense(2 * c2, c2)
        self.join2 = Dense(2 * c2, c2)
        self.up1, self.d1 = Dense(c2 + c1, c1), Edge(c1, c1)
        self.up0, self.d0 = Dense(c1 + c0 + features, c0), Edge(c0, c0)
        self.out = nn.Linear(c0, len(LABELS))

    def forward(self, x, nbr0, nbr1, nbr2, up1, upw1, up2, upw2, count=1):
        n0, n1, n2 = LEVELS
        head = lambda rows, n, m: rows[:m] if count == 1 else rows.reshape(count, n, -1)[:, :m].reshape(count * m, -1)  # noqa: E731
        nbr0, nbr1, nbr2, up1, up2 = (i.long() for i in (nbr0, nbr1, nbr2, up1, up2))
        f1 = head(x, n0, n1)
        f2 = head(f1, n1, n2)
        h0 = self.lift(x)
        h0 = h0 + self.a0(h0, x[:, :3], nbr0)
        h0 = h0 + self.b0(h0, x[:, :3], nbr0)
        h1 = torch.cat([highest(h0, head(nbr0, n0, n1)), f1], 1)
        h1 = self.a1(h1, f1[:, :3], nbr1)
        h1 = h1 + self.b1(h1, f1[:, :3], nbr1)
        h2 = torch.cat([highest(h1, head(nbr1, n1, n2)), f2], 1)
        h2 = self.a2(h2, f2[:, :3], nbr2)
        h2 = h2 + self.b2(h2, f2[:, :3], nbr2)
        cells = h2.reshape(count, n2, h2.shape[1])
        whole = self.whole(torch.cat([cells.amax(1), cells.mean(1)], 1))
        spread = torch.cat([whole[i : i + 1] + torch.zeros(n2, 1) for i in range(count)], 0)
        h2 = h2 + self.join2(torch.cat([h2, spread], 1))
        h2 = h2 + self.c2(h2, f2[:, :3], nbr2)
        h1 = h1 + self.up1(torch.cat([blend(h2, up2, upw2), h1], 1))
        h1 = h1 + self.d1(h1, f1[:, :3], nbr1)
        h0 = self.up0(torch.cat([blend(h1, up1, upw1), h0, x], 1))
        h0 = h0 + self.d0(h0, x[:, :3], nbr0)
        return self.out(h0)


def inputs_of(cloud, rotation):
    """The eight tensors of one cloud."""
    t = torch.from_numpy
    return (t(cloud.features(rotation).astype("float32")), *(t(i) for i in cloud.nbr), t(cloud.up[0]), t(cloud.upw[0]),
            t(cloud.up[1]), t(cloud.upw[1]))


def runner(net):
    """run(cloud, Q) -> probabilities, for pose.py."""
    from pose import softmax

    def run(cloud, rotation):
        with torch.no_grad():
            return softmax(net(*inputs_of(cloud, rotation)).numpy())

    return run
