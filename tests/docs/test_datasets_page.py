"""docs/datasets.md: fresh, whole and true; the source that it adds as an example works."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from make import datasets as datasets_page
from make import datasets_source
from softbench import InputError, datasets
from softbench.datasets import splits
from softbench.datasets.prepare import prepare

SOURCES = [name for name in datasets.names() if datasets.source(name).ACCESS != "own"]
PUBLISHED = [name for name in SOURCES if datasets.source(name).ACCESS != "made"]
FACTS = datasets_page.collect_source_facts()
CALLS = [(split, made["by"]) for of in FACTS.values() for split, made in of.get("splits", {}).items() if "by" in made]


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    """The page as it is committed."""
    return (root / "docs" / "datasets.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of all tables."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("| ")
    ]


def section_of(name: str, text: str) -> str:
    """A source's part of the page."""
    (found,) = re.findall(rf"^### {name}\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    return found


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of the part that adds a source."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text.split("## Add a source")[1], re.MULTILINE | re.DOTALL)


def test_page_is_fresh(text: str) -> None:
    assert datasets_page.page() == text, "docs/datasets.md is stale: run `make docs`"


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_source_has_its_row_and_section(name: str, text: str) -> None:
    source, section = datasets.source(name), section_of(name, text)
    assert len([row for row in rows(text) if row[0] == f"[`{name}`](#{name})"]) == 1
    assert rows(section)[2:4] == [["licence", source.LICENCE], ["cite", source.CITATION]]
    assert all(f"{key} (" in section for key in source.STRUCTURES)
    assert all(step in section for step in getattr(source, "STEPS", ()))
    assert "**Tried on real files:** " in section


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_setting_says_whose_it_is(name: str) -> None:
    assert set(FACTS[name]["whose"]) == set(datasets_source.settings_of(datasets.source(name)))


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in PUBLISHED])
def test_every_phantom_has_its_row(name: str, text: str) -> None:
    (row,) = (row for row in rows(text) if row[0] == f"`{name}`")
    assert row[-1] == "40 / 24 / 24; tiny 6 / 2 / 4"


def test_stated_sizes_are_those_of_the_committed_files(text: str, root: Path) -> None:
    """Every committed split of a source that is not a phantom is stated; a part `val+test` counts in both."""
    stated = {row[0].strip("`"): row[1] for row in rows(text) if re.fullmatch(r"`[a-z0-9_]+/[a-z0-9_]+`", row[0])}
    files = [file for file in (root / "workflow" / "splits").glob("*/*.csv") if "phantom_" not in file.parent.name]
    assert stated.keys() == {f"{file.parent.name}/{file.stem}" for file in files}
    for file in files:
        with open(file, newline="") as lines:
            counts = Counter(part for row in csv.DictReader(lines) for part in row["part"].split("+"))
        found = " / ".join(str(counts[part]) for part in ("train", "val", "test"))
        assert stated[f"{file.parent.name}/{file.stem}"] == found, file


@pytest.mark.parametrize(("split", "call"), CALLS)
def test_stated_call_makes_the_committed_split(split: str, call: str, root: Path) -> None:
    folder = root / "workflow" / "splits"
    committed, whole = (splits.read(folder / f"{one}.csv") for one in (split, f"{split.split('/')[0]}/main"))
    authors = splits.read(folder / "brats2019_svls" / "authors.csv")
    names: dict[str, Any] = {
        "permuted": splits.permuted,
        "by_patient": splits.by_patient,
        "patients": dict(zip(whole["case"], whole["patient"], strict=True)),
        "authors_train": list(authors.loc[authors["part"] == "train", "case"]),
        "first_five": [f"subject_{number:02d}" for number in range(1, 6)],
    }
    made = eval(call, names)
    unit = "case" if set(made["case"]) <= set(committed["case"]) else "patient"
    part_of = dict(zip(committed[unit], committed["part"], strict=True)) if unit == "case" else {}
    part_of = part_of or dict(zip(committed["patient"], committed["part"], strict=True))
    assert {case: part_of[case] for case in made["case"]} == dict(zip(made["case"], made["part"], strict=True))
    rest = set(committed[unit]) - set(made["case"])
    assert {part_of[one] for one in rest} <= {"test"}  # what the call does not draw is published, and tests


def test_settings_that_are_stated_are_those_of_the_module(text: str) -> None:
    found = {row[0]: row[1] for row in rows(section_of("kits2019", text)) if len(row) == 3}
    assert found["`spacing_mm`"] == "`[3.22, 1.62, 1.62]`"
    assert found["`crop`"] == "`{size: [80, 160, 160], at: centre}`"
    assert "`flare2021_95` (`window: {percentiles: [0.5, 95]}`)" in section_of("flare2021", text)


def test_prepared_size_is_arithmetic(text: str) -> None:
    """BraTS: 335 cases of 128 * 192 * 192 voxels, 4 channels of 4 bytes and a label of 1: 26.9 GB."""
    assert pytest.approx(26.9, abs=0.05) == 335 * 128 * 192 * 192 * 17 / 1e9
    assert "prepared about 27 GB" in section_of("brats2019", text)


def test_source_without_facts_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "names", lambda: [*PUBLISHED, "phantom_brain", "hippocampus"][1:])
    with pytest.raises(InputError, match=f"differ in {PUBLISHED[0]}"):
        datasets_page.collect_source_facts()


def test_tables_are_whole_and_links_lead_somewhere(text: str) -> None:
    tables = re.findall(r"(?:^\| .*\n)+", text, re.MULTILINE)
    assert len(tables) > 2 * len(PUBLISHED)
    for table in tables:
        cells = rows(table)
        assert set(cells[1]) == {"---"}
        assert {len(row) for row in cells} == {len(cells[0])}, table
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_no_tag_is_swallowed(text: str) -> None:
    """GitHub takes `<case>` outside of code for HTML and shows nothing."""
    prose = re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", "", text, flags=re.DOTALL)
    assert re.findall(r"(?<!\\)<\w", prose) == []


@pytest.mark.parametrize("pseudo", [False, True])
def test_manifest_says_raters_and_whether_they_are_pseudo(
    pseudo: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pseudo:
        monkeypatch.setattr(datasets.source("phantom_nodule"), "PSEUDO_RATERS", True, raising=False)
    prepare.run(
        "phantom_nodule", None, tmp_path, versions={}, settings={"size": "tiny", "cases": 1}, log=lambda line: None
    )
    manifest = datasets.open(tmp_path).manifest
    assert (manifest["raters"], manifest["pseudo_raters"], manifest["dropped"]) == (4, pseudo, 0)
    assert all(manifest[fact] for fact in ("title", "licence", "citation", "settings"))


@pytest.fixture(scope="module")
def clone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the suite without results."""
    folder = tmp_path_factory.mktemp("added")
    for part in ("workflow", "envs", "config"):
        shutil.copytree(root / part, folder / part)
    for part in ("Snakefile", "config.yaml"):
        shutil.copy(root / part, folder / part)
    return folder


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six scans of 16 x 20 x 8 voxels (x, y, z), 1 x 1 x 3 mm: liver of 4 x 4 x 2, in it a lesion of 2 x 2 x 2."""
    folder = tmp_path_factory.mktemp("toy_liver")
    labels = np.zeros((16, 20, 8), np.uint8)
    labels[6:10, 8:12, 3:5], labels[6:8, 8:10, 3:5], labels[6, 12, 3:5] = 1, 7, 255
    for number in range(1, 7):
        image = np.random.default_rng(number).normal(40, 20, labels.shape).astype(np.float32)
        for kind, array in (("images", image), ("labels", labels)):
            (folder / kind).mkdir(exist_ok=True)
            nib.save(nib.Nifti1Image(array, np.diag([1, 1, 3, 1])), folder / kind / f"scan_{number}.nii.gz")
    return folder


def test_source_of_the_page_is_added_prepared_and_split(text: str, clone: Path, scans: Path) -> None:
    module, script = blocks(text, "python")
    (entry,) = blocks(text, "yaml")
    (prepare_it,) = blocks(text, "sh")
    path = re.match(r"# (\S+)\n", module)[1]  # type: ignore[index]
    (clone / path).write_text(module)
    (clone / "entry.yaml").write_text(entry)
    prepare_it = prepare_it.replace("/disk/toy_liver", str(scans)).replace(
        "snakemake", f"{sys.executable} -m snakemake"
    )
    call = f"{prepare_it.rstrip()} --configfile entry.yaml"
    environment = {**os.environ, "PYTHONPATH": str(clone / "workflow")}
    done = subprocess.run(call, shell=True, cwd=clone, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run([sys.executable, "-c", script], cwd=clone, env=environment, check=True)
    dataset = datasets.open(clone / "results" / "data" / "toy_liver")
    case = dataset.load("scan_3")
    assert case.images.shape == (1, 8, 16, 16)
    # 3 mm to 1.5 mm: the two labelled slices become four, of 12 liver and 4 lesion voxels each
    assert np.bincount(case.labels.ravel()).tolist() == [8 * 16 * 16 - 4 * 16, 4 * 12, 4 * 4]
    assert (~case.valid).sum() == 4
    assert (dataset.manifest["dropped"], dataset.manifest["pseudo_raters"]) == (1, False)
    counts = splits.read(clone / "workflow" / "splits" / "toy_liver" / "main.csv")["part"].value_counts().to_dict()
    assert counts == {"train": 3, "val": 1, "test": 1}
