"""A setting that cannot be stops `snakemake -n`: one message, the last thing on the screen."""

import re
from collections.abc import Callable

import pytest

CASES = {
    "metric of a table": (
        "tables:\n  demo_brain:\n    columns:\n      - {metric: esc, roi: all}\n", (),
        r"tiny.yaml, line 4: tables\.demo_brain\.columns\.0\.metric is 'esc', .* Did you mean 'ece'\? Known: ece",
    ),
    "value out of its range": (
        "soft_labels:\n  ls:\n    alpha: -0.1\n", (),
        r"tiny.yaml, line 3: soft_labels\.ls\.alpha is -0\.1, but must be a number from 0 to 1 \(share given away\)\.",
    ),
    "experiment of the command line": (
        "shards: 1\n", ("experiments={demo_brian: {seeds: [0]}}",),
        r"--config: experiments\.demo_brian lacks .* Did you mean 'demo_brain'\?",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def clone(make_clone: Callable):
    return make_clone("refused")


@pytest.mark.parametrize("name", CASES)
def test_setting_is_refused_by_one_message_at_the_end(name: str, clone) -> None:
    text, assignments, message = CASES[name]
    (clone.path / "tests" / "workflow" / "tiny.yaml").write_text(text)  # the --configfile of every run of a clone
    given = ["--config", *assignments] if assignments else []
    said = clone.run("-n", "demo_brain", *given, fails=True)
    assert "Traceback" not in said
    assert re.search(message, said.strip().splitlines()[-1]), said
