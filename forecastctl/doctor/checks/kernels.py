"""Are the compiled models there, and is nobody else able to change them?"""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.finding import Finding


@dataclass(frozen=True, slots=True)
class Kernels:
    """The compiled models.

    Attributes:
        folder: Where they are kept, or ``None`` where no place is safe.
        refused: Places that are not taken, because others could write there.
        ready: Whether they are compiled.
        damaged: Whether what is there is not what was written.
        trouble: Why nothing is compiled at all, or empty.
    """

    folder: str | None
    refused: tuple[str, ...]
    ready: bool
    damaged: bool
    trouble: str = ""


def check(kernels: Kernels) -> list[Finding]:
    """Judge the place and what is in it."""
    if kernels.trouble:
        return [
            Finding(
                "kernels",
                "wrong",
                f"The models cannot be compiled, and are far slower: {kernels.trouble}.",
                "Install numba as pip has it, and unset NUMBA_DISABLE_JIT.",
            )
        ]
    found = [
        Finding(
            "kernels",
            "wrong",
            f"Compiled code in {place} is not used: another user could have written it.",
            "Let it, and every directory above it, be yours or root's and closed to others "
            "(chmod 700), or let NUMBA_CACHE_DIR name another place.",
        )
        for place in kernels.refused
    ]
    if kernels.folder is None:
        if not found:
            message = "No directory can be written in which compiled code could be kept."
            mend = "Let NUMBA_CACHE_DIR name one that is yours; every job compiles anew until then."
            found.append(Finding("kernels", "wrong", message, mend))
    elif kernels.damaged:
        found.append(
            Finding(
                "kernels",
                "wrong",
                f"Compiled code in {kernels.folder} is not what was written there.",
                "'forecastctl doctor --fix' removes it; the next job compiles it anew.",
                "remove-kernels",
                (kernels.folder,),
            )
        )
    elif kernels.ready:
        found.append(Finding("kernels", "ok", f"The models are compiled, in {kernels.folder}."))
    else:
        message = "The models are not compiled yet; the next job does so, once, in about a minute."
        found.append(Finding("kernels", "note", message))
    return found
