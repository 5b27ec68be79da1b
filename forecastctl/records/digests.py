"""The tag that holds the digests of a run's files: made and read. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from forecastctl.records.models import canonical_json
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forecastctl.records.runs import Artifact


def sha256(content: bytes) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def recorded(tags: Mapping[str, str]) -> dict[str, str]:
    """Digest by path of those files of a run that have one; none where the tag is damaged."""
    try:
        found = json.loads(tags.get(Tag.DIGESTS, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def tag_of(artifacts: Iterable[Artifact], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tag with the digests of files, and with those that are known of others."""
    found = {artifact.path: sha256(artifact.content) for artifact in artifacts}
    return {Tag.DIGESTS: canonical_json({**(known or {}), **found})}
