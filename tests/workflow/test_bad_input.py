"""Bad input stops early, with one message that names it and the way out."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench.errors import InputError
from softbench.plan.plan import Plan

SPLIT = "workflow/splits/hippocampus/tiny.csv"
TINY = "tests/workflow/tiny.yaml"


@pytest.fixture(scope="module")
def clone(make_clone: Callable):
    return make_clone("bad")


BAD = [
    ("sead=[1]", "sead is no known key. Did you mean 'seeds'"),
    ("protocols={tiny: {stepz: 3}}", "protocols.tiny.stepz is no known key. Did you mean 'steps'.*Known: batch"),
    ("methods={new: {soft_label: svsl}}", "methods.new.soft_label is 'svsl'.*mean 'svls'.*Known: .*svls.*, ls,"),
    ("methods={new: {soft_label: ls, loss: cee}}", "methods.new.loss .*'cee'; known losses: acls, .*ce"),
    ("methods={new: {soft_label: ls, control: none}}", "methods.new.control is 'none'"),
    (
        "soft_labels={ls: {recipe: ls, alhpa: 0.2}}",
        "soft_labels.ls.alhpa is no known key.*mean 'alpha'.*Known: alpha",
    ),
    ("soft_labels={geols: {recipe: geols, iterations: 8}}", "soft_labels.geols.iterations is no known key"),
    ("soft_labels={geols: {recipe: geols, map: geo}}", "soft_labels.geols.map is 'geo'.*Known: geodesic.*slic"),
    ("maps={mine: {map: voronoi}}", "maps.mine.map is 'voronoi'.*Known: geodesic, slic"),
    (
        "maps={geodesic: {intensities: raw}}",
        "maps.geodesic.intensities is 'raw', but must be prepared or normalised",
    ),
    ("soft_labels={geols: {intensities: prepared}}", "soft_labels.geols.intensities is no known key"),  # its map's
    ("soft_labels={svls: {intensities: prepared}}", "soft_labels.svls.intensities is no known key.*sigma"),
    ("methods={ls: {raters: best}}", "methods.ls.raters is 'best'"),
    ("soft_labels={new: {recipe: lss}}", "soft_labels.new.recipe is 'lss'.*mean 'ls'.*Known: .*geols, ls"),
    ("folders={hippo: /data}", "folders.hippo is not a source.*Known: .*hippocampus, .*phantom_brain"),
    ("run=[all_of_it]", "run.0 is 'all_of_it'.*Known: .*svls_1_phantom, .*demo_brain, .* more"),
    ("device=gpu", "device is 'gpu', but must be auto, cpu or cuda"),
    ("seeds=[]", "seeds is"),
]
STARTS = ("sead=", "run=", "soft_labels={ls")  # of these Snakemake is started, too


@pytest.mark.parametrize(("override", "message"), [case for case in BAD if case[0].startswith(STARTS)])
def test_config_is_checked_before_anything_runs(clone, override: str, message: str) -> None:
    said = clone.run("-n", "--config", override, fails=True)
    assert "Traceback" not in said
    assert re.search(message, said), said


@pytest.mark.parametrize(("override", "message"), [case for case in BAD if not case[0].startswith(STARTS)])
def test_plan_that_snakemake_reads_first_is_refused(clone, override: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Plan.read(clone.path, [TINY], [override])


def test_missing_folder_is_named(folder_clone, tmp_path: Path) -> None:
    said = folder_clone.run("-n", "folder", "--config", f"folders={{hippocampus: {tmp_path / 'nowhere'}}}", fails=True)
    assert "nowhere" in said
    assert "imagesTr/hippocampus_###.nii.gz" in said


def test_patient_in_two_parts_stops_before_any_job(folder_clone, msd_folder: Path) -> None:
    text = (folder_clone.path / SPLIT).read_text()
    (folder_clone.path / SPLIT).write_text(
        text.replace("hippocampus_012,hippocampus_012", "hippocampus_012,hippocampus_001")
    )
    said = folder_clone.run("-n", "folder", "--config", f"folders={{hippocampus: {msd_folder}}}", fails=True)
    assert "patient is in more than one part" in said
    assert "hippocampus_001 in train" in said
    assert "hippocampus_012 in test" in said


def test_every_bad_case_is_listed_at_once_and_the_good_ones_are_kept(folder_clone, msd_folder: Path) -> None:
    images, labels = msd_folder / "imagesTr", msd_folder / "labelsTr"
    (labels / "hippocampus_001.nii.gz").unlink()
    _rewrite(labels / "hippocampus_002.nii.gz", lambda a: np.where(a == 2, 7, a))
    _rewrite(images / "hippocampus_003.nii.gz", lambda a: a[:-1])
    _rewrite(images / "hippocampus_004.nii.gz", lambda a: np.where(a == a.max(), np.nan, a))
    path = images / "hippocampus_005.nii.gz"
    path.write_bytes(path.read_bytes()[:2000])
    shutil.copy(images / "hippocampus_006.nii.gz", images / "._hippocampus_006.nii.gz")

    said = folder_clone.run("folder", "--config", f"folders={{hippocampus: {msd_folder}}}", fails=True)
    assert "5 case(s) of hippocampus cannot be used" in said
    for case, reason in {"001": "label", "002": "{7: 504}", "003": "shape", "004": "NaN", "005": "cut short"}.items():
        line = next(line for line in said.splitlines() if f"hippocampus_{case}:" in line)
        assert reason in line, line
    assert "hippocampus_006:" not in said
    assert "Traceback" not in said
    done = list((folder_clone.path / "results/data/hippocampus/cases").glob("*.key.json"))
    assert len(done) == 7
    assert not (folder_clone.path / "results/data/hippocampus/manifest.json").exists()


def _rewrite(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    file = nib.load(path)
    array = np.asanyarray(file.dataobj)
    nib.save(nib.Nifti1Image(change(array).astype(array.dtype), file.affine), path)


def test_archive_with_another_checksum_is_not_used(folder_clone, tmp_path: Path) -> None:
    (tmp_path / "Task04_Hippocampus.tar").write_bytes(b"not the published archive")
    said = folder_clone.run("results/raw/hippocampus/manifest.json", "--config", f"mirror={tmp_path}", fails=True)
    assert "Task04_Hippocampus.tar" in said
    assert "282d808a3e84e5a52f090d9dd4c0b0057b94a6bd51ad41569aef5ff303287771" in said  # the published sha256
    assert "folders={hippocampus: PATH}" in said
    assert not (folder_clone.path / "results/raw/hippocampus/files").exists()
