"""``python -m nights.together FILE``: commands that start together, each with a file for stdout.

Ends when the last of them does, with the first exit code that is none of a share that came to its
end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def main() -> None:
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    begun = []
    for number, command in enumerate(asked):
        with Path(f"{sys.argv[1]}.{number}").open("wb") as out:
            begun.append(subprocess.Popen(command, stdout=out))
    codes = [process.wait() for process in begun]
    sys.exit(next((code for code in codes if code not in (0, 4)), 0))


if __name__ == "__main__":
    main()
