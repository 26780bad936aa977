"""`make site`: strict, with every page, and without a request to another machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from make.site import pages

ELSEWHERE = re.compile(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["']?(https?:)?//""")


@pytest.mark.torture
def test_site_builds_strictly_and_asks_no_other_machine(root: Path) -> None:
    environment = {"PYTHONPATH": f"{root}/workflow:{root}/docs"}
    for command in (["-m", "make.site"], ["envs/documentation.py"]):
        subprocess.run(
            ["env", *(f"{k}={v}" for k, v in environment.items()), sys.executable, *command], cwd=root, check=True
        )
    site = root / "build" / "site"
    assert all((site / name).with_suffix(".html").exists() for name in pages.every(pages.collect()))
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not ELSEWHERE.search(text), file
        assert 'class="arithmatex"' not in text, file
    assert "MathML" in (site / "methods" / "svls.html").read_text(encoding="utf-8")
