"""What docs/performance.md, its picture, README.md and other pages say of speed is what benchmarks/results holds."""

import copy
import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

FASTER = re.compile(r"\d (?:to [\d.]+ )?times (?:as fast|faster|ours)|faster than|\d x faster")


@pytest.fixture(scope="module")
def machines(root: Path) -> dict[str, Any]:
    files = sorted((root / "benchmarks" / "results").glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, root: Path) -> ModuleType:
    monkeypatch.syspath_prepend(root / "benchmarks")
    for name in ("cpu", "picture"):
        importlib.import_module(f"performance_page.{name}")
    importlib.import_module("performance_page.claims")
    return importlib.import_module("performance_page")


def made(*rows: dict[str, Any]) -> dict[str, Any]:
    machine = {"processor": "Made", "cores": 2}
    facts = {"packages": {"python": "3", "monai": "1"}, "commit": "c", "note": "", "rounds": 5}
    return {"made": {"machine": machine, "rows": [facts | row for row in rows]}}


def step(median: float, *, date: str = "2026-01-01", what: str = "hippocampus") -> dict[str, Any]:
    ratio = {"median": median, "lowest": median / 2, "highest": median * 2}
    peer = {"name": "MONAI's recipe (b)", "figure": 80.0 * median}
    facts = {"benchmark": "benchmarks/training.py", "what": f"training step, {what}, compact_unet", "unit": "ms"}
    return facts | {"ours": 80.0, "peer": peer, "ratio": ratio, "date": date}


def test_blocks_of_all_pages_are_those_of_the_files(pages: ModuleType, machines: dict, root: Path) -> None:
    for name in pages.claims.PAGES:
        text = (root / name).read_text(encoding="utf-8")
        assert pages.claims.with_blocks(name, text, machines) == text, f"{name} is stale: run `make docs`"


def test_figure_that_was_changed_by_hand_is_found(pages: ModuleType, machines: dict, root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    before, mark, block = text.partition("<!-- speed: made by `make docs` -->")
    changed = before + mark + re.sub(r"\d\.\d\d", "9.99", block, count=1)
    assert changed != text
    assert pages.claims.with_blocks("README.md", changed, machines) == text


def test_readme_compares_speeds_between_its_marks_alone(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    outside = re.sub(r"<!-- (\w+): made by `make docs` -->.*?<!-- end of \1 -->", "", text, flags=re.DOTALL)
    assert not FASTER.findall(" ".join(outside.split()))


def test_claim_is_the_latest_of_all_machines(pages: ModuleType) -> None:
    earlier, later = made(step(1.25)), made(step(1.5, date="2026-02-01"))
    later["made"]["machine"]["processor"] = "Later"
    text = pages.claims.readme({"later": later["made"], "earlier": earlier["made"]})
    assert "| 80.0 ms | MONAI's recipe | 120 ms | 1.50 (0.750 to 3.00) | Later, 2 cores |" in text
    assert "1.25" not in text


def test_comparison_that_no_file_holds_is_not_claimed(pages: ModuleType) -> None:
    assert pages.claims.readme({}).count("\n") == 2  # head and rule
    assert pages.claims.planning({}) == ""


def test_page_without_its_marks_is_refused(pages: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"README\.md lacks the lines <!-- speed"):
        pages.claims.with_blocks("README.md", "a page without marks\n", {})


def test_table_shows_figures_with_their_unit_and_what_was_noted(pages: ModuleType) -> None:
    alone = {"benchmark": "benchmarks/startup.py", "what": "starts", "unit": "CPU s", "ours": 12.3, "peer": None}
    text = pages.cpu.of_cpus(made(step(1.5), alone | {"ratio": None, "date": "2026-01-02", "note": "Busy."}))
    assert "### Made, 2 cores" in text
    assert "Rows of 2026-01-02: Busy." in text
    row = "| 80.0 ms | MONAI's recipe (b) | 120 ms | 1.50 | 0.750 to 3.00 | 5 | 2026-01-01 | monai 1 | `training.py` |"
    assert row in text
    assert "| starts | 12.3 CPU s | 5 | 2026-01-02 |" in text


def test_picture_is_fresh(pages: ModuleType, machines: dict, root: Path) -> None:
    with Image.open(root / "docs" / "pictures" / "performance.png") as image:
        shown = image.info["Description"]
    assert shown == pages.picture.shown(machines), "docs/pictures/performance.png is stale: run `make docs`"


def test_picture_changes_with_a_ratio(pages: ModuleType, tmp_path: Path) -> None:
    machines = made(step(1.5), step(0.5, what="phantom"))
    pages.picture.draw(machines, tmp_path / "picture.png")
    changed = copy.deepcopy(machines)
    changed["made"]["rows"][0]["ratio"]["median"] = 1.51
    with Image.open(tmp_path / "picture.png") as image:
        assert image.info["Description"] == pages.picture.shown(machines) != pages.picture.shown(changed)
        assert 1200 < image.width < 1400
