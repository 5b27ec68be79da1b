"""The notebook of the examples runs, and shows tables and the page of an explanation."""

import pytest

from tests.docs.test_commands import ROOT

NOTEBOOK = ROOT / "examples/notebook.ipynb"


def shown(notebook):
    """What each cell of code shows, as HTML; nothing may be printed or go wrong."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type == "execute_result", output
            found.append(output.data["text/html"])
    return found


def check(outputs):
    result, forecasts, listed, asked, page = outputs
    assert "8 airports: 7 ok, 1 fallback" in result
    assert "<th>forecastctl-hi-80</th>" in forecasts
    assert "<th>loss</th>" in listed
    assert "<th>verdict</th>" in asked
    assert page.startswith("<iframe sandbox ")


def test_the_notebook_is_stored_as_it_ran():
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    check(shown(notebook))


@pytest.mark.slow
def test_the_notebook_runs(tmp_path, monkeypatch):
    """In a kernel, with workers in processes of their own."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, kernel_name="python3", resources=where).execute()
    check(shown(notebook))
