"""One share of the airports of a job, for one of several processes that do the job together."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_TEXT = re.compile(r"(\d{0,9})/(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of equal shares.

    Attributes:
        number: Which, from 1.
        count: How many there are.
    """

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number} of {self.count}"

    def holds(self, airport: str) -> bool:
        """Whether an airport is in this share.

        It depends on nothing but its name and the number of shares: not on the other airports, nor
        on their order. Shares are equal up to chance.

        Args:
            airport: As spelt in the input.
        """
        return number_of(airport, self.count) == self.number


def number_of(airport: str, count: int) -> int:
    """In which share an airport is, from 1.

    Args:
        airport: As spelt in the input.
        count: How many shares there are.
    """
    digest = hashlib.sha256(airport.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % count + 1


def shard_of(text: str, index: str | None) -> Shard:
    """A share as it is written: ``2/8`` is the second of eight.

    Args:
        text: Number and count. The number may be left out, ``/8``, where the index says it.
        index: What Kubernetes puts into ``JOB_COMPLETION_INDEX`` of a pod: from 0.

    Raises:
        ValueError: It is no such share.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError("a shard is written as its number and how many there are, as 2/8")
    count = int(found[2])
    if found[1]:
        number = int(found[1])
    elif index is not None and index.isdecimal():
        number = int(index) + 1
    else:
        raise ValueError(
            "its number is missing; it may be left out where JOB_COMPLETION_INDEX says it"
        )
    if not 1 <= number <= count:
        raise ValueError(f"there is no shard {number} of {count}: they are counted from 1")
    return Shard(number, count)
