"""Monthly series of all kinds, drawn at random on a GPU: what the network is trained on.

Nothing in here was estimated from data. A series is the sum of a level that wanders, drifts, bends
and jumps, of deviations that die out, of a cycle, of a season that changes slowly, of noise with
thin or fat tails and of single outliers, all of very different sizes. The sum is a logarithm, a
square root or the value itself, and may be rounded or counted. So the network sees what the
textbook processes can do, and what they cannot: Hyndman, Koehler, Ord and Snyder (2008) for
exponential smoothing, Box and Jenkins (1970) for the rest.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import StudentT

SEASON = 12
BURN_IN = 24
"""Months that are left out at the beginning."""

FARTHEST = 6.0
"""The sum leaves the middle of the series by this much at most."""


class Draw:
    """Random numbers, one for each of ``n`` series, shape ``(n, 1)``."""

    def __init__(self, n: int, device: str) -> None:
        self.n, self.device = n, device

    def uniform(self) -> Tensor:
        """Between 0 and 1."""
        return torch.rand(self.n, 1, device=self.device)

    def normal(self) -> Tensor:
        """Of mean 0 and variance 1."""
        return torch.randn(self.n, 1, device=self.device)

    def size(self, low: float, high: float, chance: float = 1.0) -> Tensor:
        """Between two bounds, uniform in its logarithm; zero but for a chance."""
        found = torch.exp(self.uniform() * math.log(high / low)) * low
        return found * (self.uniform() < chance)

    def normals(self, *shape: int) -> Tensor:
        """The same, many for each series."""
        return torch.randn(self.n, *shape, device=self.device)

    def fat(self, months: int) -> Tensor:
        """Student's t with three or six degrees of freedom, or normal: a third of the series each.

        Brought to about the same middle half.
        """
        kind = torch.randint(0, 3, (self.n, 1), device=self.device)
        freedom = torch.tensor([3.0, 6.0, 1e4], device=self.device)[kind]
        spread = torch.tensor([0.6, 0.82, 1.0], device=self.device)[kind]
        return StudentT(freedom.expand(self.n, months)).sample() * spread


def months(n: int, length: int, device: str) -> Tensor:
    """``n`` series of ``length`` months each, never negative, shape ``(n, length)``."""
    draw, total = Draw(n, device), length + BURN_IN
    at = torch.arange(total, device=device)[None]
    level = _level(draw, at)
    x = level + _deviations(draw, total) + _season(draw, at) + _noise(draw, total)
    x = (x - level[:, total // 2 : total // 2 + 1]).clamp(-FARTHEST, FARTHEST)
    return _counted(draw, _from_scale(draw, x))[:, BURN_IN:]


def _level(draw: Draw, at: Tensor) -> Tensor:
    """A random walk with a drift, a trend that is damped or not, a jump, a bend and a cycle."""
    total = at.shape[1]
    steps = draw.fat(total) * draw.size(0.0005, 0.12, 0.8)
    drift = draw.normal() * draw.size(0.0005, 0.01, 0.6)
    turns = draw.normals(total) * draw.size(0.0001, 0.01, 0.35)
    turns[:, :1] += draw.normal() * draw.size(0.0005, 0.02)
    kind = draw.uniform()
    damped = torch.where(kind < 0.8, 1.0 - draw.size(0.01, 0.3), torch.zeros_like(kind))
    trend = _autoregression(turns, torch.where(kind < 0.25, torch.ones_like(kind), damped))
    jump = (at == _moment(draw, total)) * draw.normal() * draw.size(0.05, 0.5, 0.13)
    bend = (at >= _moment(draw, total)) * draw.normal() * draw.size(0.001, 0.02, 0.3)
    phase = 2 * math.pi * (at / draw.size(24, 150) + draw.uniform())
    cycle = torch.sin(phase) * draw.size(0.005, 0.3, 0.25)
    return torch.cumsum(drift + trend + steps + jump + bend, 1) + cycle


def _moment(draw: Draw, total: int) -> Tensor:
    return torch.randint(0, total, (draw.n, 1), device=draw.device)


def _deviations(draw: Draw, total: int) -> Tensor:
    """A stationary autoregression of the first order, slow in half of the series."""
    slow = draw.uniform() < 0.5
    rho = torch.where(slow, 1.0 - draw.size(0.02, 0.6), draw.uniform() * 1.2 - 0.4)
    path = _autoregression(draw.normals(total), rho) * torch.sqrt(1.0 - rho**2)
    return path * draw.size(0.002, 0.3, 0.6)


def _season(draw: Draw, at: Tensor) -> Tensor:
    """Waves that change from year to year, single months that stand out, or some of both."""
    total, n = at.shape[1], draw.n
    k = torch.arange(1, 7, device=draw.device)
    falling = k ** (-2.0 * draw.uniform())
    changes = draw.size(0.002, 0.15, 0.7) * falling
    angle = 2 * math.pi / SEASON * at[0][:, None] * k
    waves = torch.zeros(n, total, device=draw.device)
    for wave in (torch.cos(angle), torch.sin(angle)):
        years = draw.normals(total // SEASON + 2, 6) * changes[:, None]
        years[:, 0] = draw.normals(6) * falling
        waves = waves + (_by_month(torch.cumsum(years, 1), at[0]) * wave).sum(2)
    share = draw.uniform()
    standing_out = (torch.rand(n, SEASON, device=draw.device) < draw.uniform()).float()
    single = (draw.normals(SEASON) * standing_out)[:, at[0] % SEASON]
    kind = draw.uniform()
    mixed = torch.where(kind < 0.7, torch.zeros_like(share), share)
    share = torch.where(kind < 0.5, torch.ones_like(share), mixed)
    season = share * waves + (1.0 - share) * single
    season = season / (season.std(1, keepdim=True) + 1e-6) * draw.size(0.01, 0.7, 0.88)
    growing = 0.3 * draw.normal() * (draw.uniform() < 0.3)
    return season * (1.0 + growing * (at / total - 0.5))


def _by_month(years: Tensor, at: Tensor) -> Tensor:
    """Values of years, on a line between them."""
    year = at // SEASON
    share = ((at % SEASON) / SEASON)[None, :, None]
    return years[:, year] * (1.0 - share) + years[:, year + 1] * share


def _noise(draw: Draw, total: int) -> Tensor:
    noise = draw.fat(total) * draw.size(0.004, 0.3)
    outlying = torch.rand(draw.n, total, device=draw.device) < 0.02
    return noise + outlying * draw.normals(total) * draw.size(0.05, 1.0, 0.2)


def _from_scale(draw: Draw, x: Tensor) -> Tensor:
    """From a logarithm, from a square root, or as it is."""
    kind = draw.uniform()
    root = torch.clamp(1.0 + x / 2.0, min=0.0) ** 2
    other = torch.where(kind < 0.7, root, torch.clamp(1.0 + x, min=0.0))
    return torch.where(kind < 0.45, torch.exp(x), other)


def _counted(draw: Draw, y: Tensor) -> Tensor:
    """Some are counts of rare events, some are rounded."""
    y, kind = y * draw.size(2, 1e5), draw.uniform()
    counts = torch.where(y < 1e6, torch.poisson(y.clamp(max=1e6)), y)
    rounded = torch.where(kind < 0.3, torch.round(y), y)
    return torch.where(kind < 0.15, counts, rounded)


def _autoregression(errors: Tensor, rho: Tensor) -> Tensor:
    """``x[t] = rho x[t-1] + e[t]``; each pass adds what is twice as far back as the last."""
    x, lag = errors, 1
    while lag < errors.shape[1]:
        x = torch.cat([x[:, :lag], x[:, lag:] + rho * x[:, :-lag]], 1)
        rho, lag = rho * rho, 2 * lag
    return x
