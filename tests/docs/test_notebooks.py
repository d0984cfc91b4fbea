"""The notebooks of `examples/` run from top to bottom, and show their pictures."""

import os
import sys
import warnings
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


@pytest.mark.ci
@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_pictures(path, tmp_path, monkeypatch):
    # Their machinery warns of itself.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nbformat
        from nbclient import NotebookClient

        book = nbformat.read(path, as_version=4)
        where = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        monkeypatch.setenv("PATH", where)
        place = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(book, timeout=240, kernel_name="python3", resources=place).execute()
    shown = [output for cell in book.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
    assert not [output for output in shown if output.get("name") == "stderr"]


def test_there_are_notebooks():
    assert [path.stem for path in EXAMPLES] == ["matching-round"]
