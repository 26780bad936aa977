"""The notebook on results, cell by cell, as Jupyter shows the last expression of each."""

import ast
import json
import re
from typing import Any

from make.markdown import DOCS

NOTEBOOK = DOCS / "tutorials" / "results.ipynb"


def show(code: str, names: dict[str, Any]) -> str:
    """Run a cell; return the HTML, or else the text, of the expression that it ends with."""
    *before, last = ast.parse(code).body
    exec(compile(ast.Module([*before], []), "cell", "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), "cell", "exec"), names)
        return ""
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return value._repr_html_() if hasattr(value, "_repr_html_") else repr(value)


def test_cells_run_and_show_what_they_say() -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    index, table, numbers, gaps, means, diagram, bins = [show("".join(cell["source"]), names) for cell in cells]
    assert "structures" in index
    assert "mean ± sd over 3 seeds" in table
    assert "n_undefined" in numbers
    assert "vs one_hot" in gaps
    (bold,) = re.findall("<b>.*?</b>", gaps)  # the ECE of all voxels alone
    assert bold in table
    assert re.search(r"tumour +hd95 +\d+\.\d+", means)
    assert "data:image/png;base64" in diagram
    assert "accuracy" in bins


def test_notebook_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
