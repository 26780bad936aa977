"""What a reader is shown stays when the job that makes it anew breaks off: Snakemake is told to update it."""

import re
from pathlib import Path

import pytest

SHOWN = ("figures", "pages", "papers", "tables")
BLOCK = re.compile(r"^    output:\n((?:        .*\n)+)", re.MULTILINE)


@pytest.mark.parametrize("name", SHOWN)
def test_every_output_of_a_rule_of_tables_figures_and_pages_is_updated(name: str, root: Path) -> None:
    text = (root / "workflow" / "rules" / f"{name}.smk").read_text()
    blocks = BLOCK.findall(text)
    assert blocks
    for block in blocks:
        assert not re.findall(r'(?<!update\()(?<!update\(multiext\()"results/[^"]+"', block), block


def test_file_of_all_scores_is_updated(root: Path) -> None:
    assert 'update("results/scores{of}.parquet")' in (root / "workflow" / "rules" / "train.smk").read_text()
