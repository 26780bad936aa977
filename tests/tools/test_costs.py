"""The costs of a method are those of its seeds' records; what was not measured stays open."""

import json
from pathlib import Path

import numpy as np
import pytest
from softbench import InputError, cli
from softbench.tables import cost_records as table
from softbench.tables import forms
from softbench.tables.view import Given
from softbench.tables.views import costs as costs_view
from softbench.tools import costs


def record(root: Path, method: str, seed: int, seconds: float, steps: list[float], **more: object) -> None:
    folder = root / "demo" / "compact_unet" / method / f"seed-{seed}"
    folder.mkdir(parents=True)
    facts = {"seconds": seconds, "cpu_seconds": 2 * seconds, "peak_memory_mib": 100.0 + seed, **more}
    (folder / "provenance.json").write_text(json.dumps(facts))
    (folder / "history.csv").write_text("step,step_s\n" + "".join(f"{n},{s}\n" for n, s in enumerate(steps)))


def test_a_method_is_the_median_of_its_seeds(tmp_path: Path) -> None:
    for seed, seconds in enumerate([10, 30, 20]):
        record(tmp_path, "epd_2", seed, seconds, [0.1, 0.2, 0.3], energy_j={"gpu": 4.0, "cpu_packages": 1.0})
    record(tmp_path, "one_hot", 0, 50, [0.4], energy_j="not measured", peak_device_memory_mib=7.0)
    found = costs.collect([tmp_path]).set_index("method")
    assert found.loc["epd_2", ["seeds", "s", "cpu_s", "peak_mib", "energy_j"]].tolist() == [3, 20, 40, 102, 5]
    assert found.loc["epd_2", "ms_per_step"] == pytest.approx(200)
    assert np.isnan(found.loc["epd_2", "peak_gpu_mib"])
    assert np.isnan(found.loc["one_hot", "energy_j"])
    assert found.loc["one_hot", "peak_gpu_mib"] == 7


def test_command_prints_a_line_a_method(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, "one_hot", 0, 50, [0.4], energy_j="not measured")
    assert cli.main(["costs", str(tmp_path), "--csv", str(tmp_path / "costs.csv")]) == 0
    assert "one_hot" in capsys.readouterr().out
    assert (tmp_path / "costs.csv").read_text().startswith("experiment,network,method,seeds,s,cpu_s")


def test_folder_without_a_trained_seed_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"no trained seed lies below {tmp_path}"):
        costs.collect([tmp_path])


def method(root: Path, name: str, control: str | None, seeds: dict[int, str], **made: object) -> dict[str, object]:
    """Write a batch and a soft label; return the settings of a row of the costs table."""
    runs, label = root / "demo" / "compact_unet" / name, root / "soft_labels" / "phantom" / name
    runs.mkdir(parents=True, exist_ok=True)
    label.mkdir(parents=True)
    outcomes = {str(seed): {"status": status} for seed, status in seeds.items()}
    (runs / "batch-0.json").write_text(json.dumps({"seeds": outcomes}))
    (label / "manifest.json").write_text(json.dumps({"map": made.get("map")}))
    if "cases_cpu_seconds" in made:
        (label / "provenance.json").write_text(json.dumps({"cases": 2, "cases_timed": 2, **made}))
    return {
        **{"experiment": "demo", "network": "compact_unet", "method": name, "title": name.upper(), "control": control},
        **{"batches": [str(runs / "batch-0.json")], "soft_label": str(label / "manifest.json")},
    }


def test_ratio_to_the_control_is_that_of_the_medians_shown(tmp_path: Path) -> None:
    for seed, (control, own) in enumerate([(10, 20), (10, 15), (40, 40)]):
        record(tmp_path, "one_hot", seed, control, [0.1])
        record(tmp_path, "svls", seed, own, [0.1])
    seeds = dict.fromkeys(range(3), "done")
    costs = table.build([method(tmp_path, "one_hot", None, seeds), method(tmp_path, "svls", "one_hot", seeds)])
    ratio = costs.set_index("method")["ratio_to_control"]
    assert ratio["svls"] == 2  # medians 20 and 10; the median of 20/10, 15/10, 40/40 would be 1.5
    assert np.isnan(ratio["one_hot"])


def test_other_hardware_and_stopped_runs_are_in_no_ratio(tmp_path: Path) -> None:
    for seed in range(3):
        record(tmp_path, "one_hot", seed, 10, [0.1], processor="old")
    record(tmp_path, "ls", 0, 20, [0.1], processor="new")
    record(tmp_path, "ls", 1, 20, [0.1, 30.0], processor="old")  # its second step alone took 30 s: 20 s are a part
    record(tmp_path, "ls", 2, 30, [0.1], processor="old")
    seeds = dict.fromkeys(range(3), "done")
    costs = table.build([method(tmp_path, "one_hot", None, seeds), method(tmp_path, "ls", "one_hot", seeds)])
    row = costs.set_index("method").loc["ls"]
    assert (row["ratio_to_control"], row["ratio_seeds"], row["resumed"]) == (3.0, 1, 1)
    assert row["hardware"] == "new; old"


def test_failed_and_unrecorded_seeds_are_counted_and_enter_nothing(tmp_path: Path) -> None:
    record(tmp_path, "svls", 0, 10, [0.1])
    row = table.build([method(tmp_path, "svls", None, {0: "done", 1: "failed", 2: "done"})]).iloc[0]
    assert (row["seeds"], row["failed"], row["unrecorded"], row["s"]) == (1, 1, 1, 10)


def test_a_soft_label_costs_its_maps_too(tmp_path: Path) -> None:
    maps = tmp_path / "maps" / "phantom" / "geodesic"
    maps.mkdir(parents=True)
    for shard, seconds in enumerate([3.0, 4.0]):
        (maps / f"shard-{shard}.json").write_text("{}")
        facts = {"cases": 5, "cases_timed": 5, "cases_cpu_seconds": seconds}
        (maps / f"shard-{shard}.provenance.json").write_text(json.dumps(facts))
    row = method(tmp_path, "geols", None, {}, map="../../../maps/phantom/geodesic", cases_cpu_seconds=2.0)
    assert table.read_label_cost(Path(str(row["soft_label"])).parent) == table.LabelCost(9.0, "geodesic", 7.0)
    (maps / "shard-1.provenance.json").write_text(json.dumps(facts | {"cases_timed": 4}))
    assert table.read_label_cost(Path(str(row["soft_label"])).parent) == table.LabelCost(None, "geodesic", None)


def test_table_says_what_it_is_over_and_what_was_not_measured(tmp_path: Path) -> None:
    for seed in range(2):
        record(tmp_path, "svls", seed, 10, [0.1], processor="A fine CPU", energy_j="not measured")
        gpu = {"peak_device_memory_mib": 2048.0, "device": "A fine GPU", "energy_j": {"gpu": 1234.0}}
        record(tmp_path, "blur", seed, 1800, [0.1], **gpu)
    seeds = dict.fromkeys(range(2), "done")
    rows = [method(tmp_path, "svls", None, seeds), method(tmp_path, "blur", None, seeds, cases_cpu_seconds=0.5)]
    for form in ("csv", "md", "html"):
        forms.write(costs_view.sheet(table.build(rows), "Demo"), tmp_path / f"costs.{form}")
    text = (tmp_path / "costs.md").read_text()
    assert "over 2 seeds a method. Training on A fine CPU, A fine GPU." in text
    cells = {line.split(" | ")[0]: line.split(" | ") for line in text.splitlines() if line.startswith("| ")}
    assert cells["| SVLS"][1:3] + cells["| SVLS"][5:7] == ["not recorded", "20 CPU-s", "–", "not measured"]
    assert cells["| BLUR"][1:3] + cells["| BLUR"][5:7] == ["0.50", "0.50 GPU-h", "2048", "1.2"]  # 1800 s, 1234 J
    assert "<table" in (tmp_path / "costs.html").read_text()
    assert (tmp_path / "costs.csv").read_text().startswith("experiment,network,method")


def test_notes_on_one_seed_speak_of_no_other(tmp_path: Path) -> None:
    record(tmp_path, "svls", 0, 10, [0.1])
    shown = costs_view.sheet(table.build([method(tmp_path, "svls", None, {0: "done"})]), "Demo")
    assert not any("over seeds" in note or "any seed" in note for note in shown.notes)
    assert "Step: by the clock, the median over the run." in shown.notes


def test_costs_read_the_sizes_of_all_files_of_a_seed(tmp_path: Path) -> None:
    record(tmp_path, "svls", 0, 10, [0.1])
    row = method(tmp_path, "svls", None, {0: "done"})
    given = Given("t", {}, {"costs": [row]})
    assert tmp_path / "demo" / "compact_unet" / "svls" / "seed-0" in list(costs_view.VIEW.reads(given))


def test_table_without_runs_is_a_table_without_rows(tmp_path: Path) -> None:
    for form in ("csv", "md", "html"):
        forms.write(costs_view.sheet(table.build([]), "Nothing"), tmp_path / f"costs.{form}")
    assert "### Costs of: Nothing" in (tmp_path / "costs.md").read_text()
