"""The costs of a method are those of its seeds' records; what was not measured stays open."""

import json
from pathlib import Path

import numpy as np
import pytest
from softbench import InputError, cli, costs


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
    table = costs.collect([tmp_path]).set_index("method")
    assert table.loc["epd_2", ["seeds", "s", "cpu_s", "peak_mib", "energy_j"]].tolist() == [3, 20, 40, 102, 5]
    assert table.loc["epd_2", "ms_per_step"] == pytest.approx(200)
    assert np.isnan(table.loc["epd_2", "peak_gpu_mib"])
    assert np.isnan(table.loc["one_hot", "energy_j"])
    assert table.loc["one_hot", "peak_gpu_mib"] == 7


def test_command_prints_a_line_a_method(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, "one_hot", 0, 50, [0.4], energy_j="not measured")
    assert cli.main(["costs", str(tmp_path), "--csv", str(tmp_path / "costs.csv")]) == 0
    assert "one_hot" in capsys.readouterr().out
    assert (tmp_path / "costs.csv").read_text().startswith("experiment,network,method,seeds,s,cpu_s")


def test_folder_without_a_trained_seed_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"no trained seed lies below {tmp_path}"):
        costs.collect([tmp_path])
