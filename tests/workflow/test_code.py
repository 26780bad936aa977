"""Code and results: what a job notes of its code, what a changed module does, and a comment does not."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RUN = "results/runs/tiny/tiny_unet/svls/batch-0.json"
SVLS = "workflow/softbench/soft_labels/svls.py"
TRAIN = "workflow/scripts/train.py"


@pytest.fixture(scope="module")
def made(make_clone: Callable) -> Any:
    clone = make_clone("code")
    clone.run(RUN)
    return clone


def test_pieces_name_the_code_that_made_them_and_manifests_do_not(made: Any) -> None:
    results = made.path / "results"
    seed = Path(RUN).parent / "seed-0"
    told = [json.loads((made.path / seed / f"{name}.key.json").read_text())["code"] for name in ("model", "scores")]
    assert told[0] == told[1]
    content = json.loads((results / "logs/code" / f"{told[0]}.json").read_text())
    assert set(content["stages"]) == {"train", "score"}
    assert "softbench/networks/compact_unet.py" in content["stages"]["train"]
    assert "softbench/metrics/overlap.py" in content["stages"]["score"]
    for folder in ("data/phantom_brain_tiny", "soft_labels/phantom_brain_tiny/svls"):
        assert sum(json.loads((results / folder / "provenance.json").read_text())["code"].values()) == 12
        assert "code" not in json.loads((results / folder / "manifest.json").read_text())


def test_comment_and_touch_do_nothing_and_a_changed_line_is_told_of_or_looked_at(made: Any) -> None:
    before = (made.path / RUN).read_bytes()

    made.replace(SVLS, "\nVERSION = ", "\n# words\nVERSION = ")
    made.replace(TRAIN, '"""Train and', '"""Learn and')
    os.utime(made.path / "workflow/scripts/soften.py")
    assert made.jobs(RUN) == {}
    assert "has changed" not in made.run(RUN)

    made.replace(SVLS, "\nVERSION = ", "\nADDED = 1\nVERSION = ")
    assert made.jobs(RUN) == {}
    text = made.run(RUN)
    assert "  softbench/soft_labels/svls.py (1 soft labels, 1 trained seeds)\n" in text
    assert "softbench code raise" in text
    assert "has changed" in made.run("-n", RUN)

    made.replace(TRAIN, "    output = Path", "    log('again')\n    output = Path")
    assert made.jobs(RUN) == {"train": 1}
    made.run(RUN)
    assert (made.path / RUN).read_bytes() == before  # its pieces were kept

    made.raise_version("soft_labels/svls.py")
    assert made.jobs(RUN) == {"soften_svls": 1, "train": 1}
    assert "has changed" not in made.run(RUN)
