"""Loss, validation DSC and learning rate along runs, as their histories tell."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.figures import pictures, training

HISTORY = pd.DataFrame(
    {
        "step": [20, 40, 50, 60, 80, 100],
        "loss": [1.0, 0.8, 0.6, 0.5, 0.4, 0.3],
        "learning_rate": [0.1, 0.1, 0.1, 0.05, 0.05, 0.05],
        "val_dsc": [np.nan, np.nan, 0.5, np.nan, np.nan, 0.7],
    }
)
TITLES = {"one_hot": "One-hot", "svls": "SVLS"}


def write_batch(root: Path, method: str, seeds: dict[int, pd.DataFrame], failed: tuple[int, ...] = ()) -> str:
    for seed, history in seeds.items():
        (root / method / f"seed-{seed}").mkdir(parents=True)
        history.to_csv(root / method / f"seed-{seed}" / "history.csv", index=False)
    outcomes = {str(seed): {"status": "done"} for seed in seeds} | {str(seed): {"status": "failed"} for seed in failed}
    path = root / method / "batch-0.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"run": {"method": method}, "seeds": outcomes}))
    return str(path)


@pytest.fixture
def panel(tmp_path: Path) -> training.Panel:
    slower = HISTORY.assign(learning_rate=[0.1] * 6)
    runs = {
        "one_hot": {"batches": [write_batch(tmp_path, "one_hot", {0: HISTORY, 1: slower}, failed=(2,))]},
        "svls": {"batches": [write_batch(tmp_path, "svls", {0: HISTORY})]},
    }
    return training.read({"name": "Mine", "runs": runs}, TITLES)


def test_loss_is_the_mean_over_steps_since_the_validation_before() -> None:
    found = training.curve(HISTORY)
    assert found["step"].tolist() == [50, 100]
    # (20 x 1.0 + 20 x 0.8 + 10 x 0.6) / 50, and (10 x 0.5 + 20 x 0.4 + 20 x 0.3) / 50
    np.testing.assert_allclose(found["loss"], [0.84, 0.38])
    assert found["val_dsc"].tolist() == [0.5, 0.7]
    assert found["learning_rate"].tolist() == [0.1, 0.05]


def test_every_finished_seed_has_a_line_in_each_row(panel: training.Panel) -> None:
    assert set(zip(panel.curves["method"], panel.curves["seed"], strict=True)) == {
        ("one_hot", 0), ("one_hot", 1), ("svls", 0),
    }  # fmt: skip
    figure = training.draw([panel], title="T")
    assert [len(axis.lines) for axis in figure.axes] == [3, 3, 3]
    rates = figure.axes[2]
    assert rates.get_yscale() == "log"
    np.testing.assert_allclose(rates.lines[0].get_ydata(), [0.1, 0.05])
    assert [label.get_text() for label in rates.get_yticklabels()] == ["0.1", "0.05"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["One-hot", "SVLS"]


def test_methods_differ_in_colour_and_in_line(panel: training.Panel) -> None:
    lines = training.draw([panel], title="T").axes[0].lines
    looks = [(line.get_color(), line.get_linestyle()) for line in lines]
    assert looks[0] == looks[1] != looks[2]
    assert looks[0][1] != looks[2][1]


def test_caption_says_how_often_the_rate_fell_and_what_was_not_run(panel: training.Panel) -> None:
    missing = training.read({"name": "Theirs", "reason": "not run: no data"}, TITLES)
    text = training.caption([panel, missing], note="Ours.")
    assert "Mine: 2 seeds; the rate falls 0 to 1 times in a run. Theirs: not run: no data. Ours." in text
    drawn = training.draw([panel, missing], title="T")
    assert [text.get_text() for text in drawn.axes[1].texts] == ["not run: no data"]


def test_runs_that_all_failed_are_said(tmp_path: Path) -> None:
    runs = {"svls": {"batches": [write_batch(tmp_path, "svls", {}, failed=(0,))]}}
    found = training.read({"name": "Mine", "runs": runs}, TITLES)
    assert training.caption([found]).endswith("Mine: no finished run.")


def test_lost_history_is_told_with_the_list_to_delete(tmp_path: Path) -> None:
    path = write_batch(tmp_path, "svls", {0: HISTORY})
    (tmp_path / "svls" / "seed-0" / "history.csv").unlink()
    with pytest.raises(InputError, match=r"history\.csv is missing\. Delete .*batch-0\.json"):
        training.read({"name": "Mine", "runs": {"svls": {"batches": [path]}}}, TITLES)


def test_same_runs_give_the_same_bytes(panel: training.Panel, tmp_path: Path) -> None:
    for name in ("a", "b"):
        figure = training.draw([panel], title="T")
        pictures.save(figure, [tmp_path / f"{name}.{form}" for form in ("png", "pdf")], "")
    for form in ("png", "pdf"):
        assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()
