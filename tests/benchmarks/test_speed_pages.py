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


NUMBER = r"(?:\d+|one|two|three|four|five|six|ten)(?: (?:to|and) [\w ]{1,8})?"
TIMES = re.compile(rf"CPU-(?:minute|second|hour)s?|\b{NUMBER} (?:seconds|minutes)\b")


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
    facts = {"packages": {"python": "3", "monai": "1"}, "commit": "c", "other_programs": 0.26, "rounds": 5}
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
    text = (root / "docs" / "run.md").read_text(encoding="utf-8")
    before, mark, block = text.partition("<!-- speed: made by `make docs` -->")
    changed = before + mark + re.sub(r"\d\.\d\d", "9.99", block, count=1)
    assert changed != text
    assert pages.claims.with_blocks("docs/run.md", changed, machines) == text


@pytest.mark.parametrize("page", ["README.md", "docs/run.md", "docs/demo.md", "docs/hippocampus.md", "docs/cluster.md"])
def test_pages_compare_speeds_between_their_marks_alone(root: Path, page: str) -> None:
    text = (root / page).read_text(encoding="utf-8")
    outside = re.sub(r"<!-- (\w+): made by `make docs` -->.*?<!-- end of \1 -->", "", text, flags=re.DOTALL)
    assert not FASTER.findall(" ".join(outside.split()))


def test_claim_is_the_latest_of_all_machines(pages: ModuleType) -> None:
    earlier, later = made(step(1.25)), made(step(1.5, date="2026-02-01"))
    later["made"]["machine"]["processor"] = "Later"
    text = pages.claims.main_comparisons({"later": later["made"], "earlier": earlier["made"]})
    assert "| 80.0 ms | MONAI's recipe | 120 ms | 1.50 (0.750 to 3.00) | Later, 2 cores |" in text
    assert "1.25" not in text


def test_comparison_that_no_file_holds_is_not_claimed(pages: ModuleType) -> None:
    assert pages.claims.main_comparisons({}).count("\n") == 2  # head and rule
    assert pages.claims.planning({}) == ""


def test_page_without_its_marks_is_refused(pages: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"README\.md lacks the lines <!-- demo"):
        pages.claims.with_blocks("README.md", "a page without marks\n", {})


def test_table_shows_figures_with_their_unit_and_what_was_noted(pages: ModuleType) -> None:
    alone = {"benchmark": "benchmarks/startup.py", "what": "starts", "unit": "CPU s", "ours": 12.3, "peer": None}
    text = pages.cpu.of_cpus(
        made(step(1.5), alone | {"ratio": None, "date": "2026-01-02", "other_programs": "on both cores"})
    )
    assert "### Made, 2 cores" in text
    figures = "| 80.0 ms | MONAI's recipe (b) | 120 ms | 1.50 | 0.750 to 3.00 | 5 |"
    assert f"{figures} 0.3 cores | 2026-01-01 | c | monai 1 | `training.py` |" in text
    assert "| starts | 12.3 CPU s | 5 | on both cores | 2026-01-02 | c |" in text


def test_row_that_was_measured_by_hand_says_so_in_place_of_its_script(pages: ModuleType) -> None:
    text = pages.cpu.of_cpus(made(step(1.5) | {"by": "hand"}))
    assert "| monai 1 | measured by hand |" in text
    assert "`training.py` |" not in text


def test_page_says_how_near_the_losses_of_the_timed_peer_are(pages: ModuleType) -> None:
    compared = step(1.5) | {"loss_difference": 1.72e-6, "loss_steps": 5}
    text = pages.cpu.of_cpus(made(compared, step(1.2, what="phantom")))
    assert "- training step, hippocampus, compact_unet: 1.7e-06 of its value over 5 steps.\n" in text
    assert "- training step, phantom, compact_unet: not compared; in this row its network is the suite's class" in text


def test_table_names_the_benchmarks_that_have_no_row(pages: ModuleType) -> None:
    every = pages.cpu.scripts()
    assert {"demo", "startup", "score_files", "soft_labels", "soft_labels_superpixel", "training_runs"} <= set(every)
    text = pages.cpu.of_cpus(made(step(1.5)))
    assert "Not measured here yet: `demo.py`, " in text
    assert "`training.py`" not in text.partition("\n\n|")[0]


def test_readme_says_how_long_the_demo_takes_from_the_files_alone(pages: ModuleType) -> None:
    facts = {"benchmark": "benchmarks/demo.py", "peer": None, "ratio": None, "unit": "s", "date": "2026-01-01"}
    setup = facts | {"what": "make setup, time on the clock", "ours": 44.0}
    clock = facts | {"what": "make demo, time on the clock", "ours": 210.0}
    both = facts | {"what": "make demo and make demo-all", "ours": 9999.0, "date": "2026-02-01"}
    cpu, first = (
        facts | {"what": "make demo", "ours": 330.0},
        facts | {"what": "first table of make demo", "ours": 75.0},
    )
    assert pages.claims.demo(made(setup, clock, cpu, both, first)) == (
        "`make demo` installs in 44 seconds, then runs for 3.5 minutes (5.5 CPU-minutes) on Made, 2 cores, without "
        "network or GPU; the first table is there after 75 seconds (commit c, 2026-01-01).\n"
    )
    assert "75" not in pages.claims.demo(made(setup, clock, cpu))
    assert pages.claims.demo(made(step(1.5))) == ""


def test_readme_states_no_time_of_a_run_outside_its_marks(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    outside = re.sub(r"<!-- (\w+): made by `make docs` -->.*?<!-- end of \1 -->", "", text, flags=re.DOTALL)
    assert len(outside) < len(text)
    assert not TIMES.findall(" ".join(outside.split()))


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
