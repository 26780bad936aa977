"""Validation alone picks the value at which a paper's rows stand, the same for all rows, and the table says how."""

import json
from pathlib import Path

import pytest
from softbench.papers import published
from softbench.papers.comparison import blocks
from softbench.papers.comparison import blocks as paper_blocks
from softbench.papers.comparison import build as beside
from softbench.papers.comparison.notes import footnotes

from .test_blocks import write_batch

ROWS = {"sp": {500: "sp", 1000: "sp_1000", 1500: "sp_1500"}}
ROWS |= {"wsp": {500: "wsp", 1000: "wsp_1000", 1500: "wsp_1500"}}
WISH = {"what": "cells", "beside": [500], "rows": ROWS, "titles": {"sp": "SP", "wsp": "Weighted SP"}}


def seed(dsc: float | None) -> dict:
    return {"status": "done", "validation": {"dsc": dsc, "step": 10, "cases": 1}}


def seeds(**changes: list[float | None]) -> dict:
    """Two seeds a method; both rows together are best at 1000: 0.65 against 0.55 and 0.60."""
    found = {"sp": [0.5, 0.5], "sp_1000": [0.5, 0.6], "sp_1500": [0.7, 0.7], "wsp": [0.6, 0.6], "wsp_1000": [0.7, 0.8]}
    found |= {"wsp_1500": [0.5, 0.5]} | changes
    return {method: [seed(dsc) for dsc in of_method] for method, of_method in found.items()}


def test_both_rows_take_the_value_with_the_highest_mean_over_rows_of_the_mean_over_seeds() -> None:
    found = blocks.pick(WISH, seeds())
    assert blocks.mean_dsc(WISH["rows"], seeds()) == pytest.approx({500: 0.55, 1000: 0.65, 1500: 0.60})
    assert found.methods == {"sp": "sp_1000", "wsp": "wsp_1000"}  # though sp alone is best at 1500
    assert found.unshown == {"sp_1500", "wsp_1500"}


def test_table_says_what_was_picked_over_how_many_cases_and_with_which_spread() -> None:
    rule, spread = blocks.pick(WISH, seeds()).told
    assert rule == (
        "Our choice: the rows with cells show 1000 of them, which the paper does not say. Of 500, 1000, 1500, it has "
        "the highest validation DSC, the mean of the 2 rows' means over 2 seeds on 1 validation case that also chooses "
        "the weights."
    )
    # sd of 0.5 and 0.6: 0.1 / sqrt(2)
    assert spread == (
        "Validation DSC, mean ± sd over seeds, at 1000 and beside it: SP: 500: 0.500 ± 0.000, 1000: 0.550 ± 0.071, "
        "1500: 0.700 ± 0.000; Weighted SP: 500: 0.600 ± 0.000, 1000: 0.750 ± 0.071, 1500: 0.500 ± 0.000."
    )


def test_smallest_of_equals_is_picked() -> None:
    equal = {name: [0.5] for name in ("sp", "sp_1000", "sp_1500", "wsp", "wsp_1000", "wsp_1500")}
    assert blocks.pick(WISH, seeds(**equal)).methods["sp"] == "sp"


def test_value_that_a_row_lacks_is_not_picked() -> None:
    assert blocks.pick(WISH, seeds(wsp_1000=[])).methods["sp"] == "sp_1500"  # all seeds failed: 0.60 is next
    assert blocks.pick(WISH, seeds(wsp_1000=[None, None])).methods["sp"] == "sp_1500"
    assert "over 1 to 2 seeds" in blocks.pick(WISH, seeds(wsp_1000=[0.75])).told[0]


def test_nothing_is_picked_before_all_runs_are_there() -> None:
    some = seeds()
    del some["sp_1500"]
    found = blocks.pick(WISH, some)
    assert found.methods == {"sp": "sp@unpicked", "wsp": "wsp@unpicked"}
    assert found.unshown == {"sp_1000", "sp_1500", "wsp_1000", "wsp_1500"}
    assert "are empty until the runs of every number" in found.told[0]
    lost = {method: [] for method in seeds()}
    assert "no number of cells could be picked" in blocks.pick(WISH, lost).told[0]


def test_block_without_a_wish_picks_nothing() -> None:
    assert blocks.pick(None, {"ce": [seed(0.5)]}) == blocks.Picked({}, frozenset(), ())


def block_of(root: Path, dsc: dict[str, float], test: dict[str, float]) -> paper_blocks.Block:
    """A block of SVLS' table whose rows ls and svls are picked; test and validation DSC of each method, one seed."""
    batches = []
    for method, value in test.items():
        path = Path(write_batch(root, method, {0: value}))
        content = json.loads(path.read_text())
        content["seeds"]["0"] |= seed(dsc[method]) | {"training": {"cases": 6, "steps": 30, "precision": "fp32"}}
        path.write_text(json.dumps(content))
        batches.append(str(path))
    rows = {"ls": {1: "ls_1", 2: "ls_2", 3: "ls_3"}, "svls": {1: "svls_1", 2: "svls_2", 3: "svls_3"}}
    wish = {"what": "voxels", "rows": rows, "beside": [1], "titles": {"ls": "LS", "svls": "SVLS"}}
    one = {
        "printed": "brats2019_svls", "arm": None, "data": "ours", "surrogate": False, "same_cases": True,
        "structures": {}, "composites": {}, "command": "", "missing": None, "scaled": {}, "batches": batches,
        "pick": wish,
    }  # fmt: skip
    (block,) = paper_blocks.read(published.read("svls_1"), {"blocks": [one]})
    return block


def test_printed_row_shows_what_was_picked_and_the_ends_stand_beside_it(tmp_path: Path) -> None:
    test = {f"{row}_{value}": value / 10 for row in ("ls", "svls") for value in (1, 2, 3)}
    validation = {f"{row}_{value}": 0.9 if value == 2 else 0.8 for row in ("ls", "svls") for value in (1, 2, 3)}
    block = block_of(tmp_path, validation, test)
    built = beside.build(published.read("svls_1"), [block], titles={"ls_2": "LS, 2 voxels", "ls_1": "LS, 1 voxels"})
    (section,) = [one for one in built.sections if one.block.results is not None]
    of_row = zip(section.printed, section.rows, section.cells, strict=False)
    shown = {(printed, row.key): cells[0] for printed, row, cells in of_row}
    # the test DSC, best at 3, has no part in it
    assert shown["ls", "ls_2"].mean == pytest.approx(0.2)
    assert shown["svls", "svls_2"].mean == pytest.approx(0.2)
    assert {row.key for row in section.rows[len(section.printed) :]} == {"ls_1", "svls_1"}
    assert section.rows[section.printed.index("ls")].title == "LS, 2 voxels"
    lines = [line for line in footnotes(built) if "Our choice: the rows with voxels show 2" in line]
    assert len(lines) == 1
    assert lines[0].startswith("BraTS 2019: ")


def test_unpicked_row_shows_nothing_though_one_of_its_values_has_its_name(tmp_path: Path) -> None:
    block = block_of(tmp_path, {"ls_1": 0.5}, {"ls_1": 0.5})
    built = beside.build(published.read("svls_1"), [block])
    section = built.sections[0]
    cells = section.cells[section.printed.index("ls")]
    assert {cell.comparison.judgement.status for cell in cells if cell.comparison} == {"not run"}
