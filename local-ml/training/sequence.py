"""The site network: convolutions over the lesions in time order, [1,32,L] to [1,23,L]."""
import torch
from torch import nn

from sites import CHANNELS, CLASSES


class Sequence(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.register_buffer("mean", torch.zeros(CHANNELS, 1))
        self.register_buffer("scale", torch.ones(CHANNELS, 1))
        self.lift = nn.Sequential(nn.Conv1d(CHANNELS, width, 1), nn.ReLU(), nn.Conv1d(width, width, 1))
        self.steps = nn.ModuleList(nn.Conv1d(width, width, 3, padding=d, dilation=d) for d in (1, 1, 2, 4, 8))
        self.mix = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(5))
        self.whole = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(5))
        self.drop = nn.Dropout(0.1)
        self.out = nn.Sequential(nn.ReLU(), nn.Conv1d(width, width, 1), nn.ReLU(), nn.Conv1d(width, len(CLASSES), 1))

    def forward(self, lesions, there=None):
        """`there` [b,L] marks real lesions in a padded batch, so that padding is what the ends of a lone sequence see: zeros.

        Each step sees its neighbours in time and the mean over the whole procedure, which tells how the rings lie."""
        if there is None:
            mask, mean = (lambda h: h), (lambda h: h.mean(2, keepdim=True))
        else:
            on = there.unsqueeze(1).float()
            mask, mean = (lambda h: h * on), (lambda h: (h * on).sum(2, keepdim=True) / on.sum(2, keepdim=True))
        h = self.lift((lesions - self.mean) / self.scale)
        for step, mix, whole in zip(self.steps, self.mix, self.whole):
            r = torch.relu(h)
            h = h + mix(torch.relu(step(mask(r)) + whole(mean(r))))
        return self.out(self.drop(h))
