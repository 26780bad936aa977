"""What is said under a paper's table of its protocols: steps beside epochs, precision, and whose choice it was."""

from copy import deepcopy
from pathlib import Path

import pytest
from softbench.datasets.sources import oct_dme
from softbench.length import Length, words
from softbench.plan import rule_files
from softbench.plan.answers import papers
from softbench.plan.config import read
from softbench.plan.plan import Plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config(root: Path) -> dict:
    return read(root).values


def planned(config: dict) -> Plan:
    return Plan(config, rule_files.find(), by_name=read(ROOT).by_name, tried=read(ROOT).tried)


def test_every_experiment_of_a_paper_says_its_steps_unless_its_split_follows_from_the_data(config: dict) -> None:
    plan = planned(config)
    experiments = {block["experiment"] for table in plan.paper_tables.values() for block in table["blocks"]}
    for name in experiments:
        source = plan.datasets[plan.experiments[name]["dataset"]]["source"]
        for one in papers.lengths(plan, name, plan.methods_of(name)):
            length = Length(**one["length"])
            assert (length.steps is not None) or name.removesuffix("_phantom") != name or source in (
                "saros", "lidc", "prostatex_zones", "abdomenct1k",
            ), name  # fmt: skip


def test_steps_are_computed_from_the_split_and_the_batch(config: dict, root: Path) -> None:
    plan = planned(config)
    lines = (root / "workflow/splits/brats2019_geols/main.csv").read_text().splitlines()
    cases = sum(line.endswith(",train") for line in lines)
    (one,) = papers.lengths(plan, "geols_brats2019", ["one_hot", "geols"])
    assert (one["methods"], one["titles"]) == (["one_hot", "geols"], ["One-hot", "GeoLS (code)"])
    # GeoLS: 200 epochs, batch 4
    assert words(Length(**one["length"])) == (
        f"{cases} training cases, batch 4, 200 epochs: {200 * -(-cases // 4):,} steps"
    )


def test_methods_with_a_batch_of_their_own_are_told_apart(config: dict) -> None:
    found = papers.lengths(planned(config), "epd_saros_phantom", ["one_hot_l1_dice", "conventional_2", "epd_2"])
    assert [one["methods"] for one in found] == [["one_hot_l1_dice", "conventional_2", "epd_2"]]  # batches of two, both
    found = papers.lengths(planned(config), "epd_saros", ["one_hot_l1_dice", "conventional_2", "epd_2"])
    assert [(one["methods"], one["length"]["batch"]) for one in found] == [
        (["one_hot_l1_dice"], 16), (["conventional_2", "epd_2"], 96),
    ]  # fmt: skip


def test_precision_of_every_paper_is_said_to_be_ours_with_its_switch(config: dict) -> None:
    (said,) = papers.precision_notes(planned(config), ["svls_brats2019", "svls_kits2019"])
    assert said.startswith("Our choice: `precision: auto`, activations in bfloat16 on a GPU")
    assert "`precision: fp32` in the protocol" in said


def test_switch_to_fp32_is_said_instead(config: dict) -> None:
    changed = deepcopy(config)
    changed["protocols"]["svls"]["precision"] = "fp32"
    said = papers.precision_notes(planned(changed), ["svls_brats2019"])
    assert said == ["Activations are in float32, as `precision` in the protocol says."]


def test_geols_tables_say_which_intensities_the_maps_see(config: dict) -> None:
    plan = planned(config)
    shown = {name: table for name, table in config["tables"].items() if name in ("geols_1", "geols_2", "geols_3")}
    for table in shown.values():
        said = " ".join(table["choices"].values())
        for part in ("before the network's normalisation", "released script"):
            assert part in said
        methods = {method for block in table["blocks"] for method in plan.methods_of(block["experiment"])}
        labels = [plan.soft_labels[plan.methods[method]["soft_label"]] for method in sorted(methods)]
        of_geols = [label for label in labels if label["recipe"] == "geols"]
        assert len(of_geols) > 5
        assert [label["map"] for label in of_geols if label.get("variant", "code") != "code"] == ["geodesic_paper"]
        rows = {method for block in table["blocks"] for method in block.get("variants", [])}
        assert ("`scale: unit`" in said) == ("geols_paper" in rows)  # the scale of the printed equations is ours
        assert {plan.maps[label["map"]].get("intensities", "prepared") for label in of_geols} == {"prepared"}


def test_geols_fig_3_says_which_factors_are_ours(config: dict) -> None:
    """The text around the paper's figure names 0, 0.05 and 0.1; its curve is a picture without numbers."""
    figure = config["figures"]["geols_fig_3"]
    ours = sorted(set(figure["points"]) - {0, 0.05, 0.1})
    assert ours
    assert f"Factors from {ours[0]} on are our choice" in figure["note"]


@pytest.mark.parametrize("how", ["dncnn", "nl_means", "none", None])
def test_table_says_how_b_scans_are_denoised(how: str | None, config: dict) -> None:
    changed = deepcopy(config)
    changed["datasets"]["oct_dme"].pop("denoise")
    changed["datasets"]["oct_dme"] |= {"denoise": how} if how else {}
    plan = planned(changed)
    said = plan.paper_tables["superpixel_2"]["choices_by_setting"]
    assert set(said["denoise"]) == set(oct_dme.DENOISERS)
    assert papers.setting_notes(plan, said, ["superpixel_oct_dme"]) == [said["denoise"][how or "nl_means"]]
    assert papers.setting_notes(plan, said, ["superpixel_oct_dme_phantom"]) == []
    assert plan.paper_tables["superpixel_2_paper_split"]["choices_by_setting"] == said


def notes_of(config: dict, experiment: str) -> str:
    return " ".join(papers.split_notes(planned(config), [experiment]))


def test_leak_is_said_by_the_rule_of_a_split_and_then_by_its_file(config: dict, tmp_path: Path, monkeypatch) -> None:
    """A user may have changed the file in results; what is said is said of it, whatever the rule was."""
    monkeypatch.chdir(tmp_path)
    leaking = "(`leaks: nodules`): nodules were split, not patients"
    assert leaking in notes_of(config, "svls_lidc_paper_nodules")
    assert "leaks" not in notes_of(config, "svls_lidc")
    for experiment, split, first in (
        ("svls_lidc_paper_nodules", "paper_nodules", ""),
        ("svls_lidc", "main", " # leaks: nodules\n"),
    ):
        file = tmp_path / "results" / "splits" / "lidc" / f"{split}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{first}case,patient,part\na,p,train\nb,q,val+test\n")
        said = notes_of(config, experiment)
        assert (leaking in said) is bool(first)
        assert "chosen on the test cases" in said


def test_split_of_unknown_patients_is_said_to_be_one(config: dict) -> None:
    """The open stand-ins of BraTS and FLARE: nothing tells which of their cases are of one patient."""
    config = deepcopy(config) | {"data": "open"}
    assert "each case counts as one; BraTS 2016 scanned some patients more than once" in notes_of(
        config, "svls_msd_brain"
    )
    assert "the collections that it joins overlap" in notes_of(config, "geols_abdomenct1k")
    assert "each case counts as one" not in notes_of(config, "svls_kits2019")


def test_tables_of_epd_say_that_what_they_report_also_selects(config: dict) -> None:
    """It prints 274 training and 68 validation images, and reports the latter."""
    for experiment in ("epd_saros_paper_split", "epd_saros_paper_slices", "epd_saros_paper_split_phantom"):
        assert "chosen on the test cases" in notes_of(config, experiment)
    assert "nodules" not in notes_of(config, "epd_saros_paper_slices")
