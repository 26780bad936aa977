"""Names of given files, at each way in: scoring, softening, a data set of one's own and its preparation."""

import errno
import json
import re
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from softbench import InputError, cli, given, images
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import layout, nnunet
from softbench.gunzip import GzipStream
from softbench.tools import new
from softbench.tools.score import inputs, one_case, parse_sources, volumes
from softbench.tools.score.inputs import Settings, Source

NAMES = ["case.1.2", "case 1", "Fälle é 病例", "(1) & 'x'"]
LABELS = np.zeros((3, 4, 5), np.uint8)
LABELS[1, 1:3, 1:4] = 1


def write(path: Path, array: np.ndarray = LABELS) -> Path:
    """Write a file under a name whose ending may be in upper case."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.parent / ("written" + path.name[path.name.lower().index(".nii") :].lower())
    images.write(plain, array, images.UNIT_AFFINE)
    plain.rename(path)
    return path


def listed(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each file."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))}


@pytest.fixture
def match(tmp_path: Path) -> Callable[[], inputs.Matched]:
    return lambda: inputs.match([Source("m", 0, tmp_path / "p")], [tmp_path / "r"])


@pytest.mark.parametrize("ending", [".nii.gz", ".NII.GZ", ".nii.GZ", ".NII"])
def test_odd_names_are_matched_and_read(ending: str, tmp_path: Path, match) -> None:
    for name in NAMES:
        write(tmp_path / "r" / f"{name}{ending}")
        write(tmp_path / "p" / f"{name}.nii.gz")
    found = match()
    assert not found.faults
    assert set(found.references) == set(NAMES)
    for (path,) in found.references.values():
        assert np.array_equal(volumes.label_map(path), LABELS)
        assert np.array_equal(images.read(path).array, LABELS)


def test_letters_with_accents_match_however_a_system_writes_them(tmp_path: Path, match) -> None:
    for folder, form in (("r", "NFC"), ("p", "NFD")):
        write(tmp_path / folder / unicodedata.normalize(form, "Fälle é.nii.gz"))
    assert not match().faults


def test_name_that_is_no_text_is_refused(tmp_path: Path, match) -> None:
    write(tmp_path / "p" / "a.nii.gz")
    write(tmp_path / "r" / b"caf\xe9.nii.gz".decode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"whose name is not UTF-8, 'caf\\udce9.nii.gz'. Rename it"):
        match()


@pytest.mark.parametrize("side", ["r", "p"])
def test_images_of_nnunet_beside_label_maps_are_left_out(side: str, tmp_path: Path, match) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        write(tmp_path / "r" / name)
        write(tmp_path / "p" / name)
        write(tmp_path / side / name.replace(".", "_0000.", 1))
    for name in ("dataset.json", "plans.json", "predict_from_raw_data_args.json"):
        (tmp_path / "p" / name).write_text("{}")
    found = match()
    assert not found.faults
    assert set(found.references) == {"a", "b"}


def test_cases_that_are_called_like_images_everywhere_stay(tmp_path: Path, match) -> None:
    for folder in ("r", "p"):
        for name in ("scan.nii.gz", "scan_2021.nii.gz"):
            write(tmp_path / folder / name)
    assert set(match().references) == {"scan", "scan_2021"}


def test_reference_that_a_prediction_has_too_is_a_case(tmp_path: Path) -> None:
    """One method lacks the prediction of the case `a_0000`: it has to be told."""
    for folder, names in (("r", ["a", "a_0000"]), ("p", ["a", "a_0000"]), ("q", ["a"])):
        for name in names:
            write(tmp_path / folder / f"{name}.nii.gz")
    found = inputs.match([Source(name, 0, tmp_path / name) for name in "pq"], [tmp_path / "r"])
    assert set(found.references) == {"a", "a_0000"}
    assert [(fault.case, fault.text[:14]) for fault in found.faults] == [("a_0000", "no prediction.")]
    assert str(tmp_path / "q") in found.faults[0].where
    assert found.images == []


@pytest.mark.parametrize("raters", [{"r": ["a", "a_0000", "b"]}, {"r": ["a", "a_0000"], "s": ["a", "a_0000"]}])
def test_references_are_images_only_where_every_label_map_has_one(raters: dict[str, list[str]], tmp_path: Path) -> None:
    for folder, names in {"p": {"a", "b"} & set(raters["r"]), **raters}.items():
        for name in names:
            write(tmp_path / folder / f"{name}.nii.gz")
    found = inputs.match([Source("m", 0, tmp_path / "p")], [tmp_path / name for name in raters])
    assert [(fault.case, fault.text[:14]) for fault in found.faults] == [("a_0000", "no prediction.")]


def test_links_are_followed_and_keep_their_names(tmp_path: Path, match) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "a.nii.gz").symlink_to(write(tmp_path / "annex" / "0f.nii.gz"))
    write(tmp_path / "run 3" / "a.nii.gz")
    (tmp_path / "p").symlink_to(tmp_path / "run 3")
    found = match()
    assert not found.faults
    assert np.array_equal(volumes.label_map(found.references["a"][0]), LABELS)
    assert parse_sources([str(tmp_path / "p")])[0].method == "p"


def test_link_that_leads_to_itself_is_refused(tmp_path: Path, match) -> None:
    write(tmp_path / "p" / "a.nii.gz")
    (tmp_path / "r").symlink_to(tmp_path / "r")
    inputs.require_apart(tmp_path / "out", [Source("m", 0, tmp_path / "p")], [tmp_path / "r"])
    with pytest.raises(InputError, match="there is no such folder"):
        match()


def test_scoring_writes_nothing_beside_what_is_given(tmp_path: Path, capsys) -> None:
    for name in NAMES:
        write(tmp_path / "r" / f"{name}.NII.GZ")
        write(tmp_path / "p" / f"{name}.nii.gz")
    before = {folder: listed(tmp_path / folder) for folder in "rp"}
    arguments = ["--predictions", "p", "--references", "r", "--output", "out", "--cores", "1"]
    code = cli.main(["score", *(str(tmp_path / word) if word in ("p", "r", "out") else word for word in arguments)])
    assert code == 0, capsys.readouterr().err
    assert before == {folder: listed(tmp_path / folder) for folder in "rp"}


def test_reference_that_is_gone_when_its_turn_comes_is_said(tmp_path: Path) -> None:
    reference, prediction = write(tmp_path / "r" / "a.nii.gz"), write(tmp_path / "p" / "a.nii.gz")
    order = one_case.Order("predictions m", tmp_path / "out", inputs.Files(nifti=prediction))
    shutil.rmtree(reference.parent)
    (found,) = one_case.score("a", [order], [reference], Settings({"one": (1,)}, 2), {})
    assert re.search(r"r/a\.nii\.gz can no longer be read \(No such file.*\)\. Is the drive or network", found.text)


def test_file_that_goes_while_it_is_read_is_said(tmp_path: Path, monkeypatch) -> None:
    path = write(tmp_path / "a.nii.gz")

    def break_off(self: GzipStream, buffer: object) -> int:
        path.unlink()
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(GzipStream, "readinto", break_off)
    with pytest.raises(InputError, match=r"Stale file handle.*Is the drive or network folder that holds it still"):
        images.read(path)


def test_folder_that_goes_while_it_is_listed_is_said(tmp_path: Path, match, monkeypatch) -> None:
    def break_off(self: Path) -> None:
        raise OSError(errno.ESTALE, "Stale file handle", str(self))

    write(tmp_path / "r" / "a.nii.gz")
    monkeypatch.setattr(Path, "iterdir", break_off)
    for door in (match, lambda: nnunet.find_cases(tmp_path / "r", 1), lambda: layout.volumes(tmp_path / "r")):
        (tmp_path / "r" / "imagesTr").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=r"can no longer be read \(Stale file handle\). Is the drive or network"):
            door()


def test_ending_of_small_and_capital_letters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.Nii\.gz has the ending \.Nii\.gz, .*Rename it to a\.nii\.gz"):
        given.split_name(tmp_path / "a.Nii.gz")


def test_softening_takes_odd_names(tmp_path: Path, capsys) -> None:
    for name in NAMES:
        labels, soft = write(tmp_path / "in" / f"{name}.NII.GZ"), tmp_path / "out" / f"{name}.soft.nii.gz"
        words = ["--recipe", "ls", "--labels", labels, "--classes", 2, "--output", soft]
        assert cli.main(["soften", *map(str, words)]) == 0, capsys.readouterr().err
        assert images.read_channels(soft)[1].array.argmax() == LABELS.argmax()


def test_own_data_set_takes_odd_names(tmp_path: Path) -> None:
    for name in NAMES:
        write(tmp_path / "imagesTr" / f"{name}_0000.NII.GZ")
        write(tmp_path / "labelsTr" / f"{name}.nii.gz")
    facts = {"channel_names": {"0": "t1"}, "labels": {"background": 0, "one": 1}}
    (tmp_path / "dataset.json").write_text(json.dumps(facts))
    raw = new.look(tmp_path)
    assert {case.id for case in raw.whole} == {"_1_____x_", "case_1", "case.1.2", "Falle_e_u75c5u4f8b"}
    assert not prepare._ill_named(raw.whole)
    source = SimpleNamespace(MODALITIES=("t1",), CLASSES=("background", "one"))
    assert np.array_equal(nnunet.read(raw.whole[0], source).labels[0], LABELS)
    assert set(layout.volumes(tmp_path / "labelsTr")) == set(NAMES)


def test_label_maps_among_the_images_of_nnunet_are_no_channels(tmp_path: Path) -> None:
    write(tmp_path / "imagesTr" / "a.nii.gz")
    for folder, name in (("imagesTr", "a_0000"), ("imagesTr", "a_0001"), ("labelsTr", "a")):
        write(tmp_path / folder / f"{name}.nii.gz")
    (case,) = nnunet.find_cases(tmp_path, 2)
    assert [path.name for path in case.images] == ["a_0000.nii.gz", "a_0001.nii.gz"]


def test_file_of_a_data_set_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.nii\.gz can no longer be read"):
        given.hash_file(tmp_path / "a.nii.gz")


def test_numbers_of_channels_begin_at_0000() -> None:
    assert given.channels_beside(["a", "a_0000", "a_0001"]) == {"a_0000", "a_0001"}
    assert given.channels_beside(["scan", "scan_0001", "scan_0002"]) == set()  # three cases
