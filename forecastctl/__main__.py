"""``forecastctl`` and ``python -m forecastctl``: from the first import on, Ctrl-C ends quietly."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys

INTERRUPTED = 130


def main() -> None:
    """Entry point of the command."""
    # Collecting during imports, which leave no garbage, takes a tenth of a short command's time.
    gc.set_threshold(50_000, 20, 20)
    codes: list[object] = []
    atexit.register(_end, codes)  # the first one registered is called last
    try:
        from forecastctl.cli.app import app

        app(prog_name="forecastctl")
    except KeyboardInterrupt:  # before or after the command itself
        os.write(sys.stderr.fileno(), b"interrupted.\n")
        codes.append(INTERRUPTED)
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        codes.append(end.code)
        raise
    finally:
        # How it ends is decided: a second Ctrl-C while the interpreter shuts down changes nothing.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(codes: list[object]) -> None:
    """End with the code of an interruption, where there was one.

    Python ends itself by the signal once an interruption came while it executed source text, as
    dataclasses and named tuples do, although it was dealt with.
    """
    if INTERRUPTED in codes:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
