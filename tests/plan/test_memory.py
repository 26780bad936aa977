"""Memory of training data, as config foretells it, is what training allocates."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from softbench import datasets
from softbench.datasets.prepare import prepare
from softbench.plan import sizes
from softbench.plan.answers import memory
from softbench.plan.plan import Plan
from softbench.soft_labels.produce import produce
from softbench.training.batch import Run
from softbench.training.material import Material

CASES = 3
RUNS = [
    ("demo_brain", "svls"),
    ("demo_nodule", "one_hot_each"),  # four targets a case
    ("demo_nodule", "msvls"),  # one, of all raters
    ("demo_body", "epd_2"),  # a coarser grid
]


@pytest.fixture(scope="module")
def plan(root: Path) -> Plan:
    return Plan.read(root)


@pytest.mark.parametrize(("experiment", "method"), RUNS)
def test_bytes_are_those_that_training_allocates(experiment: str, method: str, plan: Plan, tmp_path: Path) -> None:
    entry, chosen = plan.datasets[plan.dataset_of(experiment)], plan.methods[method]
    settings = {key: value for key, value in entry.items() if key != "source"} | {"cases": CASES}
    log = {"log": lambda line: None}
    prepare.run(entry["source"], None, tmp_path / "data", versions={}, settings=settings, **log)
    of_label = dict(plan.soft_labels[chosen["soft_label"]])
    recipe = of_label.pop("recipe")
    produce(recipe, tmp_path / "data", tmp_path / "soft", settings=of_label, version={}, **log)
    cases = list(datasets.open(tmp_path / "data").cases["case"])
    split = pd.DataFrame({"case": cases, "patient": cases, "part": ["train", "val", "test"]})
    run = {
        "names": dict.fromkeys(["experiment", "dataset", "split", "network", "method"], "x"),
        "network": plan.config["networks"][plan.experiments[experiment]["networks"][0]],
        **{name: chosen[name] for name in ("loss", "raters", "resolution")},
        "protocol": plan.protocol_of(experiment, method),
        "scoring": {"tolerances_mm": [2.0]},
        "versions": {},
    }
    data = Material(Run.of(run), tmp_path / "data", tmp_path / "soft", split, torch.device("cpu"), **log).cached_data
    held = sum(tensor.numel() * tensor.element_size() for tensor in (data.images, data.soft, data.hard))
    assert memory.data_bytes(plan, experiment, method) == held * (memory.training_cases(plan, experiment) or 0)


def test_a_program_in_another_language_has_targets_of_one_rater(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plan.soft_labels["svls"], "recipe", "of_a_program")
    assert memory.data_bytes(plan, "demo_brain", "svls") == memory.data_bytes(plan, "demo_brain", "one_hot")


def test_grid_of_cases_is_that_of_prepared_ones(plan: Plan, tmp_path: Path) -> None:
    for name in ("phantom_brain", "phantom_body"):
        settings = {key: value for key, value in plan.datasets[name].items() if key != "source"} | {"cases": 1}
        prepare.run(name, None, tmp_path / name, versions={}, settings=settings, log=lambda line: None)
        assert tuple(datasets.open(tmp_path / name).cases["shape"][0]) == sizes.case_grid(plan.datasets[name])


def test_grid_is_the_crop_or_the_published_one_and_unknown_where_cases_are_resampled(plan: Plan) -> None:
    assert sizes.case_grid(plan.datasets["brats2019_svls"]) == (128, 192, 192)
    assert sizes.case_grid(plan.datasets["brats2019_svls_code"]) == (155, 240, 240)
    assert sizes.case_grid({"source": "brats2019"}) == (128, 192, 192)  # as its source prepares it
    assert sizes.case_grid({"source": "brats2019", "crop": None, "spacing_mm": [2, 2, 2]}) is None
    assert sizes.case_grid({**plan.datasets["hippocampus"], "spacing_mm": [2, 2, 2]}) is None
    assert sizes.case_grid(plan.datasets["hippocampus"]) == (47, 59, 43)


def test_published_values_count_in_single_precision(plan: Plan) -> None:
    scaled, published = ({"source": "kits2019", "normalise": how} for how in ("zscore", "none"))
    assert [memory._bytes_of_number(dataset) for dataset in (scaled, published)] == [2, 4]


def test_training_cases_follow_from_shares_or_sizes_and_the_published_number(plan: Plan) -> None:
    """888 nodules, of which 218 test; 342 slices; shares of SAROS are of patients with six slices each."""
    assert memory.published_cases(plan, "svls_lidc_paper_nodules") == 670
    assert memory.published_cases(plan, "epd_saros_paper_slices") == 274
    assert memory.published_cases(plan, "epd_saros_paper_split") == round(0.8 * 342)
