"""Programs in other languages: what they are given, what is made of what they write, and what is refused."""

import json
import re
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, cli, datasets, images
from softbench.plan import calls, modules
from softbench.plan.code import record
from softbench.soft_labels import open_store
from softbench.tools.export import export
from softbench.tools.new import make_method


def write(folder: Path, data: Path, change=lambda soft: soft) -> None:
    """Write what a program would: one-hot labels, changed."""
    folder.mkdir()
    dataset = datasets.open(data)
    for case_id in dataset.cases["case"]:
        case = dataset.load(case_id)
        soft = (np.arange(len(dataset.classes)).reshape(-1, *[1] * (case.labels.ndim - 1)) == case.labels[:1]).astype(
            np.float32
        )
        images.write(folder / f"{case_id}.nii.gz", change(soft if soft.ndim == 4 else soft[:, None]), case.affine)


def pack(*arguments: object) -> int:
    return cli.main(["pack", *map(str, arguments)])


def options(data: Path, output: Path) -> list[object]:
    return ["--data", data / "manifest.json", "--output", output / "manifest.json", "--recipe", "mine"]


@pytest.mark.parametrize("dims", ["3-D", "2-D"])
def test_probabilities_of_a_folder_become_what_networks_read(dims: str, data, tmp_path: Path) -> None:
    write(tmp_path / "made", data[dims])
    assert pack(*options(data[dims], tmp_path / "store"), "--set", "share=0.3", "--from", tmp_path / "made") == 0
    dataset, soft_labels = datasets.open(data[dims]), open_store(tmp_path / "store")
    assert soft_labels.manifest["settings"] == {"share": 0.3}
    for case_id in dataset.cases["case"]:
        case = dataset.load(case_id)
        soft, hard = soft_labels.targets(case)
        np.testing.assert_array_equal(soft[0].argmax(axis=0), hard[0])
    assert (tmp_path / "store/quality.parquet").exists()


def test_packed_labels_tell_by_which_code_they_were_packed(data, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "results" / "soft_labels" / "made" / "mine"
    write(tmp_path / "made", data["3-D"])
    assert pack(*options(data["3-D"], store), "--from", tmp_path / "made") == 0
    ((what, stages, (name,)),) = record.results_made(tmp_path / "results")
    assert (what, json.loads((store / "provenance.json").read_text())["code"]) == ("soft labels", {name: 2})
    packed = record.read(name, tmp_path / record.FOLDER)["pack"]
    assert packed["softbench/tools/pack.py"][0] == modules.version_of("tools/pack.py")["tools/pack.py"]
    assert "pack" in stages


@pytest.mark.parametrize(("dims", "slices"), [("3-D", 24), ("2-D", 1)])
def test_cases_are_exported_as_programs_read_them(dims: str, slices: int, data, tmp_path: Path) -> None:
    case_id = export(data[dims], tmp_path)[0]
    case = datasets.open(data[dims]).load(case_id)
    raw = (tmp_path / f"{case_id}.labels.nii").read_bytes()
    assert raw[352:] == np.asarray(case.labels[0], np.uint8).tobytes()  # x runs fastest
    file = nib.load(tmp_path / f"{case_id}.image.nii")
    assert file.shape[2:] == (slices, len(case.images))
    head, row = (tmp_path / "cases.csv").read_text().splitlines()[:2]
    assert head == "case,classes,raters,channels,nx,ny,nz,dx_mm,dy_mm,dz_mm"
    assert row.startswith(f"{case_id},{len(datasets.open(data[dims]).classes)},{len(case.labels)},")


def image_of(path: Path) -> np.ndarray:
    """Channels (M, D, H, W) of an exported image."""
    return np.asarray(nib.load(path).dataobj).T


@pytest.mark.parametrize("kind", ["prepared", "normalised"])
def test_image_is_exported_before_normalisation_unless_asked(kind: str, data, tmp_path: Path) -> None:
    asked = [] if kind == "prepared" else ["--intensities", kind]
    assert cli.main(["export", "--data", str(data["3-D"]), "--output", str(tmp_path), *asked]) == 0
    case = datasets.open(data["3-D"]).load("phantom_brain_000")
    made = datasets.phantoms.make("phantom_brain", 0, size="tiny")
    expected = made.images if kind == "prepared" else case.images
    np.testing.assert_array_equal(image_of(tmp_path / "phantom_brain_000.image.nii"), expected)


@pytest.mark.parametrize("kind", ["prepared", "normalised"])
def test_program_sees_the_intensities_that_its_setting_asks_for(kind: str, data, tmp_path: Path) -> None:
    write(tmp_path / "made", data["3-D"])
    copy = f"cp {tmp_path}/made/* $1; cp $0/phantom_brain_000.image.nii {tmp_path}"
    asked = ["share=1"] if kind == "prepared" else ["share=1", f"intensities={kind}"]
    program = ["sh", "-c", copy]
    assert pack(*options(data["3-D"], tmp_path / "store"), "--set", *asked, "--", *program) == 0
    case = datasets.open(data["3-D"]).load("phantom_brain_000")
    np.testing.assert_array_equal(image_of(tmp_path / "phantom_brain_000.image.nii"), case.intensities(kind))


def test_program_that_asks_for_unknown_intensities_is_refused(data, tmp_path: Path, capsys) -> None:
    arguments = [*options(data["3-D"], tmp_path / "store"), "--set", "intensities=raw", "--", "true"]
    assert pack(*arguments) == 1
    assert "`intensities` must be one of prepared, normalised" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("perl") is None, reason="needs perl")
@pytest.mark.parametrize("dims", ["3-D", "2-D"])
def test_program_of_the_template_gives_a_share_to_six_neighbours(dims: str, data, place: Path) -> None:
    make_method("mine", "perl", place)
    program = ["perl", place / "workflow/scripts/mine.pl"]
    assert pack(*options(data[dims], place / "store"), "--set", "share=0.3", "--", *program) == 0
    dataset = datasets.open(data[dims])
    case = dataset.load(dataset.cases["case"][0])
    hard = (np.arange(len(dataset.classes)).reshape(-1, *[1] * (case.labels.ndim - 1)) == case.labels[:1]).astype(float)
    axes = range(1, hard.ndim)
    near = sum(np.roll(hard, step, axis) for axis in axes for step in (1, -1)) / (2 * len(axes))
    inner = (slice(None), *[slice(1, -1)] * len(axes))
    soft = open_store(place / "store").read(case)
    np.testing.assert_allclose(soft[inner], (0.7 * hard + 0.3 * near)[inner], atol=2e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda soft: soft * np.float32(0.5), r"phantom_brain_000 \(phantom_brain_000\.nii\.gz\): .*must sum to 1"),
        (lambda soft: soft[1:], "has the shape"),
        (lambda soft: soft[:, 1:], "has the shape"),
        (lambda soft: np.where(soft > 0, np.float32(np.nan), soft), "spans nan to nan"),
        (lambda soft: soft - np.float32(0.1), "must lie in"),
    ],
)  # fmt: skip
def test_bad_probabilities_leave_no_manifest(change, said: str, data, tmp_path: Path, capsys) -> None:
    write(tmp_path / "made", data["3-D"], change)
    assert pack(*options(data["3-D"], tmp_path / "store"), "--from", tmp_path / "made") == 1
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "store/manifest.json").exists()


@pytest.mark.parametrize("dims", ["3-D", "2-D"])
@pytest.mark.parametrize("fault", ["moved", "longer voxels", "no orientation"])
def test_file_on_another_grid_is_refused(fault: str, dims: str, data, tmp_path: Path, capsys) -> None:
    """A flip of x leaves the shape as it is, and no other check could notice it."""
    write(tmp_path / "made", data[dims])
    path = sorted((tmp_path / "made").iterdir())[0]
    file = nib.load(path)
    change = {"moved": np.array([[1, 0, 0, 0.002], *np.eye(4)[1:]]), "longer voxels": np.diag([1, 1.01, 1, 1])}
    file = nib.Nifti1Image(np.asanyarray(file.dataobj), change.get(fault, np.eye(4)) @ file.affine)
    if fault == "no orientation":
        file = nib.Nifti1Image(np.asanyarray(file.dataobj), None, file.header)
        file.header["sform_code"] = file.header["qform_code"] = 0
    nib.save(file, path)
    assert pack(*options(data[dims], tmp_path / "store"), "--from", tmp_path / "made") == 1
    said = capsys.readouterr().err
    assert re.search(rf"{path.name} and its labels have the same shape, but their affines differ by up to .* mm", said)
    assert (f"{path} has no orientation" in said) == (fault == "no orientation")
    assert not (tmp_path / "store/manifest.json").exists()


def test_sums_may_differ_where_that_is_said(data, tmp_path: Path) -> None:
    write(tmp_path / "made", data["3-D"], lambda soft: soft * np.float32(0.5))
    assert pack(*options(data["3-D"], tmp_path / "store"), "--not-normalised", "--from", tmp_path / "made") == 0


def test_affine_is_chosen_where_those_of_a_file_differ(data, tmp_path: Path, capsys) -> None:
    write(tmp_path / "made", data["3-D"])
    for path in (tmp_path / "made").iterdir():
        file = nib.load(path)
        file.set_qform(file.affine @ np.diag([-1, 1, 1, 1]), code=1)
        nib.save(file, path)
    arguments = [*options(data["3-D"], tmp_path / "store"), "--from", tmp_path / "made"]
    assert pack(*arguments) == 1
    assert re.search(r"two affines that differ.*`softbench pack`", capsys.readouterr().err)
    dataset = datasets.open(data["3-D"])
    case = dataset.load(dataset.cases["case"][0])
    assert pack(*arguments, "--affine", "sform") == 0
    np.testing.assert_array_equal(open_store(tmp_path / "store").read(case).argmax(axis=0), case.labels[0])
    assert pack(*arguments, "--affine", "qform") == 1  # mirrored, so on another grid
    assert "but their affines differ" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (["true"], "2 of 2 cases have no file"),
        (["false"], "false ended with exit code 1"),
        (["no-such-program"], "no-such-program cannot be started"),
    ],
)
def test_program_that_fails_is_named(program: list[str], said: str, data, tmp_path: Path, capsys) -> None:
    assert pack(*options(data["3-D"], tmp_path / "store"), "--", *program) == 1
    assert said in capsys.readouterr().err


def test_neither_program_nor_folder_is_refused(data, tmp_path: Path, capsys) -> None:
    assert pack(*options(data["3-D"], tmp_path / "store")) == 1
    assert "a program after `--`, or --from FOLDER" in capsys.readouterr().err


def test_settings_become_words_and_unknown_ones_are_refused() -> None:
    assert calls.complete("soft_labels.mine", {"share": 0.5}, {"share": 0.3, "seed": 1}) == ["share=0.5", "seed=1"]
    assert calls.read(["share=0.5", "mode=mean"]) == {"share": 0.5, "mode": "mean"}
    with pytest.raises(InputError, match=r"soft_labels\.mine sets 'shaer', .*known: share"):
        calls.complete("soft_labels.mine", {"shaer": 0.5}, {"share": 0.3})
