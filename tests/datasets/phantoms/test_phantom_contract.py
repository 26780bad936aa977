"""Every phantom: made from a seed alone, and its truth is the probability that its labels are drawn from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import datasets
from softbench.datasets import phantoms, splits
from softbench.datasets.case import Case
from softbench.datasets.prepare import prepare
from softbench.jobs import pieces

NAMES = phantoms.names()
SPLITS = Path(__file__).parents[3] / "workflow" / "splits"


@pytest.fixture(scope="module", params=NAMES)
def made(request: pytest.FixtureRequest) -> tuple[str, list[Case]]:
    """The name of a phantom and a hundred of its cases."""
    return request.param, [phantoms.make(request.param, index, size="tiny") for index in range(100)]


def test_case_has_the_promised_form(made: tuple[str, list[Case]]) -> None:
    name, cases = made
    source, case = datasets.source(name), cases[7]
    shape = source.SIZES["tiny"]
    assert case.id == f"{name}_007"
    assert (case.images.shape, case.images.dtype) == ((len(source.MODALITIES), *shape), np.float32)
    assert (case.labels.shape[1:], case.labels.dtype) == (shape, np.uint8)
    assert case.truth is not None
    assert (case.truth.shape, case.truth.dtype) == ((len(source.CLASSES), *shape), np.float32)
    assert np.isfinite(case.images).all()


def test_affine_has_the_spacing_and_turns_the_axes_round(made: tuple[str, list[Case]]) -> None:
    case = made[1][0]
    dims = len(case.spacing_mm)
    assert case.affine.shape == (dims + 1, dims + 1)
    step = case.affine[:dims, :dims]
    np.testing.assert_allclose(step[::-1], np.diag(case.spacing_mm))  # world x runs along W, the last axis


def test_truth_is_a_distribution(made: tuple[str, list[Case]]) -> None:
    for case in made[1]:
        assert case.truth is not None
        assert case.truth.min() >= 0
        np.testing.assert_allclose(case.truth.sum(axis=0), 1, atol=1e-6)


def test_labels_are_where_the_truth_allows_them(made: tuple[str, list[Case]]) -> None:
    for case in made[1]:
        assert case.truth is not None
        for labels in case.labels:
            assert np.take_along_axis(case.truth, labels[None].astype(np.int64), axis=0).min() > 0


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (0.4, 0.6), (0.7, 0.9)])
def test_labels_are_drawn_from_the_truth(low: float, high: float, made: tuple[str, list[Case]]) -> None:
    name, cases = made
    for class_id, label in enumerate(datasets.source(name).CLASSES):
        probability = np.stack([case.truth[class_id] for case in cases if case.truth is not None])
        share = np.stack([(case.labels == class_id).mean(axis=0) for case in cases])  # of the raters
        chosen = (probability >= low) & (probability <= high)
        assert chosen.sum() > 500, label
        assert abs(share[chosen].mean() - probability[chosen].mean()) < 0.05, label


def test_every_class_is_drawn(made: tuple[str, list[Case]]) -> None:
    name, cases = made
    drawn = np.unique(np.concatenate([np.unique(case.labels) for case in cases]))
    assert list(drawn) == list(range(len(datasets.source(name).CLASSES)))


@pytest.mark.parametrize("name", NAMES)
def test_same_arguments_give_the_same_case_and_others_another(name: str) -> None:
    one, two = (phantoms.make(name, number, 5, size="tiny") for number in (3, f"{name}_003"))
    for part in ("images", "labels", "affine", "truth"):
        np.testing.assert_array_equal(getattr(one, part), getattr(two, part))
    for case, seed in ((4, 5), (3, 6)):
        assert not np.array_equal(one.images, phantoms.make(name, case, seed, size="tiny").images)


@pytest.mark.parametrize("name", NAMES)
def test_prepared_case_is_the_one_that_was_made(name: str, tmp_path: Path) -> None:
    settings = {"size": "tiny", "cases": 2, "normalise": "zscore"}
    prepare.run(name, None, tmp_path, versions={}, settings=settings, workers=1, log=lambda line: None)
    dataset, case = datasets.open(tmp_path), phantoms.make(name, 1, size="tiny")
    read = dataset.load(case.id)
    np.testing.assert_array_equal(read.labels, case.labels)
    np.testing.assert_array_equal(read.affine, case.affine)
    np.testing.assert_allclose(read.truth, case.truth, atol=1 / 65535)
    np.testing.assert_allclose(read.images.mean(axis=tuple(range(1, read.images.ndim))), 0, atol=1e-4)
    row = dataset.cases.iloc[1]
    assert row["raters"] == len(case.labels)
    assert sum(row["voxels"]) == case.labels.size
    assert row["image_sha256"] == pieces.hash_array(case.images)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("suffix", "parts", "more"), [("", (40, 8, 24), 16), ("_tiny", (6, 2, 4), 0)])
def test_committed_split_is_made_by_the_rule_from_the_first_cases(
    name: str, suffix: str, parts: tuple[int, int, int], more: int
) -> None:
    """The first cases are permuted; the cases that follow them validate."""
    first = [phantoms.case_id(name, index) for index in range(sum(parts))]
    later = [phantoms.case_id(name, index) for index in range(sum(parts), sum(parts) + more)]
    split = splits.permuted(dict(zip(first, first, strict=True)), train=parts[0], val=parts[1], test=parts[2])
    added = pd.DataFrame({"case": later, "patient": later, "part": "val"})
    made = pd.concat([split[split["part"] != "test"], added, split[split["part"] == "test"]])
    assert splits.to_csv(made).encode() == (SPLITS / f"{name}{suffix}" / "main.csv").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_split_has_validation_cases_enough_for_a_temperature(name: str) -> None:
    split = splits.read(SPLITS / name / "main.csv")
    assert (split["part"] == "val").sum() >= 24
    assert len(split) == datasets.source(name).CASES
