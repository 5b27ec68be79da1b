"""The package itself: light to import, typed, and its functions where its packages are too."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import forecastctl
from forecastctl import __version__

STUB = Path(forecastctl.__file__).with_suffix(".pyi")


def python(program):
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "mlflow", "pydantic", "narwhals", "pyarrow", "typer")
    program = f"import sys, forecastctl; print([m for m in {heavy} if m in sys.modules])"
    assert python(program) == "[]\n"


def test_functions_win_over_the_packages_of_their_names():
    python(
        "import forecastctl as fc\n"
        "import forecastctl.explain.question, forecastctl.backtest.plan, forecastctl.history\n"
        "from forecastctl import report\n"
        "from forecastctl.explain.question import Question\n"
        "for one in (fc.explain, fc.backtest, fc.history, fc.report, report):\n"
        "    assert type(one).__name__ == 'function', one\n"
        "assert Question.__module__ == 'forecastctl.explain.question'\n"
    )


def test_every_name_is_there_and_the_stub_has_the_same():
    for name in forecastctl.__all__:
        assert getattr(forecastctl, name) is not None
    assert set(forecastctl.__all__) <= set(dir(forecastctl))
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    typed = {
        alias.asname: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    lazy = {name: f"forecastctl.{module}" for name, module in forecastctl._FROM.items()}
    assert typed == lazy
    assert __version__


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'forecastctl' has no attribute 'runn'"):
        _ = forecastctl.runn
