"""Soft labels of a whole data set: pieces, maps, controls, and what happens when a recipe breaks the contract."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, store
from softbench.datasets.prepare import prepare
from softbench.jobs import pieces
from softbench.soft_labels import maps, one_hot, open_store
from softbench.soft_labels.produce import fit, produce

SPLIT = pd.DataFrame(
    [(f"phantom_brain_{n:03d}", f"phantom_brain_{n:03d}", p) for n, p in enumerate(["train", "train", "val", "test"])],
    columns=["case", "patient", "part"],
)
QUIET = {"version": {}, "log": lambda line: None}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "data" / "made"
    prepare.run(
        "phantom_brain", None, folder, versions={}, settings={"size": "tiny", "cases": 4}, log=lambda line: None
    )
    return folder


def test_second_call_makes_nothing_and_the_same_manifest(data: Path, tmp_path: Path) -> None:
    produce("svls", data, tmp_path, settings={}, **QUIET)
    before = (tmp_path / "manifest.json").read_bytes()
    record = pieces.record_path(tmp_path / "cases", "phantom_brain_000")
    made = record.stat().st_mtime_ns
    produce("svls", data, tmp_path, settings={}, **QUIET)
    assert record.stat().st_mtime_ns == made
    assert (tmp_path / "manifest.json").read_bytes() == before


def test_changed_setting_makes_every_case_anew_with_the_new_value(data: Path, tmp_path: Path) -> None:
    produce("ls", data, tmp_path, settings={"alpha": 0.1}, **QUIET)
    produce("ls", data, tmp_path, settings={"alpha": 0.4}, **QUIET)
    case = datasets.open(data).load("phantom_brain_000")
    assert open_store(tmp_path).read(case).max() == pytest.approx(0.6 + 0.1, abs=2e-5)


@pytest.mark.parametrize("workers", [1, 2])
def test_number_of_workers_changes_no_byte(data: Path, tmp_path: Path, workers: int) -> None:
    produce("blur", data, tmp_path / str(workers), settings={}, workers=workers, **QUIET)
    produce("blur", data, tmp_path / "one", settings={}, **QUIET)
    assert (tmp_path / str(workers) / "manifest.json").read_bytes() == (tmp_path / "one" / "manifest.json").read_bytes()


@pytest.mark.parametrize("recipe", ["geols", "superpixel"])
def test_soft_labels_of_one_map_are_those_made_directly(data: Path, tmp_path: Path, recipe: str) -> None:
    for shard in (0, 1):
        maps.produce(recipe, data, tmp_path / "maps", settings={}, shard=shard, shards=2, **QUIET)
    lists = [json.loads((tmp_path / "maps" / f"shard-{shard}.json").read_text())["cases"] for shard in (0, 1)]
    assert [len(one) for one in lists] == [2, 2]
    produce(recipe, data, tmp_path / "mapped", settings={}, map_folder=tmp_path / "maps", map_settings={}, **QUIET)
    produce(recipe, data, tmp_path / "direct", settings={}, **QUIET)
    for case_id in lists[0] | lists[1]:
        case = datasets.open(data).load(case_id)
        mapped, direct = (open_store(tmp_path / name).read(case) for name in ("mapped", "direct"))
        np.testing.assert_allclose(mapped, direct, atol=1e-5 + 1 / 65535)


def test_alpha_sweep_reads_the_map_and_makes_none(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from softbench.soft_labels import geols

    maps.produce("geols", data, tmp_path / "maps", settings={}, **QUIET)
    monkeypatch.setattr(geols, "make_map", lambda *arguments, **settings: pytest.fail("made a map again"))
    means = []
    for alpha in (0.05, 0.2):
        output = tmp_path / str(alpha)
        produce("geols", data, output, settings={"alpha": alpha}, map_folder=tmp_path / "maps", **QUIET)
        means.append(pd.read_parquet(output / "quality.parquet")["entropy"].mean())
    assert means[0] < means[1]


def test_unknown_setting_of_a_map_lists_the_known(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="count, compactness"):
        maps.produce("superpixel", data, tmp_path, settings={"alpha": 1}, **QUIET)


def test_missing_map_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"phantom_brain_000\.npz is missing"):
        produce("geols", data, tmp_path / "out", settings={}, map_folder=tmp_path / "nowhere", **QUIET)


def test_shuffled_labels_are_those_of_the_next_case(data: Path, tmp_path: Path) -> None:
    produce("shuffled", data, tmp_path, settings={}, split=SPLIT, **QUIET)
    dataset = datasets.open(data)
    first, second = dataset.load("phantom_brain_000"), dataset.load("phantom_brain_001")
    expected = one_hot.soften(fit(second.labels, first.labels.shape[1:]), None, first.spacing_mm, classes=4)
    np.testing.assert_array_equal(open_store(tmp_path).read(first), expected)


def test_wrong_image_is_geols_on_the_next_image(data: Path, tmp_path: Path) -> None:
    produce("wrong_image", data, tmp_path / "wrong", settings={}, split=SPLIT, **QUIET)
    produce("geols", data, tmp_path / "right", settings={}, **QUIET)
    case = datasets.open(data).load("phantom_brain_000")
    wrong, right = (open_store(tmp_path / name).read(case) for name in ("wrong", "right"))
    assert np.abs(wrong - right).max() > 0.01
    assert (wrong.argmax(axis=0) == right.argmax(axis=0)).mean() > 0.99  # both keep the case's own labels


def test_control_without_a_split_says_so(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="given no split"):
        produce("shuffled", data, tmp_path, settings={}, **QUIET)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda soft: soft[:, 1:], "has the shape"),
        (lambda soft: soft * np.float32(1.5), r"must lie in \[0, 1\]"),
        (lambda soft: soft * np.float32(0.5), "must sum to 1"),
        (lambda soft: np.where(soft > 0, np.float32(np.nan), soft), r"must lie in \[0, 1\]"),
    ],
)
def test_recipe_that_breaks_the_contract_is_stopped_with_its_case(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change, message: str
) -> None:
    soften = one_hot.soften
    monkeypatch.setattr(one_hot, "soften", lambda *arguments, **settings: change(soften(*arguments, **settings)))
    with pytest.raises(InputError, match=f"case phantom_brain_000: .*{message}"):
        produce("one_hot", data, tmp_path, settings={}, **QUIET)
    assert not (tmp_path / "manifest.json").exists()


def test_coarse_soft_label_has_its_own_grid(data: Path, tmp_path: Path) -> None:
    produce("epd", data, tmp_path, settings={"factor": 2}, **QUIET)
    case = datasets.open(data).load("phantom_brain_000")
    assert open_store(tmp_path).read(case).shape == (4, 12, 16, 16)


def test_stored_label_opens_over_its_image(data: Path, tmp_path: Path) -> None:
    import nibabel as nib

    produce("shuffled", data, tmp_path, settings={}, split=SPLIT, **QUIET)
    store.export_nifti(tmp_path, "phantom_brain_000", tmp_path / "a.nii.gz")
    case = datasets.open(data).load("phantom_brain_000")
    affine = nib.load(tmp_path / "a.nii.gz").affine
    np.testing.assert_allclose(affine @ [3, 2, 1, 1], case.affine @ [1, 2, 3, 1])


def test_provenance_says_what_all_cases_took_however_often_the_job_was_stopped(data: Path, tmp_path: Path) -> None:
    produce("blur", data, tmp_path, settings={}, **QUIET)
    first = json.loads((tmp_path / "provenance.json").read_text())
    produce("blur", data, tmp_path, settings={}, **QUIET)  # finds every piece and makes none
    again = json.loads((tmp_path / "provenance.json").read_text())
    assert (again["cases"], again["cases_timed"]) == (4, 4)
    assert again["cases_cpu_seconds"] == first["cases_cpu_seconds"] > 0
    records = [pieces.read_record(tmp_path / "cases", f"phantom_brain_{n:03d}") for n in range(4)]
    assert again["cases_cpu_seconds"] == pytest.approx(sum(one["cpu_seconds"] for one in records if one), abs=1e-3)


def test_a_shard_of_a_map_says_what_its_cases_took(data: Path, tmp_path: Path) -> None:
    maps.produce("superpixel", data, tmp_path, settings={}, shard=1, shards=2, **QUIET)
    facts = json.loads((tmp_path / "shard-1.provenance.json").read_text())
    assert (facts["cases"], facts["cases_timed"]) == (2, 2)
    assert facts["cases_cpu_seconds"] > 0


def test_superpixels_found_stand_in_the_list_of_the_map_and_in_the_quality(data: Path, tmp_path: Path) -> None:
    maps.produce("superpixel", data, tmp_path / "maps", settings={"count": 100}, **QUIET)
    produce("superpixel", data, tmp_path / "soft", settings={}, map_folder=tmp_path / "maps", **QUIET)
    facts = json.loads((tmp_path / "maps" / "shard-0.json").read_text())["facts"]
    rows = pd.read_parquet(tmp_path / "soft" / "quality.parquet").set_index("case")
    for case in datasets.open(data).manifest["cases"]:
        found = maps.read(tmp_path / "maps", case)["segments"].max()
        assert facts[case]["superpixels_found"] == rows.loc[case, "superpixels_found"] == found
        assert facts[case]["superpixels_asked"] == rows.loc[case, "superpixels_asked"] == 100
        assert rows.loc[case, "cut_share"] == pytest.approx(rows.loc[case, "softened_share"])


def test_number_of_superpixels_far_off_the_request_is_told_in_the_log_each_time(data: Path, tmp_path: Path) -> None:
    for lines in ([], []):  # the second call finds all pieces there
        settings = {"count": 500, "compactness": 0.001}
        maps.produce("superpixel", data, tmp_path, settings=settings, version={}, log=lines.append)
        told = [line for line in lines if "WARNING" in line]
        assert len(told) == 4
        assert "case phantom_brain_000: " in told[0]
        assert "500 asked for" in told[0]


def test_maps_without_numbers_of_their_own_list_none(data: Path, tmp_path: Path) -> None:
    maps.produce("geols", data, tmp_path, settings={}, **QUIET)
    assert set(json.loads((tmp_path / "shard-0.json").read_text())) == {"recipe", "settings", "cases"}
    assert maps.read_facts(tmp_path, "phantom_brain_000") == {}
