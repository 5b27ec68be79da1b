"""The compiled models, as they lie there."""

from __future__ import annotations

from forecastctl.doctor.checks.kernels import Kernels


def kernels() -> Kernels:
    """Look where they are kept; nothing is compiled and nothing loaded."""
    from forecastctl.models.kernels import cache, decorate

    folder, refused = cache.look()
    return Kernels(
        folder=None if folder is None else str(folder),
        refused=tuple(refused),
        ready=folder is not None and cache.is_ready(folder),
        damaged=folder is not None and cache.is_damaged(folder),
        trouble=str(decorate.trouble[0]) if decorate.trouble else "",
    )
