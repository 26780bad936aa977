"""A whole small laboratory: what a killed one leaves, its answers where they are known, its table, figure and words."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.rater_study.laboratory import panels, written
from softbench.rater_study.laboratory.curves import judge
from softbench.rater_study.laboratory.experiment import Laboratory, collect, produce
from softbench.rater_study.trials import Line

SWEEPS = {"svls": {"recipe": "svls", "over": "sigma", "values": [0.7, 1.0], "unit": "voxels"}}
HABITS = {"jitter": {"jitter_mm": 0.9}, "agreed": {}}
LABORATORY = Laboratory("tiny", 30, 3, 100, 0, 5.0, HABITS)
TITLES = {"jitter": "Jitter", "svls": "SVLS"}


def make(output: Path, laboratory: Laboratory = LABORATORY, sweeps: dict = SWEEPS) -> None:
    produce(laboratory, output, sweeps=sweeps, versions={"svls": {"svls": 1}}, version={"v": 1}, log=lambda line: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("laboratory")
    make(output)
    written.write(output, TITLES)
    return output


def test_jittering_raters_are_better_together_than_one(folder: Path) -> None:
    found = judge(collect(folder), "jitter")
    assert found.answers["one_hot"].said == "2"
    assert found.answers["svls"].said in ("2", "3")
    scores = [value.mean for value in found.curves["one_hot"].means["population"]]
    np.testing.assert_allclose(scores, scores[0] / np.arange(1, 4), rtol=0.1)  # 1 / n of one, in expectation
    assert found.worth["svls"] == pytest.approx(scores[0] / found.curves["svls"].means["population"][0].mean)


def test_raters_who_agree_leave_nothing_to_tell(folder: Path) -> None:
    """All labels without softening are the truth; only SVLS, which softens where nobody disagrees, is worse."""
    found = judge(collect(folder), "agreed")
    assert found.answers["one_hot"].sentence == "cannot tell: the same numbers"
    assert found.answers["svls"].said == "1"
    for name in ("one_hot", "majority", "staple"):
        assert max(value.mean for value in found.curves[name].means["population"]) < 1e-12
    assert found.curves["svls"].chosen[0] == (0, 0)  # the narrower width


def test_table_has_a_row_a_label_and_number_and_answers_in_words(folder: Path) -> None:
    table = pd.read_csv(folder / "table.csv")
    assert set(table["label"]) == {"one_hot", "svls", "majority", "staple"}
    assert list(table["population"].unique()) == ["jitter", "agreed"]
    assert len(table) == 2 * 4 * 3
    row = table[(table["population"] == "jitter") & (table["label"] == "svls")].set_index("raters").loc[3]
    assert row["minus_low"] < row["moh_minus_one"] < row["minus_high"] < 0
    assert row["population_low"] < row["brier_population"] < row["population_high"]
    text = (folder / "table.md").read_text()
    assert "mOH beats SVLS of one from … raters on" in text
    assert "| mSVLS |" in text
    assert "cannot tell: the same numbers" in text


def test_words_and_pictures_are_there(folder: Path) -> None:
    said = (folder / "paragraph.txt").read_text()
    assert said.startswith("Phantom liver lesions, 30 cases, panels of 1 to 3 simulated raters")
    assert "Jitter: " in said
    for name in ("curve.png", "curve.pdf", "table.html"):
        assert (folder / name).stat().st_size > 1000
    assert "30 cases" in (folder / "curve.txt").read_text()


def test_killed_run_goes_on_and_a_population_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    real, stop = panels.measure, {"after": 3}

    def count(reading: panels.Reading, lines: list[Line]) -> dict[str, np.ndarray]:
        if len(measured) == stop["after"]:
            raise KeyboardInterrupt
        measured.append(reading.case)
        return real(reading, lines)

    monkeypatch.setattr(panels, "measure", count)
    small = dataclasses.replace(LABORATORY, cases=3, raters=2)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, small)
    assert not (tmp_path / "manifest.json").exists()
    stop["after"] = -1
    make(tmp_path, small)
    make(tmp_path, small)
    assert len(measured) == 3 * 2
    make(tmp_path, dataclasses.replace(small, populations={**HABITS, "wide": {"offset_mm": [0, 1]}}))
    assert len(measured) == 3 * 3
    written.write(tmp_path, {})
    assert "no valid CI: 3 patients, at least 30 are needed" in (tmp_path / "table.md").read_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"populations": {"odd": {"missed": 2.0}}}, "population 'odd': `missed`"),
        ({"raters": 200}, "cannot be drawn from 100 people"),
        ({"cases": 1}, "`cases` must be 2 or more"),
    ],
)
def test_bad_settings_are_named(change: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        make(tmp_path, dataclasses.replace(LABORATORY, **change))


def test_svls_must_be_among_the_lines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="svls"):
        make(tmp_path, sweeps={"blur": {"recipe": "blur"}})


def test_missing_piece_is_named(tmp_path: Path) -> None:
    make(tmp_path, dataclasses.replace(LABORATORY, cases=2, raters=1))
    (tmp_path / "cases" / "phantom_lesions_001" / "jitter.npz").unlink()
    with pytest.raises(InputError, match=r"jitter\.npz is missing"):
        collect(tmp_path)
