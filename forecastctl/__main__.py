"""``forecastctl`` and ``python -m forecastctl``: signals end it quietly at any time."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from forecastctl.cli.output.streams import let_readers_go, open_closed
from forecastctl.errors import EXIT_INTERRUPTED, OutputError, Terminated, ending_signals

if TYPE_CHECKING:
    from types import FrameType

_AGAIN_SECONDS = 0.05


def main() -> None:
    """Entry point of the command."""
    open_closed()
    let_readers_go()
    sys.unraisablehook = _signal_again
    codes: list[object] = []
    atexit.register(_end, codes)  # the first one registered is called last
    try:
        for number in ending_signals():
            if signal.getsignal(number) is signal.SIG_DFL:  # and not ignored by who started it
                signal.signal(number, _terminate)
        from forecastctl.cli.app import app

        app(prog_name="forecastctl")
    except KeyboardInterrupt as why:  # before or after the command itself
        code = why.exit_code if isinstance(why, Terminated) else EXIT_INTERRUPTED
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), b"interrupted.\n")
        codes.append(code)
        sys.exit(code)
    except SystemExit as end:
        codes.append(end.code)
        raise
    finally:
        # How it ends is decided: a second signal while the interpreter shuts down changes nothing.
        for ending in ending_signals():
            signal.signal(ending, signal.SIG_IGN)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)


def _signal_again(ignored: sys.UnraisableHookArgs) -> None:
    """Send a signal again that came within a callback or a destructor.

    Python only prints what is raised there, and goes on as if there had been no signal.
    """
    why = ignored.exc_value
    if not isinstance(why, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
        return
    code = why.exit_code if isinstance(why, Terminated) else EXIT_INTERRUPTED
    # Once this has returned: what is raised here would be lost as well.
    timer = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), code - 128))
    timer.daemon = True
    timer.start()


def _end(codes: list[object]) -> None:
    """End with the code of an interruption, where there was one.

    Python ends itself by the signal once an interruption came while it executed source text, as
    dataclasses and named tuples do, although it was dealt with.
    """
    if EXIT_INTERRUPTED in codes:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, OutputError):
                stream.flush()
        os._exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
