"""``python -m docs._tools`` writes the generated pages; ``--check`` only compares them."""

from __future__ import annotations

import sys

from docs._tools import stale, write

if sys.argv[1:] == ["--check"]:
    behind = stale()
    if behind:
        sys.exit(f"out of step with the code: {', '.join(behind)}; run 'make pages'")
elif not sys.argv[1:]:
    sys.stdout.writelines(f"wrote {path}\n" for path in write())
else:
    sys.exit("usage: python -m docs._tools [--check]")
