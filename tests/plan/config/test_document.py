"""The examples of docs/config.md are config as the suite reads it."""

import re
import shutil
from pathlib import Path

from softbench.plan.plan import Plan


def test_examples_are_read_and_make_what_the_page_says(root: Path, tmp_path: Path) -> None:
    for part in ("config", "workflow/rules", "workflow/splits"):
        shutil.copytree(root / part, tmp_path / part)
    shutil.copy(root / "config.yaml", tmp_path)
    text = (root / "docs" / "config.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for number, example in enumerate(examples):
        (tmp_path / f"{number}.yaml").write_text(example, encoding="utf-8")
    plan = Plan.read(tmp_path, [f"{number}.yaml" for number in range(len(examples))])
    assert plan.methods_of("hippocampus") == ["one_hot", "svls", "svls_sigma_05", "svls_sigma_2"]
    assert plan.figures["by_sigma"]["points"] == {
        0: "one_hot", 0.5: "svls_sigma_05", 1: "svls", 2: "svls_sigma_2",
    }  # fmt: skip
    assert plan.seeds_of("hippocampus") == [0, 1]
    assert plan.maps["coarse"] == {"map": "slic", "count": 750}
    assert plan.soft_labels["coarse"] == {**plan.soft_labels["superpixel"], "map": "coarse"}
    assert plan.datasets["mine"] == {**plan.datasets["brats2019_svls"], "normalise": "zscore"}
    assert plan.experiments["mine_phantom"]["seeds"] == [0]
