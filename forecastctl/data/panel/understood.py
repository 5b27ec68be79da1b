"""What was understood of a data source: said by ``check``, and to whoever starts a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Understood:
    """How a source was read.

    Attributes:
        shape: What a row holds.
        file: Format, encoding, delimiter, header, whatever there is.
        numbers: How numbers are written.
        dates: How dates are written.
        unit: What is counted, in the words of the file.
        notes: What a user should know before a forecast, one sentence each.
        airports: Notes by airport: marks beside its numbers.
    """

    shape: str = ""
    file: str = ""
    numbers: str = ""
    dates: str = ""
    unit: str = ""
    notes: tuple[str, ...] = ()
    airports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
