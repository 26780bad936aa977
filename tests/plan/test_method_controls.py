"""What a method may differ in from its control, and what is said where an output comes together with a loss."""

from pathlib import Path

import pytest
from softbench.plan import rule_files
from softbench.plan.answers.tables import output_notes
from softbench.plan.bridge import answers
from softbench.plan.config import read
from softbench.plan.config.check import check
from softbench.plan.plan import Plan


@pytest.mark.parametrize(
    "method",
    [
        "soft_label: one_hot, protocol: {learning_rate: 0.02}",
        "soft_label: one_hot, activation: norm_relu",
        "soft_label: one_hot, loss: adaptive_wing, activation: norm_relu",
        "soft_label: svls, protocol: {learning_rate: 0.02}, control: other",
        "soft_label: one_hot, loss: nacl, tune: {alpha: [0.1, 0.2]}, control: one_hot_tuned",
    ],
)
def test_one_difference_or_an_output_with_its_loss_is_accepted(root: Path, tmp_path: Path, method: str) -> None:
    other = "other: {title: Other, soft_label: one_hot, protocol: {learning_rate: 0.02}}"
    (tmp_path / "mine.yaml").write_text(f"methods:\n  {other}\n  mine: {{title: Mine, {method}}}\n")
    check(read(root, (tmp_path / "mine.yaml",)), rule_files.find(root))


def test_table_says_that_output_and_loss_differ_and_what_windows_do(root: Path) -> None:
    plan = Plan.read(root)
    differs, windows = output_notes(plan, "field_hippocampus")
    assert differs.startswith(
        "Adaptive wing and norm-ReLU (tuned) has another output than its control, One-hot (tuned)"
    )
    assert windows.startswith("Adaptive wing and norm-ReLU (tuned): whole images are predicted in windows")
    assert {differs, windows} <= set(answers(plan).tables.settings("field_hippocampus")["notes"])


def test_without_windows_only_the_output_is_told(root: Path) -> None:
    """The brain phantom is predicted whole."""
    (only,) = output_notes(Plan.read(root), "field_brain")
    assert "has another output than its control" in only


def test_methods_with_the_softmax_have_no_note(root: Path) -> None:
    assert output_notes(Plan.read(root), "hippocampus") == []
