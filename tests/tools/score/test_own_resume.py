"""Finished cases outlive a second call, a bad case and a changed file, and nothing stale is served."""

from softbench import images

from .conftest import AFFINE, labels_of, probabilities_of


def records(tmp_path):
    """Return when each scored case was made."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "cases").rglob("scores.key.json")}


def test_second_call_scores_nothing_and_writes_the_same(fill, call, tmp_path):
    words = ["--predictions", fill("maps", "hard"), "--references", fill("labels")]
    first = call(*words)
    made, table = records(tmp_path), (tmp_path / "out" / "scores.parquet").read_bytes()
    second = call(*words)
    assert records(tmp_path) == made
    assert len(made) == 2
    assert (tmp_path / "out" / "scores.parquet").read_bytes() == table
    assert second.out == first.out
    assert "2 of 2 cases were there from an earlier call" in second.err


def test_changed_prediction_is_scored_again_and_the_other_is_not(fill, call, scores, tmp_path):
    maps = fill("maps", "hard")
    words = ["--predictions", maps, "--references", fill("labels")]
    call(*words)
    made = records(tmp_path)
    images.write(maps / "a.nii.gz", labels_of(0), AFFINE)
    assert "1 of 2 cases were there" in call(*words).err
    again = records(tmp_path)
    assert again["a"] > made["a"]
    assert again["b"] == made["b"]
    assert scores(case="a", structure="label 1", metric="dsc")["value"].item() == 1


def test_changed_setting_scores_all_again(fill, call, tmp_path):
    words = ["--predictions", fill("maps", "hard"), "--references", fill("labels")]
    call(*words)
    made = records(tmp_path)
    call(*words, "--tolerances", "1")
    again = records(tmp_path)
    assert all(again[case] > made[case] for case in "ab")


def test_bad_case_does_not_lose_the_others(fill, call, tmp_path):
    folder = fill("unet", "probabilities")
    words = ["--predictions", folder, "--references", fill("labels")]
    images.write(folder / "a.nii.gz", probabilities_of(labels_of(0), 0) * 2, AFFINE)
    result = call(*words)
    assert result.code == 1
    assert "1 of 2 predictions cannot be scored; the others are kept" in result.err
    assert set(records(tmp_path)) == {"b"}
    assert not (tmp_path / "out" / "index.html").exists()
    images.write(folder / "a.nii.gz", probabilities_of(labels_of(0), 0), AFFINE)
    fixed = call(*words)
    assert fixed.code == 0
    assert "1 of 2 cases were there" in fixed.err
