"""A teacher belongs to experiments of its split; what it cannot teach is refused."""

from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan.plan import Plan

CONFIG = """
teachers:
  mine: {method: one_hot, experiments: [mine], seeds: [50]}
soft_labels:
  taught: {recipe: distilled, teacher: mine}
methods:
  taught: {title: Taught, soft_label: taught, control: one_hot}
experiments:
  mine:
    dataset: phantom_nodule
    split: main
    protocol: demo_nodule
    networks: [compact_unet]
    seeds: [0, 1]
    methods: [one_hot, taught]
    scoring: {tolerances_mm: [2.0]}
"""


def plan(root: Path, folder: Path, text: str = CONFIG) -> Plan:
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return Plan.read(root, [file])


def test_teacher_has_the_experiment_of_a_data_set_and_two_folds(root: Path, tmp_path: Path) -> None:
    found = plan(root, tmp_path)
    assert found.teachers["mine"]["folds"] == 2
    assert found.teacher_experiment("mine", "phantom_nodule") == "mine"
    assert found.teacher_experiment("mine", "phantom_brain") is None
    assert "taught" not in found.methods_of("demo_brain")


SECOND = """  other:
    like: mine
    split: {split}
    methods: [one_hot, taught]
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("method: one_hot,", "method: taught,", "teachers.mine.method is 'taught', which learns from a teacher itself"),
        ("method: one_hot,", "method: chance,", "teachers.mine.method is 'chance', which is not trained"),
        ("method: one_hot,", "method: epd_2,", "which trains on a coarser grid"),
        ("experiments: [mine]", "experiments: [demo_brain]", "has no experiment of the data set 'phantom_nodule'"),
        ("experiments: [mine]", "experiments: [mine, demo_nodule]", "is 'demo_nodule', of the data set"),
        (", teacher: mine", "", "teacher"),
        (", teacher: mine", ", teacher: yours", "taught.teacher is 'yours', which does not exist"),
        ("seeds: [50]", "seeds: [50], folds: 1", "teachers.mine.folds"),
    ],
)
def test_what_cannot_teach_is_refused(root: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        plan(root, tmp_path, CONFIG.replace(old, new, 1))
    assert said in str(error.value)


def test_experiment_of_another_split_may_not_learn_from_it(root: Path, tmp_path: Path) -> None:
    plan(root, tmp_path, CONFIG + SECOND.format(split="main"))
    with pytest.raises(InputError, match="whose teacher learned on the split 'main' of"):
        plan(root, tmp_path, CONFIG + SECOND.format(split="another"))
