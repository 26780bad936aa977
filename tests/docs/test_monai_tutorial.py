"""The tutorial of MONAI, typed as it stands, on fewer and smaller volumes."""

import re
from typing import Any

from make.markdown import DOCS

PAGE = DOCS / "tutorials" / "monai.md"
SIZES = 'SIZE, TRAINING, VALIDATION, EPOCHS = "small", 24, 8, 40'


def test_code_runs_and_learns(capsys) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    code = "\n".join(blocks)
    assert SIZES in code
    given: dict[str, Any] = {}
    exec(code.replace(SIZES, 'SIZE, TRAINING, VALIDATION, EPOCHS = "tiny", 4, 2, 3'), given)
    printed = capsys.readouterr().out
    assert "soft label: (3, 16, 24, 24) spacing in mm: [3.2, 1.6, 1.6]" in printed
    assert given["losses"][-1] < given["losses"][0]
    assert [tuple(column) for column in given["metric"].columns] == [
        ("dsc", "kidney"), ("dsc", "tumour"), ("hd95", "kidney"), ("hd95", "tumour"), ("ece", "all"),
    ]  # fmt: skip
    assert "ece of all: 0." in printed
