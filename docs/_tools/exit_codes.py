"""docs/reference/exit-codes.md, from forecastctl.errors."""

from __future__ import annotations

import inspect

from forecastctl import errors

NOTE = "<!-- Made by 'make docs' from forecastctl/errors.py. Do not edit. -->\n"
INTRO = """# Exit codes

| code | when | what to do |
| --- | --- | --- |
"""
STOPPED = "a job ended at its `--deadline`, or because of `--max-failures`, with airports left"
FOUND = (
    "`monitor` found a degraded airport, `reproduce` a forecast that differs, `doctor` something "
    "wrong, or `promote` refuses a challenger"
)
SPOOLED = "the job did its work, but its record waits on this machine: the store is away"
SYNC = "See to the store. The next `run` publishes what waits, or `forecastctl sync` does it alone."
OUTRO = """
An error prints what is wrong and, on a line that starts with `next:`, what to do about it. Both go
to stderr. Nothing is written to `--out` when a command ends with 2, 3 or 11; after 11 all that was
forecast is recorded, and the same command with `--skip-unchanged` writes it. With 9 the forecasts
are written; with 5 only where the store failed after they were made, which is then said.

Codes 3 and 4 after a job: 4 when at least one airport failed, whatever became of the others, and
when recent months of an airport look wrong and were left out. Such airports are named on stderr,
also with `--quiet`, every time until the data are mended or `--suspects keep` is given. Code 3 when
every selected airport was rejected because of its data. Code 9 goes before both: what else happened
stands in the summary. An airport that was rejected while others went on is counted in the first
line of the summary, "3 rejected (no forecast)", in `--json`, in `--metrics` and in `forecastctl
history`; it changes the code to 4, and the status of the job to `partial`, where
`[run] rejected = "fail"` is set, and is then named with `--quiet` as well.

## The errors behind the codes

| class | code | meaning |
| --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    return NOTE + INTRO + _codes() + OUTRO + _classes()


def _codes() -> str:
    interrupted = "Run it again: it goes on from what is recorded."
    rows = [(errors.EXIT_OK, "every selected airport is ok, or has a recorded fallback", "nothing")]
    rows += [(c.exit_code, _meaning(c), _advice(c)) for c in _heads()]
    rows.append((errors.EXIT_STOPPED, STOPPED, "Run it again: it goes on with what is left."))
    rows.append(
        (errors.EXIT_FOUND, FOUND, "Read the list: it names what was found and the reasons.")
    )
    rows.append((errors.EXIT_SPOOLED, SPOOLED, SYNC))
    rows.append((errors.EXIT_HUNG_UP, "its terminal went away (SIGHUP)", interrupted))
    rows.append((errors.EXIT_INTERRUPTED, "interrupted (Ctrl-C or SIGINT)", interrupted))
    rows.append((errors.EXIT_TERMINATED, "told to end (SIGTERM)", interrupted))
    return "".join(f"| {code} | {when} | {hint} |\n" for code, when, hint in sorted(rows))


def _heads() -> list[type[errors.ForecastctlError]]:
    """One class for each code: the topmost that has it."""
    first: dict[int, type[errors.ForecastctlError]] = {}
    for kind in _all():
        first.setdefault(kind.exit_code, kind)
    return [first[code] for code in sorted(first)]


def _all() -> list[type[errors.ForecastctlError]]:
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass)]
    mine = [k for k in kinds if issubclass(k, errors.ForecastctlError)]
    return sorted(mine, key=lambda k: (k.exit_code, len(k.__mro__), k.__name__))


def _meaning(kind: type[errors.ForecastctlError]) -> str:
    if kind is errors.ForecastctlError:
        return "something unexpected went wrong"
    if kind.exit_code == errors.EXIT_AIRPORTS_FAILED:
        return "airports failed, or were forecast without months that look wrong; all is recorded"
    return _first_line(kind).rstrip(".").replace("The ", "the ", 1)


def _advice(kind: type[errors.ForecastctlError]) -> str:
    if kind.exit_code == errors.EXIT_AIRPORTS_FAILED:
        return (
            "stderr names those without months that look wrong; "
            "'forecastctl history airports --status failed' lists the others."
        )
    return kind.default_hint


def _classes() -> str:
    return "".join(
        f"| `{kind.__name__}` | {kind.exit_code} | {_first_line(kind)} |\n" for kind in _all()
    )


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]
