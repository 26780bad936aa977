"""The grid of calibrations and decoders: a hand-made one, with a method that is better and one within noise."""

import json
from pathlib import Path

import pandas as pd
import pytest
from softbench import InputError
from softbench.figures.views import posthoc_figure
from softbench.jobs import pieces
from softbench.tables import forms, posthoc_scores
from softbench.tables.view import Given
from softbench.tables.views import posthoc_baseline, posthoc_grid

CALIBRATIONS, DECODERS = ["raw", "temperature"], ["argmax", "threshold"]
NOISE = (0.003, -0.002, 0.0, 0.001, -0.002)
# what is added to 0.3, the calibration errors of one-hot at its temperature
ADDED = {
    "one_hot": {"raw": 0.1, "temperature": 0.0},
    "ls": {"raw": 0.2, "temperature": 0.0},
    "good": {"raw": 0.1, "temperature": -0.1},
}
SETTINGS = {
    "title": "T",
    "methods": [
        {"key": "one_hot", "title": "One-hot", "control": None},
        {"key": "one_hot@temperature", "title": "scaled", "control": "one_hot", "scaled": "one_hot"},
        {"key": "ls", "title": "LS", "control": "one_hot"},
        {"key": "good", "title": "Good", "control": "one_hot"},
        {"key": "oracle", "title": "Oracle", "control": None, "trained": False},
    ],
    "columns": [
        {"metric": "dsc", "structure": "average"},
        {"metric": "dsc", "structure": "A"},
        {"metric": "ece", "roi": "band"},
    ],
    "composites": {"average": ["A", "B"]},
}


def rows_of(method: str, seed: int, calibration: str, decoder: str):
    jitter = NOISE[(seed + len(method)) % 5]
    if not decoder:
        for roi in ("all", "foreground", "band"):
            for metric in ("nll", "brier", "ece", "tace"):
                yield "all", metric, roi, 0.3 + ADDED[method][calibration] + jitter
        return
    for structure in ("A", "B"):
        lost = float("nan") if (structure, seed) == ("B", 0) else 0.7 + jitter + 0.1 * (decoder == "threshold")
        yield structure, "dsc", "all", lost
    yield "all", "image_diagonal", "all", 100.0


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """Three methods with five seeds and three cases; one seed of LS failed."""
    methods = {}
    for method in ("one_hot", "ls", "good"):
        seeds = {}
        for seed in range(5):
            folder = tmp_path / method / "posthoc" / f"seed-{seed}"
            folder.mkdir(parents=True)
            made = {}
            for calibration in CALIBRATIONS:
                for decoder in ("", *DECODERS):
                    lines = [(c, *row) for c in "abc" for row in rows_of(method, seed, calibration, decoder)]
                    table = pd.DataFrame(lines, columns=["case", "structure", "metric", "roi", "value"])
                    facts = dict.fromkeys(("experiment", "dataset", "split", "network"), "x")
                    facts |= {"method": method, "seed": seed, "calibration": calibration, "decoder": decoder}
                    facts |= {"grid": "full", "prediction": "posthoc", "rater": 1, "unit": "1"}
                    name = f"{calibration}-{decoder}" if decoder else calibration
                    table.assign(**facts).to_parquet(folder / f"{name}.parquet")
                    fitted = {"not_fitted": ["rim"], "conflicts": 5, "voxels": 100} if decoder == "threshold" else {}
                    made[name] = {"calibration": calibration, "decoder": decoder or None, "fitted": fitted}
            seeds[str(seed)] = {"status": "done", "pieces": made}
        methods[method] = seeds
    methods["ls"]["4"] = {"status": "failed", "reason": "the loss is nan at step 3"}
    for method, seeds in methods.items():
        record = {"run": {"method": method}, "validation": {"cases": 12, "patients": 6}, "seeds": seeds}
        pieces.write_json(tmp_path / method / "posthoc.json", record)
    hashes = {method: pieces.hash_file(tmp_path / method / "posthoc.json") for method in methods}
    listed = [{"method": m, "path": f"{m}/posthoc.json", "hash": hashed} for m, hashed in hashes.items()]
    (tmp_path / "posthoc.json").write_text(json.dumps({"pieces": listed}))
    needs = {"records": [str(tmp_path / "posthoc.json")], "calibrations": CALIBRATIONS, "decoders": DECODERS}
    return Given("t", SETTINGS, {"posthoc": {**needs, "baseline": "one_hot"}})


def written(given: Given, tmp_path: Path) -> tuple[str, pd.DataFrame]:
    for suffix in ("md", "html", "csv", "tex"):
        forms.write(posthoc_grid.build(given), tmp_path / f"g.{suffix}")
    return (tmp_path / "g.md").read_text(), pd.read_csv(tmp_path / "g.csv", keep_default_na=True)


def test_every_method_and_calibration_is_compared_with_one_hot_at_its_temperature(given, tmp_path: Path) -> None:
    _, table = written(given, tmp_path)
    nll = table[table["metric"] == "nll"].set_index(["method", "calibration"])
    assert len(nll) == 6  # oracle is not trained, and the scaled row of the table is a calibration here
    assert pd.isna(nll.loc[("one_hot", "temperature"), "difference"])
    assert nll.loc[("one_hot", "raw"), "difference"] == pytest.approx(0.1)
    assert nll.loc[("good", "temperature"), "mean"] == pytest.approx(0.2)
    assert nll.loc[("good", "temperature"), "verdict"] == "better"
    assert nll.loc[("good", "raw"), "verdict"] == "worse"  # than one-hot + temperature, as one-hot raw is
    assert pd.isna(nll.loc[("ls", "temperature"), "verdict"])
    assert nll.loc[("ls", "temperature"), "seeds"] == 4


def test_label_maps_have_a_column_for_each_decoder_and_undefined_values_are_counted(given, tmp_path: Path) -> None:
    text, table = written(given, tmp_path)
    dsc = table[(table["metric"] == "dsc") & (table["calibration"] == "raw")]
    assert sorted(set(dsc["decoder"])) == ["argmax", "threshold"]
    assert set(dsc["structure"]) == {"average"}  # the composites, where the table has some
    means = dsc[dsc["method"] == "one_hot"].set_index("decoder")["mean"]
    assert means["threshold"] - means["argmax"] == pytest.approx(0.1)
    assert "undefined" in text


def test_first_words_answer_the_question_and_nothing_within_noise_is_bold(given, tmp_path: Path) -> None:
    text, _ = written(given, tmp_path)
    answer = text.split("\n\n")[1]
    assert answer.startswith("Does a soft label beat one-hot with a temperature? NLL")
    assert "better Good (temperature); worse One-hot (raw), LS (raw), Good (raw)." in answer
    assert "Within noise: average DSC, argmax, average DSC, threshold." in answer
    group = text.split("| **LS** |")[1].splitlines()
    assert "**" not in next(line for line in group if line.startswith("| temperature |"))
    assert "**+0.2" in next(line for line in group if line.startswith("| raw |"))
    assert "mean ± sd over 4 to 5 seeds of the mean over 3 test cases" in text


def test_notes_say_over_how_many_cases_what_failed_and_what_contradicts(given, tmp_path: Path) -> None:
    text, _ = written(given, tmp_path)
    assert "over 12 validation cases of 6 patients" in text
    assert "Fewer than 16 patients: one or two of them decide what is fitted." in text
    assert "No validation case has rim: nothing was fitted for it" in text
    assert "in up to 5.00% of a run's test voxels" in text
    assert "No scores: ls, seed 4: the loss is nan at step 3." in text


def test_table_without_a_plain_one_hot_method_shows_the_means_alone(given, tmp_path: Path) -> None:
    given.needs["posthoc"]["baseline"] = None
    text, table = written(given, tmp_path)
    assert "there is nothing to compare" in text
    assert table["difference"].isna().all()


def test_one_run_a_method_answers_nothing(given, tmp_path: Path) -> None:
    for path in tmp_path.glob("*/posthoc.json"):
        record = json.loads(path.read_text())
        pieces.write_json(path, {**record, "seeds": {"0": record["seeds"]["0"]}})
    joint = json.loads((tmp_path / "posthoc.json").read_text())
    listed = [entry | {"hash": pieces.hash_file(tmp_path / entry["path"])} for entry in joint["pieces"]]
    (tmp_path / "posthoc.json").write_text(json.dumps({"pieces": listed}))
    text, table = written(given, tmp_path)
    assert "so there is no interval and no test: nothing here tells." in text.split("\n\n")[1]
    assert table["verdict"].isna().all()


def test_picture_has_a_panel_a_column_and_frames_what_is_beyond_noise(given) -> None:
    needs = given.needs["posthoc"]
    table = posthoc_scores.build_grid(posthoc_scores.read(needs, SETTINGS), SETTINGS, needs)
    figure = posthoc_figure.draw(table, title="T")
    assert len(figure.axes) == len(table.columns) == 8
    first = figure.axes[0]
    frames = [(patch.get_xy(), patch.get_linestyle()) for patch in first.patches]
    bold = [(number % 2, number // 2) for number, cells in enumerate(table.cells) if cells[0].bold]
    control = [(1, 0)]
    assert [(round(x), round(y)) for (x, y), line in frames if line == "-"] == bold
    assert [(round(x), round(y)) for (x, y), line in frames if line == "--"] == control
    assert len(bold) == 4
    assert "beyond noise after Holm" in posthoc_figure.build(given).caption


def test_experiment_that_asks_for_none_has_no_grid_and_a_missing_file_is_named(given, tmp_path: Path) -> None:
    empty = Given("t", SETTINGS, {"posthoc": {"records": [], "calibrations": [], "decoders": [], "baseline": None}})
    assert "asks for no `posthoc`" in posthoc_grid.why_no_grid(empty)
    assert posthoc_grid.why_no_grid(given) == ""
    (tmp_path / "ls" / "posthoc" / "seed-1" / "raw.parquet").unlink()
    with pytest.raises(InputError, match=r"seed-1/raw.parquet is missing"):
        posthoc_scores.read(given.needs["posthoc"], SETTINGS)


def test_the_first_comparison_adjusts_for_its_own_differences(given, tmp_path: Path) -> None:
    sheet = posthoc_baseline.build(given)
    for suffix in ("md", "csv"):
        forms.write(sheet, tmp_path / f"b.{suffix}")
    text, table = (tmp_path / "b.md").read_text(), pd.read_csv(tmp_path / "b.csv")
    assert set(table["calibration"]) == {"temperature"}
    assert set(table["decoder"].dropna()) == {"argmax"}
    assert set(table["title"]) == {"One-hot", "LS", "Good"}
    tests = int(table["p"].notna().sum())
    assert f"the {tests} differences here" in text
    whole = posthoc_grid.build(given).numbers
    assert tests < whole["p"].notna().sum()
    nll = table[table["metric"] == "nll"].set_index("method")
    of_grid = whole[(whole["metric"] == "nll") & (whole["calibration"] == "temperature")].set_index("method")
    assert nll.loc["good", "p"] == pytest.approx(of_grid.loc["good", "p"])
    assert nll.loc["good", "p_holm"] < of_grid.loc["good", "p_holm"]
    assert "better Good;" in text or "better Good." in text
    assert "| LS" in text
    assert "LS, temperature" not in text


def test_the_first_comparison_needs_a_temperature_and_the_most_probable_class(given) -> None:
    assert posthoc_baseline.why_absent(given) == ""
    needs = {"posthoc": {**given.needs["posthoc"], "calibrations": ["raw"]}}
    assert posthoc_baseline.why_absent(Given("t", SETTINGS, needs)) == "`posthoc` of its experiment lacks temperature"
    absent = Given("t", SETTINGS, {"posthoc": {"records": []}})
    assert "asks for no `posthoc`" in posthoc_baseline.why_absent(absent)


def test_the_first_comparison_without_one_hot_shows_means_alone(given, tmp_path: Path) -> None:
    needs = {"posthoc": {**given.needs["posthoc"], "baseline": None}}
    forms.write(posthoc_baseline.build(Given("t", SETTINGS, needs)), tmp_path / "b.md")
    text = (tmp_path / "b.md").read_text()
    assert "there is nothing to compare" in text
    assert "0.2" in text
