"""Ensembles and sanity rows of an experiment, each kind in one job: killed, with one changed, with one failing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from softbench import InputError, datasets
from softbench.datasets.prepare import prepare
from softbench.jobs import pieces
from softbench.soft_labels.produce import produce
from softbench.tables import assemble
from softbench.training import ensemble, sanity, scoring
from softbench.training.batch import Batch, Run, run_batch

NAMES = {"experiment": "e", "dataset": "made", "split": "main", "network": "small"}
METHODS = {"one_hot": "ce", "focal": "focal", "l1": "l1"}  # and their losses
SPLIT = pd.DataFrame(
    [(f"phantom_brain_{n:03d}", f"phantom_brain_{n:03d}", p) for n, p in enumerate(["train", "train", "val", "test"])],
    columns=["case", "patient", "part"],
)
KINDS = ("chance", "oracle")
CPU = torch.device("cpu")
Make = Callable[..., list[str]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    settings = {"size": "tiny", "cases": 4}
    prepare.run("phantom_brain", None, folder / "data", versions={}, settings=settings, log=lambda line: None)
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)
    return folder


def settings_of(method: str) -> dict[str, Any]:
    return {
        "names": {**NAMES, "method": method},
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": METHODS[method],
        "protocol": {"steps": 2, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01},
        "scoring": {"tolerances_mm": [2.0], "temperature": True},
        "versions": {"training": {}, "scoring": {}},
    }


def train(data: Path, folder: Path, method: str, seeds: tuple[int, ...] = (0, 1)) -> None:
    """Train seeds of a method; of a set that is there, only the new ones."""
    run = Run.of(settings_of(method))
    batch = Batch(run, data / "data", data / "soft", SPLIT, CPU, lambda line: None)
    run_batch(batch, seeds, folder / method, folder / method / "batch-0.json")


@pytest.fixture
def ensembles(data: Path, tmp_path: Path) -> Make:
    """Three methods of two seeds; what it gives makes their ensembles, and returns what was said."""
    for method in METHODS:
        train(data, tmp_path, method)

    def make() -> list[str]:
        said: list[str] = []
        methods = [
            {
                "run": settings_of(method),
                "soft_label": str(data / "soft" / "manifest.json"),
                "batches": [str(tmp_path / method / "batch-0.json")],
            }
            for method in METHODS
        ]
        ensemble.run_all(methods, data / "data", SPLIT, {}, tmp_path / "ensembles.json", CPU, said.append)
        return said

    return make


@pytest.fixture
def rows(data: Path, tmp_path: Path) -> Make:
    """What it gives scores chance and oracle under some VERSIONs, and returns what was said."""

    def make(**versions: dict[str, int]) -> list[str]:
        said: list[str] = []
        asked = [
            {
                "kind": kind,
                "names": {**NAMES, "method": kind},
                "scoring": {"tolerances_mm": [2.0]},
                "versions": versions.get(kind, {}),
                "seed": 0,
            }
            for kind in KINDS
        ]
        sanity.run_all(asked, datasets.open(data / "data"), SPLIT, tmp_path / "sanity.json", said.append)
        return said

    return make


def times(folder: Path, piece: str = "ensemble") -> dict[str, int]:
    """When the scores of each method's piece were written."""
    return {path.parts[-3]: path.stat().st_mtime_ns for path in folder.glob(f"*/{piece}/scores.parquet")}


def stop_before(monkeypatch: pytest.MonkeyPatch, method: str, error: BaseException) -> None:
    """Let the scoring of one method raise."""
    fill = scoring.fill_scores

    def or_stop(*arguments: Any, **named: Any) -> dict[str, Any]:
        if any(isinstance(one, dict) and one.get("method") == method for one in arguments):
            raise error
        return fill(*arguments, **named)

    for module in (scoring, sanity):
        monkeypatch.setattr(module, "fill_scores", or_stop)


def test_ensembles_are_those_that_each_method_makes_alone(ensembles: Make, data: Path, tmp_path: Path) -> None:
    said = ensembles()
    assert [line for line in said if "ensemble of" in line] == [f"{method}: ensemble of 2 seeds" for method in METHODS]
    runs = assemble.read([tmp_path / method / "batch-0.json" for method in METHODS], [tmp_path / "ensembles.json"])
    assert [(one.method, one.seeds) for one in runs.ensembles] == [(method, (0, 1)) for method in METHODS]
    for method in METHODS:
        together = pd.read_parquet(tmp_path / method / "ensemble" / "scores.parquet")
        record = (tmp_path / method / "ensemble.json").read_bytes()
        (tmp_path / method / "ensemble" / "scores.key.json").unlink()
        batch = Batch(Run.of(settings_of(method)), data / "data", data / "soft", SPLIT, CPU, lambda line: None)
        ensemble.run(batch, [tmp_path / method / "batch-0.json"], {}, tmp_path / method / "ensemble.json")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / method / "ensemble" / "scores.parquet"), together)
        assert (tmp_path / method / "ensemble.json").read_bytes() == record


def test_data_are_compared_with_their_hashes_once(ensembles: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from softbench.datasets import folder

    hashed: list[str] = []
    whole = folder.hash_arrays
    monkeypatch.setattr(folder, "hash_arrays", lambda *given: hashed.append("case") or whole(*given))
    ensembles()
    assert len(hashed) == 2  # one validation and one test case, of three methods


def test_killed_job_goes_on_with_what_is_missing(
    ensembles: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensembles()
    undisturbed = (tmp_path / "ensembles.json").read_bytes()
    for path in [tmp_path / "ensembles.json", *tmp_path.glob("*/ensemble/scores.key.json")]:
        path.unlink()
    with monkeypatch.context() as patch:
        stop_before(patch, "focal", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            ensembles()
    assert not (tmp_path / "ensembles.json").exists()
    before = times(tmp_path)
    ensembles()
    after = times(tmp_path)
    assert [method for method in METHODS if after[method] == before[method]] == ["one_hot"]
    assert (tmp_path / "ensembles.json").read_bytes() == undisturbed


def test_one_changed_method_makes_its_ensemble_alone(ensembles: Make, data: Path, tmp_path: Path) -> None:
    ensembles()
    before, listed = times(tmp_path), json.loads((tmp_path / "ensembles.json").read_text())["pieces"]
    train(data, tmp_path, "focal", (0, 1, 2))
    said = ensembles()
    after, now = times(tmp_path), json.loads((tmp_path / "ensembles.json").read_text())["pieces"]
    assert [method for method in METHODS if after[method] != before[method]] == ["focal"]
    assert said[0] == "focal: ensemble of 3 seeds"
    assert [one["method"] for one, other in zip(now, listed, strict=True) if one != other] == ["focal"]
    assert ensembles() == []


def test_failing_method_is_named_after_the_others_are_scored(
    ensembles: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one_hot" / "seed-1" / "model.pt").unlink()
    with pytest.raises(InputError, match=r"1 of 3 methods failed\. one_hot: .*seed-1/model\.pt is missing"):
        ensembles()
    assert set(times(tmp_path)) == {"focal", "l1"}
    assert not (tmp_path / "ensembles.json").exists()
    before = times(tmp_path)
    stop_before(monkeypatch, "one_hot", RuntimeError("out of luck"))
    monkeypatch.setattr(ensemble, "_load", lambda *given: None)
    with pytest.raises(ExceptionGroup, match=r"one_hot"):
        ensembles()
    assert times(tmp_path) == before


def test_method_without_enough_seeds_is_recorded_and_the_job_succeeds(
    ensembles: Make, data: Path, tmp_path: Path
) -> None:
    train(data, tmp_path, "l1", (0,))
    said = ensembles()
    assert "l1: no ensemble: it needs 2 finished seeds, and there is 1." in said
    runs = assemble.read([tmp_path / method / "batch-0.json" for method in METHODS], [tmp_path / "ensembles.json"])
    assert [one.method for one in runs.ensembles if one.reason] == ["l1"]


def test_sanity_rows_are_listed_and_one_changed_is_scored_alone(rows: Make, tmp_path: Path) -> None:
    rows()
    undisturbed, before = (tmp_path / "sanity.json").read_bytes(), times(tmp_path, "seed-0")
    assert set(before) == set(KINDS)
    rows()
    assert (tmp_path / "sanity.json").read_bytes() == undisturbed
    rows(oracle={"metrics/overlap.py": 2})
    after = times(tmp_path, "seed-0")
    assert (after["chance"], after["oracle"] > before["oracle"]) == (before["chance"], True)
    assert (tmp_path / "sanity.json").read_bytes() != undisturbed
    scores = assemble.read([tmp_path / "sanity.json"]).scores
    assert list(dict.fromkeys(scores["method"])) == list(KINDS)


def test_damaged_scores_of_a_row_name_the_manifest_to_delete(rows: Make, tmp_path: Path) -> None:
    rows()
    path = tmp_path / "oracle" / "seed-0" / "scores.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(
        InputError, match=rf"scores\.parquet is damaged.*Delete it: `rm \S+ {tmp_path / 'sanity.json'}`, then"
    ):
        assemble.read([tmp_path / "sanity.json"])
    path.unlink()
    rows()
    assert pieces.read_record(path.parent, "scores") is not None
    assert set(assemble.read([tmp_path / "sanity.json"]).scores["method"]) == set(KINDS)
