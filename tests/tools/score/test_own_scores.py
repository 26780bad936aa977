"""The command's scores are those of `metrics`, whatever the file's form and orientation."""

import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from softbench import images, metrics, statistics
from softbench.datasets import phantoms
from softbench.metrics import cross_check
from softbench.metrics import rows as score_rows
from softbench.metrics.catalogue import is_of_label_map
from softbench.tools.score import CROSS_CHECKS

from .conftest import AFFINE, SPACING, STRUCTURES, assert_same_scores, labels_of, probabilities_of, write_npz

WORDS = ["--structures", "whole=1,2", "core=2", "--tolerances", "1", "2.5"]


def expected(case: int, seed: int = 0, **settings) -> pd.DataFrame:
    """Score one case of `fill` directly."""
    labels = labels_of(case)
    probabilities = probabilities_of(labels, seed * 10 + case)
    return metrics.score_case(probabilities, labels[None], SPACING, STRUCTURES, tolerances_mm=(1.0, 2.5), **settings)


@pytest.mark.parametrize(
    ("suffix", "axcodes", "reference_axcodes"),
    [(".nii.gz", "LPS", "RAS"), (".nii", "RAS", "LPS"), (".npz", "LPS", "LPS"), (".npz", "PIR", "PIR")],
)
def test_probabilities_of_any_form_have_the_scores_of_their_arrays(
    fill, call, scores, suffix, axcodes, reference_axcodes
):
    found = fill("unet", "probabilities", suffix=suffix, axcodes=axcodes)
    result = call("--predictions", found, "--references", fill("labels", axcodes=reference_axcodes), *WORDS)
    assert result.code == 0, result.err
    for number, case in enumerate("ab"):
        assert_same_scores(scores(case=case), expected(number))
    assert set(scores()["method"]) == {"unet"}


def test_columns_are_those_of_trained_runs(fill, call, scores, tmp_path):
    call("--predictions", fill("unet", "probabilities"), "--references", fill("labels"), *WORDS)
    table = scores()
    assert list(table.columns) == score_rows.COLUMNS
    fixed = table[["experiment", "dataset", "split", "network", "seed", "grid", "prediction"]].drop_duplicates()
    assert fixed.values.tolist() == [["own", "labels", "given", "given", 0, "full", "raw"]]
    as_csv = pd.read_csv(tmp_path / "out" / "scores.csv")
    pd.testing.assert_frame_equal(as_csv, table, check_exact=True, check_dtype=False)


def test_pooled_calibration_is_that_of_all_voxels_together(fill, call, scores):
    call("--predictions", fill("unet", "probabilities"), "--references", fill("labels"), *WORDS, "--bins", "7")
    p = np.stack([probabilities_of(labels_of(case), case) for case in range(2)], axis=1).reshape(3, 18, 12, 14)
    y = np.stack([labels_of(case) for case in range(2)]).reshape(18, 12, 14)
    pooled = scores(case="pooled", metric="ece", roi="foreground")["value"].item()
    assert pooled == pytest.approx(metrics.reliability(p, y, roi="foreground", bins=7).ece, abs=1e-12)


def test_settings_reach_the_scores(fill, call, scores):
    words = [*WORDS, "--band", "4.5", "--bins", "6"]
    call("--predictions", fill("unet", "probabilities"), "--references", fill("labels"), *words)
    assert_same_scores(scores(case="a"), expected(0, band_mm=4.5, bins=6))


def test_label_maps_have_the_overlap_rows_of_their_probabilities_and_no_calibration(fill, call, scores, tmp_path):
    maps = fill("maps", "hard", axcodes="LPS", suffix=".nii")
    result = call("--predictions", maps, "--references", fill("labels"), *WORDS)
    assert result.code == 0, result.err
    both = {"whole", "core"}
    rows = expected(1)
    of_masks = rows["metric"].map(is_of_label_map)
    wanted = rows[rows["structure"].isin(both) & of_masks].reset_index(drop=True)
    found = scores(case="b")
    assert_same_scores(found[found["structure"].isin(both)].reset_index(drop=True), wanted)
    assert not {"ece", "nll", "brier", "tace"} & set(scores()["metric"])
    assert "maps has label maps: without probabilities there is no calibration" in result.out
    assert "without probabilities there is no calibration" in (tmp_path / "out" / "index.html").read_text()
    assert not (tmp_path / "out" / "figures").exists()


def test_npz_beside_its_label_map_lies_in_the_grid_of_the_map(fill, call, scores):
    # nnU-Net writes both; here the reference has another orientation, which the npz alone could not tell
    pair = fill("nnunet", "hard", axcodes="LPS")
    fill("nnunet", "probabilities", suffix=".npz", axcodes="LPS")
    (pair / "dataset.json").write_text("{}")
    result = call("--predictions", pair, "--references", fill("labels", axcodes="RAS"), *WORDS)
    assert result.code == 0, result.err
    assert_same_scores(scores(case="b"), expected(1))


def test_first_version_of_nnunet_calls_them_softmax(fill, call, scores):
    folder = fill("old", "probabilities", suffix=".npz")
    for number, case in enumerate("ab"):
        write_npz(folder / f"{case}.npz", probabilities_of(labels_of(number), number), "RAS", key="softmax")
    assert call("--predictions", folder, "--references", fill("labels"), *WORDS).code == 0
    assert_same_scores(scores(case="a"), expected(0))


def test_two_methods_with_two_seeds_are_compared_over_seeds(fill, call, scores, tmp_path):
    words = [
        f"{m}:{s}={fill(f'{m}{s}', 'probabilities', seed=10 * (m == 'soft') + s)}"
        for m in ("ce", "soft")
        for s in (0, 3)
    ]
    result = call("--predictions", *words, "--references", fill("labels"), *WORDS, "--control", "ce")
    assert result.code == 0, result.err
    assert_same_scores(scores(method="soft", seed=3, case="a"), expected(0, seed=13))
    table = pd.read_csv(tmp_path / "out" / "tables" / "scores.csv").set_index(["method", "metric", "roi"])
    gap = statistics.difference(scores(), "soft", "ce", "ece", structure="all", roi="band")
    row = table.loc[("soft", "ece", "band")]
    assert row[["difference", "difference_low", "difference_high"]].tolist() == [gap.mean, gap.low, gap.high]
    assert row["n_seeds"] == 2
    assert "mean ± sd over 2 seeds of the mean over 2 test cases" in result.out
    assert "vs ce" in (tmp_path / "out" / "index.html").read_text()


def test_one_run_each_has_no_spread_and_no_difference(fill, call):
    words = [f"ce={fill('ce', 'probabilities')}", f"soft={fill('soft', 'probabilities', seed=1)}"]
    result = call("--predictions", *words, "--references", fill("labels"), *WORDS, "--control", "ce")
    assert "of one run per method, which has no spread over seeds" in result.out
    assert "Differences to ce are not shown" in result.out
    assert "±" not in result.out


def test_each_rater_has_its_rows(call, scores, tmp_path):
    case = phantoms.make("phantom_nodule", 0, size="tiny")
    for rater, labels in enumerate(case.labels[:2]):
        (tmp_path / f"rater{rater}").mkdir()
        images.write(tmp_path / f"rater{rater}" / "n.nii.gz", labels, case.affine)
    (tmp_path / "p").mkdir()
    images.write(tmp_path / "p" / "n.nii.gz", case.truth, case.affine, "LPS")
    result = call(
        "--predictions", tmp_path / "p", "--references", tmp_path / "rater0", tmp_path / "rater1",
        "--structures", "nodule=1",
    )  # fmt: skip
    assert result.code == 0, result.err
    structures = {"nodule": [1]}
    assert_same_scores(scores(case="n"), metrics.score_case(case.truth, case.labels[:2], case.spacing_mm, structures))
    assert "Each case's score is the mean over its 2 raters" in result.out


@pytest.mark.parametrize("axes", ["xy", "xy1"])
def test_pictures_are_scored_in_their_plane(call, scores, tmp_path, axes):
    labels = labels_of(0, (20, 24))
    probabilities = probabilities_of(labels, 0)
    for folder in ("p", "r"):
        (tmp_path / folder).mkdir()
    affine = np.diag([0.5, 0.75, 9.0, 1.0])  # x runs along W, y along H
    reference = labels.T if axes == "xy" else labels.T[..., None]
    nib.save(nib.Nifti1Image(reference, affine), tmp_path / "r" / "picture.nii.gz")
    stored = np.moveaxis(probabilities, 0, -1).swapaxes(0, 1)[:, :, None]  # (x, y, 1, C)
    nib.save(nib.Nifti1Image(stored, affine), tmp_path / "p" / "picture.nii.gz")
    result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r", "--structures", "core=2")
    assert result.code == 0, result.err
    direct = metrics.score_case(probabilities, labels[None], (0.75, 0.5), {"core": [2]})
    assert_same_scores(scores(case="picture"), direct)


def test_ignored_label_counts_for_nothing(fill, call, scores):
    references = fill("labels")
    labels = labels_of(0)
    labels[:, :4] = 255
    images.write(references / "a.nii.gz", labels, AFFINE)
    words = [*WORDS, "--ignore-label", "255"]
    result = call("--predictions", fill("unet", "probabilities"), "--references", references, *words)
    assert result.code == 0, result.err
    probabilities = probabilities_of(labels_of(0), 0)
    direct = metrics.score_case(
        probabilities, labels[None], SPACING, STRUCTURES, tolerances_mm=(1.0, 2.5), valid=labels != 255
    )
    assert_same_scores(scores(case="a"), direct)


def test_structures_and_classes_come_from_the_files(fill, call, scores):
    maps = fill("maps", "hard")
    result = call("--predictions", maps, "--references", fill("labels"))
    assert result.code == 0, result.err
    assert set(scores()["structure"]) == {"label 1", "label 2", "all"}
    direct = metrics.binary(probabilities_of(labels_of(0), 0).argmax(axis=0) == 2, labels_of(0) == 2, SPACING)
    assert scores(case="a", structure="label 2", metric="dsc")["value"].item() == direct["dsc"]


def test_composite_is_the_mean_of_its_structures(fill, call, scores, tmp_path):
    words = [*WORDS, "--composite", "inner=core,whole"]
    call("--predictions", fill("unet", "probabilities"), "--references", fill("labels"), *words)
    table = pd.read_csv(tmp_path / "out" / "tables" / "scores.csv")
    dsc = table[(table["structure"] == "inner") & (table["metric"] == "dsc")]["mean"].item()
    values = scores(metric="dsc")
    assert dsc == pytest.approx(values[values["case"].isin(["a", "b"])]["value"].mean(), abs=1e-12)


def test_results_lie_where_the_command_says(fill, call, tmp_path):
    result = call("--predictions", fill("unet", "probabilities"), "--references", fill("labels"), *WORDS)
    output = tmp_path / "out"
    files = ["index.html", "scores.csv", "scores.parquet", "figures/reliability.png", "figures/reliability.pdf"]
    files += [f"tables/{name}.{suffix}" for name in ("scores", "structures") for suffix in ("csv", "md", "tex", "html")]
    assert [file for file in files if not (output / file).exists()] == []
    assert (output / "tables" / "scores.md").read_text() in result.out
    assert f"{output}/\n  index.html" in result.out
    assert "score: 2 of 2 cases" in result.err
    page = (output / "index.html").read_text()
    assert page.count('<table class="means">') == 2
    assert "data:image/png" in page


def test_module_is_the_command(fill, root, tmp_path):
    command = [sys.executable, "-m", "softbench", "score", "--output", "out", "--cores", "2"]
    files = ["--predictions", f"unet={fill('maps', 'hard')}", "--references", str(fill("labels"))]
    path = {"PYTHONPATH": str(root / "workflow"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([*command, *files], cwd=tmp_path, env=path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "| unet |" in done.stdout
    assert Path(tmp_path / "out" / "index.html").exists()


def test_other_libraries_stand_beside_our_scores(fill, call, scores, tmp_path):
    words = ["--predictions", fill("maps", "hard"), "--references", fill("labels"), *WORDS, "--cross-check", "medpy"]
    result = call(*words)
    assert result.code == 0, result.err
    peer, ours = (scores(metric=metric)["value"].to_numpy() for metric in ("dsc@medpy", "dsc"))
    np.testing.assert_allclose(peer, ours, rtol=1e-12)
    table = pd.read_csv(tmp_path / "out" / "tables" / "cross_check.csv")
    metrics_shown = list(table["metric"])
    assert metrics_shown[metrics_shown.index("dsc") + 1] == "dsc@medpy"
    assert set(table["structure"]) == {"average"}
    assert "The same by other libraries" in (tmp_path / "out" / "index.html").read_text()


def test_libraries_that_can_be_asked_are_those_of_the_metrics():
    assert CROSS_CHECKS == cross_check.LIBRARIES
