"""No word of a figure of a table is cut or written over another, however long titles are."""

import numpy as np
import pandas as pd
import pytest
from softbench.figures import pictures, reliability
from softbench.figures.views import cases as cases_view
from softbench.figures.views import ranks_figure
from softbench.metrics import Reliability
from softbench.tables import assemble
from softbench.tables.rankings import rankings

TABLE = "A table with a title that says at length what it is of, on which data, and with how many raters a case"
METHOD = "A method with a title that says at length what it is (control)"


def shown(methods: int):
    """A table of one column; the control and others, whose DSC differ by case and seed."""
    keys = [f"m{n}" for n in range(methods)]
    rows = [
        {"method": key, "seed": seed, "case": f"c{case}", "value": 0.5 + n / 50 + case * seed / 900}
        for n, key in enumerate(keys)
        for seed in range(2)
        for case in range(4)
    ]
    fixed = {"structure": "WT", "metric": "dsc", "roi": "all", "unit": "1", "grid": "full", "prediction": "raw"}
    titled = [{"key": k, "title": f"{METHOD} {n}", "control": "m0" if n else None} for n, k in enumerate(keys)]
    settings = {"title": TABLE, "methods": titled, "columns": [{"metric": "dsc", "structure": "WT"}]}
    return assemble.weigh(assemble.Runs(pd.DataFrame(rows).assign(**fixed), {}, []), settings)


def cases(methods: int):
    return cases_view.draw(shown(methods), title=TABLE)


def ranks(methods: int):
    table = shown(methods)
    titles = {method.key: method.title for method in table.table.methods}
    return ranks_figure.draw(rankings(table, draws=1), table.names, titles, title=TABLE)


def calibration(methods: int):
    counts, none = np.array([10.0, 90.0]), np.zeros((2, 2))
    bins = Reliability(counts, counts * 0.8, counts * 0.5, none, none, none, 0.0, 0.0)
    titled = [{"key": f"m{n}", "title": f"{METHOD} {n}"} for n in range(methods)]
    statistics = {(one["key"], seed, roi): bins for one in titled for seed in (0, 1) for roi in ("all", "band")}
    with pictures.style("ticks"):
        return reliability._figure(statistics, {"all": "all voxels", "band": "boundary band"}, titled, TABLE)


def boxes(figure):
    with pictures.style("ticks"):
        figure.canvas.draw()
    labels = [label for axis in figure.axes for label in (*axis.get_yticklabels(), *axis.get_xticklabels())]
    drawn = [*figure.texts, *(axis.title for axis in figure.axes), *labels]
    return {text.get_text(): text.get_window_extent() for text in drawn if text.get_text() and text.get_visible()}


@pytest.mark.parametrize("methods", [2, 7])
@pytest.mark.parametrize("kind", ["cases", "ranks", "reliability"])
def test_titles_are_whole_on_the_sheet_and_apart(kind, methods):
    figure = {"cases": cases, "ranks": ranks, "reliability": calibration}[kind](methods)
    found = boxes(figure)
    said = {" ".join(text.split()) for text in found}
    assert TABLE in said
    assert any(text.startswith(f"{METHOD} 1") for text in said)
    words = {text: box for text, box in found.items() if any(letter.isalpha() for letter in text)}
    for text, box in words.items():
        assert box.x0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
        for other, second in words.items():
            apart = box.x1 <= second.x0 or second.x1 <= box.x0 or box.y1 <= second.y0 or second.y1 <= box.y0
            assert text == other or apart, (text, other)
