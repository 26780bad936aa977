"""A setting that cannot be stops `snakemake -n`: one message, the last thing on the screen."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = {
    "metric of a table": (
        "tables:\n  demo_brain:\n    columns:\n      - {metric: esc, roi: all}\n", (),
        r"mine\.yaml, line 4: tables\.demo_brain\.columns\.0\.metric is 'esc', .* Did you mean 'ece'\? Known: ace, ",
    ),
    "value out of its range": (
        "soft_labels:\n  ls:\n    alpha: -0.1\n", (),
        r"mine\.yaml, line 3: soft_labels\.ls\.alpha is -0\.1, but must be a number from 0 to 1 \(share given away\)\.",
    ),
    "experiment of the command line": (
        "", ("experiments={demo_brian: {seeds: [0]}}",),
        r"--config: experiments\.demo_brian lacks .* Did you mean 'demo_brain'\?",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def clone(make_clone: Callable):
    return make_clone("refused")


IN_PARTS = pytest.mark.xfail(not (ROOT / "config").is_dir(), reason="lines are known once config is read in parts")


@IN_PARTS
@pytest.mark.parametrize("name", CASES)
def test_setting_is_refused_by_one_message_at_the_end(name: str, clone) -> None:
    text, assignments, message = CASES[name]
    (clone.path / "mine.yaml").write_text(text)
    given = ["--configfile", "mine.yaml"] if text else ["--config", *assignments]
    said = clone.run("-n", "demo_brain", *given, fails=True)
    assert "Traceback" not in said
    assert re.search(message, said.strip().splitlines()[-1]), said
