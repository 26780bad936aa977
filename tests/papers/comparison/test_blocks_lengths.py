"""What the batches of a block tell of their training stands under its table."""

import json
from dataclasses import asdict
from pathlib import Path

from softbench.length import Length
from softbench.papers import published
from softbench.papers.comparison import blocks
from softbench.papers.comparison import build as beside
from softbench.papers.comparison.build import Block
from softbench.papers.comparison.notes import footnotes

FACTS = {"training": {"cases": 6, "steps": 30, "precision": "fp32"}}


def group(length: Length, *methods: str) -> dict:
    return {"methods": list(methods), "titles": [name.upper() for name in methods], "length": asdict(length)}


def test_steps_come_from_the_runs_where_the_split_is_made_from_the_data() -> None:
    one = group(Length(2, epochs=10), "ce")
    assert blocks.sentences([one], {}) == ("Training: batch 2, 10 epochs: as many steps as the data decides.",)
    assert blocks.sentences([one], {"ce": [FACTS]}) == (
        "Training: 6 training cases, batch 2, 10 epochs: 30 steps.",
        "Precision of the activations in these runs: fp32.",
    )


def test_groups_of_several_lengths_name_their_methods() -> None:
    found = blocks.sentences(
        [group(Length(16, 100, 200, 32), "full"), group(Length(96, 100, 100, 32), "half", "quarter")], {}
    )
    assert found[0] == "Training of FULL: 32 training cases, batch 16, 100 epochs: 200 steps."
    assert found[1].startswith("Training of HALF, QUARTER: 32 training cases, batch 96,")


def test_every_precision_that_was_used_is_named() -> None:
    seeds = {"ce": [FACTS, {"training": {**FACTS["training"], "precision": "bf16"}}, {}]}
    assert "bf16 and fp32" in blocks.sentences([group(Length(2, steps=30), "ce")], seeds)[-1]


def test_what_a_block_tells_stands_under_the_table(tmp_path: Path) -> None:
    block = Block("brats2019_svls", told=("Training: batch 2: 30 steps.",), note="failed runs: 1.")
    lines = footnotes(beside.build(published.read("svls_1"), [block]))
    assert "BraTS 2019: Training: batch 2: 30 steps." in lines
    assert "BraTS 2019: failed runs: 1." in lines
    assert lines.index("BraTS 2019: failed runs: 1.") < lines.index("BraTS 2019: Training: batch 2: 30 steps.")


def test_failed_seeds_tell_nothing(tmp_path: Path) -> None:
    from softbench.papers.comparison.blocks import _seeds

    seeds = {"0": {"status": "failed", "reason": "nan"}, "1": {"status": "done", **FACTS}}
    path = tmp_path / "batch-0.json"
    path.write_text(json.dumps({"run": {"method": "ce"}, "seeds": seeds}))
    assert _seeds([str(path)]) == {"ce": [{"status": "done", **FACTS}]}
