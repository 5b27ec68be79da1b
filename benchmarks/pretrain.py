"""Train the network of the family ``pretrained`` on simulated months: minutes on a GPU.

    python benchmarks/pretrain.py --out network.npz

Needs PyTorch, which nothing else here does. It learns from simulated series alone
(``simulated_months.py``) to say the median and an 80 % interval of the two years that follow a
window of one to twelve years, by the pinball loss (Koenker and Bassett, 1978) in means of the
window's yearly changes. So no airport of anybody is in it.

The file holds the weights in half precision, what was asked for, and, for a test, what PyTorch
makes of a few windows.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from simulated_months import SEASON, months
from torch import Tensor, nn
from torch.nn import functional

WINDOW = 144
AHEAD = 24
SHORTEST = 13
"""Months that a window holds at most, that follow it, and that it holds at least."""

QUANTILES = ((0.1, 0.5), (0.5, 1.0), (0.9, 0.5))
"""What is learned, and what it counts in the loss."""

CLIPPED = 8.0


class Network(nn.Module):
    """Fully connected, with residual blocks; see `forecastctl.models.pretrained` for the same."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.into = nn.Linear(3 * WINDOW - SEASON + 4, width)
        self.first = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.second = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.out = nn.Linear(width, len(QUANTILES) * AHEAD)
        for layer in (*self.second, self.out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, y: Tensor, seen: Tensor) -> Tensor:
        """Quantiles, shape ``(n, 3, AHEAD)``, of windows and of which months of them are seen."""
        n = seen.sum(1, keepdim=True)
        centre = y[:, -SEASON:].mean(1, keepdim=True)
        mean = (y * seen).sum(1, keepdim=True) / n
        spread = torch.sqrt(((y - mean) ** 2 * seen).sum(1, keepdim=True) / n)
        spread = (spread + 0.002 * centre.abs()).clamp(min=1e-9)
        both = seen[:, :-SEASON]
        change = (y[:, SEASON:] - y[:, :-SEASON]) * both
        yearly = change.abs().sum(1, keepdim=True) / both.sum(1, keepdim=True) + 0.02 * spread
        x = [
            ((y - centre) / spread * seen).clamp(-CLIPPED, CLIPPED),
            (change / yearly).clamp(-CLIPPED, CLIPPED),
            seen,
            torch.log((centre / spread).clamp(1e-3, 1e3)),
            (mean - centre) / spread,
            torch.log(yearly / spread),
            n / WINDOW,
        ]
        h = self.into(torch.cat(x, 1))
        for first, second in zip(self.first, self.second, strict=True):
            h = h + second(functional.gelu(first(_standard(h)), approximate="tanh"))
        lower, middle, upper = self.out(_standard(h)).view(-1, 3, AHEAD).unbind(1)
        lower, upper = middle - functional.softplus(lower), middle + functional.softplus(upper)
        last = y[:, -SEASON:].repeat(1, AHEAD // SEASON)
        return last[:, None] + yearly[:, None] * torch.stack([lower, middle, upper], 1)


def _standard(h: Tensor) -> Tensor:
    return functional.layer_norm(h, h.shape[-1:])


def main() -> None:
    options = parse()
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(options.seed)
    network = Network(options.width, options.blocks).to(options.device)
    with torch.no_grad():
        held_out = [batch(options.batch, options.device) for _ in range(4)]
    averaged = train(network, options, held_out)
    weights = {name: value.cpu().half() for name, value in averaged.items()}
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    error = judged(network, held_out)
    print(f"error on series that were held out: {error:.4f}")
    save(options, network, weights, error)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the network of the family pretrained")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=18_000)
    parser.add_argument("--batch", type=int, default=16_384)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda")
    return parser.parse_args()


def batch(n: int, device: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Windows, which months are seen, what follows, and what counts as one.

    Three of ten windows are seen whole, the others from a month on that is drawn.
    """
    y = months(n, WINDOW + AHEAD, device)
    known = torch.randint(SHORTEST, WINDOW + 1, (n, 1), device=device)
    known = torch.where(torch.rand(n, 1, device=device) < 0.3, WINDOW, known)
    seen = (torch.arange(WINDOW, device=device)[None] >= WINDOW - known).float()
    window = y[:, :WINDOW] * seen
    both = seen[:, :-SEASON]
    change = (window[:, SEASON:] - window[:, :-SEASON]).abs() * both
    mean = window.sum(1, keepdim=True) / known
    spread = torch.sqrt(((window - mean) ** 2 * seen).sum(1, keepdim=True) / known)
    unit = change.sum(1, keepdim=True) / both.sum(1, keepdim=True) + 0.1 * spread
    return window, seen, y[:, WINDOW:], unit + 0.002 * mean + 1e-6


def losses(network: Network, case: tuple[Tensor, Tensor, Tensor, Tensor]) -> list[Tensor]:
    """Pinball loss of each quantile, in units; an error of twenty counts as any larger one."""
    window, seen, actual, unit = case
    found = network(window, seen)
    return [
        2.0 * torch.maximum(q * e, (q - 1.0) * e).clamp(max=20.0).mean()
        for i, (q, _) in enumerate(QUANTILES)
        for e in [(actual - found[:, i]) / unit]
    ]


def train(
    network: Network, options: argparse.Namespace, held_out: list[tuple[Tensor, ...]]
) -> dict[str, Tensor]:
    """Minimise the loss by Adam; the weights that come back are a running mean of the last ones."""
    adam = torch.optim.AdamW(
        network.parameters(), lr=options.rate, weight_decay=1e-3, betas=(0.9, 0.98)
    )
    averaged = {name: value.clone() for name, value in network.state_dict().items()}
    started = time.monotonic()
    for step in range(1, options.steps + 1):
        done = step / options.steps
        rate = min(1.0, step / 300) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.002)
        adam.param_groups[0]["lr"] = options.rate * rate
        with torch.no_grad():
            case = batch(options.batch, options.device)
        found = losses(network, case)
        loss = sum(weight * part for (_, weight), part in zip(QUANTILES, found, strict=True))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adam.step()
        if step % 10 == 0:
            for name, value in network.state_dict().items():
                averaged[name].lerp_(value, 0.02)
        if step % 1000 == 0 or step == options.steps:
            seconds = time.monotonic() - started
            print(f"{step:>6} {seconds:>6.0f} s {judged(network, held_out):.4f}", flush=True)
    return averaged


@torch.no_grad()
def judged(network: Network, held_out: list[tuple[Tensor, ...]]) -> float:
    """Mean absolute error of the median, in units."""
    return float(np.mean([losses(network, case)[1].item() for case in held_out]))


def save(
    options: argparse.Namespace, network: Network, weights: dict[str, Tensor], error: float
) -> None:
    """Write weights, how they were made, and what PyTorch makes of sixteen windows."""
    network = network.cpu()
    torch.manual_seed(options.seed + 1)
    window, seen, _, _ = batch(16, "cpu")
    with torch.no_grad():
        found = network(window, seen)
    made = {name: getattr(options, name) for name in ("steps", "batch", "width", "blocks", "rate")}
    made |= {"seed": options.seed, "error": round(error, 4), "torch": torch.__version__}
    np.savez(
        options.out,
        made=json.dumps(made),
        windows=window.numpy(),
        seen=seen.sum(1).int().numpy(),
        quantiles=found.numpy(),
        **{name: value.numpy() for name, value in weights.items()},
    )


if __name__ == "__main__":
    main()
