"""The papers' tables of config: three forms of each, whose blocks take their runs from the right experiment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from softbench import InputError, datasets
from softbench.papers import published
from softbench.plan import forms as paper_plan
from softbench.plan import rule_files
from softbench.plan.config import read
from softbench.plan.plan import Plan

BLOCKS = [
    {"printed": "a", "experiment": "mine", "open": "other", "same_cases": True},
    {"printed": "b", "experiment": "mine"},
]
EXPERIMENTS = ["mine", "mine_phantom", "other"]


@pytest.fixture(scope="module")
def shipped(root: Path) -> Plan:
    config = read(root).values
    return Plan(config, rule_files.find(), by_name=read(root).by_name, tried=read(root).tried)


def blocks_of(form: str) -> list[tuple[str, bool, bool]]:
    made = paper_plan.table_forms({"t": {"published": "t", "blocks": BLOCKS}})
    return [(block["experiment"], block["surrogate"], block["same_cases"]) for block in made[form]["blocks"]]


def test_own_data_is_no_surrogate() -> None:
    assert blocks_of("t") == [("mine", False, True), ("mine", False, False)]


def test_open_form_takes_the_stand_in_where_there_is_one() -> None:
    assert blocks_of("t_open") == [("other", True, False), ("mine", False, False)]


def test_phantom_form_is_all_surrogates() -> None:
    assert blocks_of("t_phantom") == [("mine_phantom", True, False)] * 2


def test_block_that_is_always_a_surrogate_stays_one() -> None:
    table = {"published": "t", "blocks": [{"printed": "a", "experiment": "mine", "surrogate": True}]}
    assert paper_plan.table_forms({"t": table})["t"]["blocks"][0]["surrogate"]


def test_every_printed_table_is_there_in_three_forms(shipped: Plan) -> None:
    for data in ("published", "open", "phantom"):
        names = shipped.papers_of(data)
        assert [shipped.paper_tables[name]["published"] for name in names] == published.names()
        assert all(name == key + shipped.form_of(data) for name, key in zip(names, published.names(), strict=True))


@pytest.mark.parametrize("name", published.names())
def test_every_printed_place_has_a_block_and_every_printed_method_is_run(name: str, shipped: Plan) -> None:
    printed = published.read(name)
    for form in ("", "_open", "_phantom"):
        blocks = {(block["printed"], block["arm"]): block for block in shipped.paper_tables[name + form]["blocks"]}
        assert set(blocks) == {(cell.place.dataset, cell.place.arm) for cell in printed.cells}
        for cell in printed.cells:
            experiment = blocks[cell.place.dataset, cell.place.arm]["experiment"]
            assert cell.place.method in shipped.methods_of(experiment)


def test_oct_dme_is_trained_with_dice_too(shipped: Plan) -> None:
    (block,) = shipped.paper_tables["superpixel_2"]["blocks"]
    losses = [shipped.methods[method]["loss"] for method in block["variants"] if "eq1" not in method]
    assert [loss.partition(" + ")[2] for loss in losses] == ["dice"] * 4 + ["dice(hard) + 1.0*kl"] * 2
    assert [loss.startswith("wce") for loss in losses] == [False, True] * 3


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("superpixel_1", {"superpixel_eq1": "ce", "superpixel_eq1_wce_dice": "wce"}),
        ("superpixel_2", {"superpixel_eq1_ce": "ce", "superpixel_eq1_wce": "wce"}),
    ],
)
def test_printed_equation_and_vnets_dice_have_rows_of_their_own(
    table: str, rows: dict[str, str], shipped: Plan
) -> None:
    for name in (table, f"{table}_paper_split"):
        (block,) = shipped.paper_tables[name]["blocks"]
        assert set(rows) <= set(block["variants"])
        assert ({"one_hot_ce_dice_vnet", "superpixel_dice_vnet"} <= set(block["variants"])) == (table == "superpixel_1")
    for method, start in rows.items():
        assert shipped.methods[method]["loss"].startswith(f"{start}(hard)")
        label = shipped.soft_labels[shipped.methods[method]["soft_label"]]
        assert (label["map"], label["distance"], label["normalise"]) == ("slic_2000", "inner_boundary", "none")
    pair = [shipped.methods[name]["loss"] for name in ("one_hot_ce_dice_vnet", "superpixel_dice_vnet")]
    assert pair == ["ce + dice_vnet", "ce(hard) + dice_vnet(hard) + 1.0*kl"]


@pytest.mark.parametrize("name", published.names())
def test_every_variant_is_run_and_is_none_of_the_papers_rows(name: str, shipped: Plan) -> None:
    printed = {cell.place.method for cell in published.read(name).cells}
    for form in ("", "_open", "_phantom"):
        for block in shipped.paper_tables[name + form]["blocks"]:
            assert set(block["variants"]) <= set(shipped.methods_of(block["experiment"])) - printed


def test_epd_rows_stand_in_its_table_with_the_semimetric_dice_too(shipped: Plan) -> None:
    plain, augmented = shipped.paper_tables["epd_1"]["blocks"]
    assert plain["variants"] == [f"epd_{factor}_semimetric" for factor in (2, 4, 8)]
    assert augmented["variants"] == []


@pytest.mark.parametrize("factor", [4, 8])
def test_images_and_labels_are_crossed_at_each_factor_at_which_images_differ(factor: int, shipped: Plan) -> None:
    (plain,) = (block for block in shipped.paper_tables["epd_1_images"]["blocks"] if block["arm"] == "plain")
    printed = [cell.place.method for cell in published.read("epd_1").cells]
    found = {}
    for name in dict.fromkeys([*printed, *plain["variants"]]):
        method = shipped.methods[name]
        if (method["resolution"] or {}).get("factor") == factor:
            coarse = {"images": "mean", "labels": "soft_label"} | method["resolution"]  # what `Resolution` takes else
            found[name] = coarse["images"], coarse["labels"]
    assert found == {
        f"conventional_{factor}": ("bilinear", "nearest"),
        f"epd_{factor}": ("mean", "soft_label"),
        f"conventional_{factor}_mean": ("mean", "nearest"),
        f"epd_{factor}_bilinear": ("bilinear", "soft_label"),
    }
    for changed, same in ((f"conventional_{factor}_mean", "conventional"), (f"epd_{factor}_bilinear", "epd")):
        one, other = shipped.methods[changed], shipped.methods[f"{same}_{factor}"]
        assert one["control"] == f"{same}_{factor}"
        assert {key: one[key] for key in ("soft_label", "loss")} == {key: other[key] for key in ("soft_label", "loss")}
        assert set(plain["variants"]) >= {changed}
        assert changed in shipped.methods_of(plain["experiment"])


def test_every_row_of_epd_has_a_method_with_the_semimetric_dice_and_a_control_of_its_own_loss(shipped: Plan) -> None:
    kept = ("soft_label", "resolution", "raters", "batch")
    for name in dict.fromkeys(cell.place.method for cell in published.read("epd_1").cells):
        one, other = shipped.methods[name], shipped.methods[f"{name}_semimetric"]
        assert (one["loss"], other["loss"]) == ("learned(l1 + soft_dice)", "learned(l1 + dice)")
        assert [one[key] for key in kept] == [other[key] for key in kept]
        assert other["control"] in (f"{one['control']}_semimetric", "one_hot")


def test_unknown_variant_is_named(config: dict[str, Any], accepted: Callable) -> None:
    config["tables"]["svls_2"]["blocks"][0]["variants"] = ["svls_9"]
    with pytest.raises(InputError, match=r"tables\.svls_2\.blocks\.0\.variants\.0.*svls_9"):
        accepted(config)


@pytest.mark.parametrize("name", published.names())
def test_every_printed_structure_is_one_of_the_data(name: str, shipped: Plan) -> None:
    printed = published.read(name)
    for form in ("", "_open", "_phantom"):
        for block in shipped.paper_tables[name + form]["blocks"]:
            experiment = shipped.experiments[block["experiment"]]
            source = datasets.source(shipped.datasets[experiment["dataset"]]["source"])
            made = experiment.get("composites") or printed.composites
            known = {"all", *source.STRUCTURES}
            for structure in {cell.place.structure for cell in printed.cells if cell.place.dataset == block["printed"]}:
                own = experiment.get("structures", {}).get(structure, structure)
                assert set(made.get(own, [own])) <= known


def test_claims_without_printed_numbers_find_their_methods_in_the_experiments_of_their_tables(shipped):
    """A method that no experiment runs would leave its claim open for ever."""
    from softbench.papers.claims import claims
    from softbench.papers.published import unprinted

    for claim in claims():
        if not claim.unprinted:
            continue
        run, asked = set(), set()
        for block in (block for table in claim.tables for block in shipped.paper_tables[table]["blocks"]):
            run |= set(shipped.methods_of(block["experiment"]))
            for table in claim.tables:
                asked |= set(unprinted.methods(table, block["printed"], block["arm"]))
        assert set(claim.methods) <= run & asked, claim.key
