"""The tutorial of MONAI, typed as it stands, on fewer and smaller volumes."""

from typing import Any

from make.markdown import DOCS
from make.site import tutorials

PAGE = DOCS / "tutorials" / "monai.md"


def test_code_runs_and_learns(capsys) -> None:
    code = "\n".join(tutorials.blocks(PAGE.read_text(encoding="utf-8")))
    assert 'SIZE, TRAINING, VALIDATION, EPOCHS = "tiny", 4, 2, 3' in code
    given: dict[str, Any] = {}
    exec(code, given)
    printed = capsys.readouterr().out
    assert "soft label: (3, 16, 24, 24) spacing in mm: [3.2, 1.6, 1.6]" in printed
    assert given["losses"][-1] < given["losses"][0]
    assert [tuple(column) for column in given["metric"].columns] == [
        ("dsc", "kidney"), ("dsc", "tumour"), ("hd95", "kidney"), ("hd95", "tumour"), ("ece", "all"),
    ]  # fmt: skip
    assert "ece of all: 0." in printed
