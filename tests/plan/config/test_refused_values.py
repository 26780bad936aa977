"""Values of another type or range are refused where they stand, in files and on the command line."""

from pathlib import Path

import pytest
from softbench.plan.config import read

from .conftest import PROTOCOL, accept, assert_refused, refusal

REFUSED = {
    "negative share": (
        "soft_labels:\n  ls: {alpha: -0.1}  # here",
        "soft_labels.ls.alpha",
        "is -0.1, but must be a number from 0 to 1 (share given away).",
    ),
    "decimal comma": (
        'soft_labels:\n  ls: {alpha: "0,1"}  # here',
        "soft_labels.ls.alpha",
        "Write it with a point: 0.1.",
    ),
    "decimal comma of a map": (
        'maps:\n  slic: {compactness: "0,1"}  # here',
        "maps.slic.compactness",
        "Write it with a point: 0.1.",
    ),
    "true for a number": (
        "maps:\n  slic: {count: true}  # here",
        "maps.slic.count",
        "is true, but must be a whole number from 1 on",
    ),
    "broken number": (
        "maps:\n  slic: {count: 2.5}  # here",
        "maps.slic.count",
        "is 2.5, but must be a whole number from 1 on",
    ),
    "infinity": (
        PROTOCOL + "    steps: 3\n    weight_decay: .inf  # here",
        "protocols.mine.weight_decay",
        "is inf, but",
    ),
    "number for a text": (
        "methods:\n  mine: {title: 5, soft_label: ls}  # here",
        "methods.mine.title",
        "must be a text",
    ),
    "widths of a network": (
        "networks:\n  mine: {name: compact_unet, widths: [8, 16.5]}  # here",
        "networks.mine.widths.1",
        "a whole number",
    ),
    "seeds twice": ("seeds: [0, 1, 1]  # here", "seeds.2", "is 1, which is in the list already."),
    "negative seed": ("seeds: [-1]  # here", "seeds.0", "is -1, but must be a whole number from 0 on."),
    "no seeds": ("seeds: []  # here", "seeds", "is [], but must be a list of one or more whole numbers from 0 on"),
    "seeds a job": ("seeds_per_job: 0  # here", "seeds_per_job", "is 0, but must be all or a whole number from 1 on"),
    "negative seeds a job": ("seeds_per_job: -2  # here", "seeds_per_job", "is -2, but must be all or a whole number"),
    "device": ("device: cpuu  # here", "device", "is 'cpuu', but must be auto, cpu or cuda (where networks run). Did"),
    "window upside down": (
        "datasets:\n  mine:\n    source: kits2019\n    window: {hu: [300, -80]}  # here",
        "datasets.mine.window.hu",
        "is [300, -80], but must be a list of 2 numbers, the lower first",
    ),
    "two windows": (
        "datasets:\n  mine:\n    source: kits2019\n    window: {hu: [0, 9], percentiles: [1, 99]}  # here",
        "datasets.mine.window",
        "must hold one of hu, percentiles, windows_hu, but holds hu, percentiles.",
    ),
    "unknown raters": (
        "methods:\n  mine: {soft_label: ls, raters: frist}  # here",
        "methods.mine.raters",
        "mean 'first'?",
    ),
    "missing key": (
        "networks:\n  mine: {name: unet3d}  # here",
        "networks.mine",
        "lacks 'widths'.",
    ),
    "name with a capital": (
        "methods:\n  Mine: {soft_label: ls}  # here",
        "methods.Mine",
        "must be made of a to z, 0 to 9",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_setting_is_refused_where_it_stands(kind: str, root: Path, tmp_path: Path) -> None:
    assert_refused(*REFUSED[kind], root, tmp_path)


@pytest.mark.parametrize(
    ("assignment", "path", "said"),
    [
        ("experiments={demo_brian: {seeds: [0]}}", "experiments.demo_brian", "Did you mean 'demo_brain'?"),
        ("soft_labels={ls: {alpha: -0.1}}", "soft_labels.ls.alpha", "is -0.1, but must be a number from 0 to 1"),
        ("sead=[1]", "sead", "Did you mean 'seeds'?"),
        ("run=[hipocampus]", "run.0", "Did you mean 'hippocampus'?"),
        ("seeds_per_job=none", "seeds_per_job", "is 'none', but must be all or a whole number from 1 on"),
    ],
)
def test_setting_of_the_command_line_is_refused(assignment: str, path: str, said: str, root: Path) -> None:
    found = refusal(read(root, (), (assignment,)), root)
    assert found.startswith(f"--config: {path} "), found
    assert said in found


def test_first_fault_by_line_is_told(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("methods:\n  mine: {soft_label: svsl}\ndevice: cpuu\nsead: [1]\n", encoding="utf-8")
    assert refusal(read(root, (file,)), root).startswith(f"{file}, line 2: methods.mine.soft_label ")


def test_every_shipped_setting_passes(root: Path) -> None:
    accept(read(root), root)
