"""What the report says of its tables: answers, runs, and which file stands where."""

import io
import json

import pandas as pd
import pytest
from softbench.jobs import pieces
from softbench.page import opening, report
from softbench.tables import forms, layout
from softbench.tables.views.results import sheet

METHODS = ["one_hot", "good", "bad", "noise"]  # of the table of conftest.py


def numbers_of(table):
    return pd.read_csv(io.StringIO(forms.text(sheet(table), ".csv")))


def test_answer_names_what_is_beyond_noise_and_nothing_else(build):
    found = opening.answer(numbers_of(build()))
    assert found.better == ("Good_1 (50 %): A DSC, ECE (all voxels)",)
    assert found.worse == ("Bad & <late>: A DSC, ECE (all voxels)",)
    assert found.quiet == ("Noise",)
    assert (found.methods, found.seeds) == (3, 3)
    assert found.tests == build().tests


def test_answer_of_one_seed_is_no_answer(build, scores):
    found = opening.answer(numbers_of(build(scores=scores[scores["seed"] == 0])))
    assert (found.tests, found.better, found.worse, found.quiet) == (0, (), (), ())


def test_best_mean_is_marked_and_explained_and_the_untrained_rows_are_not(build, methods):
    table = build()
    assert layout.best_means(table) >= {(1, 0), (1, 2)}  # `good` has the highest DSC and the lowest ECE
    assert not {place for place in layout.best_means(table) if place[1] == 0} - {(1, 0)}
    untrained = [{**method, "trained": method["key"] != "good"} for method in methods]
    assert (1, 0) not in layout.best_means(build(methods=untrained))
    text = forms.text(sheet(table), ".html")
    assert '<u class="best"><b>0.600</b></u>' in text
    assert layout.LEGEND in text


@pytest.fixture
def batch(tmp_path):
    """One batch: seed 0 done, seed 1 failed."""
    folder = tmp_path / "runs"
    (folder / "seed-0").mkdir(parents=True)
    record = {
        "began": "2026-01-02T03:04:05Z",
        "commit": f"{'0123456789ab' * 3}0123 + 2 changed files",
        "device": "cpu",
        "processor": "P",
    }
    (folder / "seed-0" / "provenance.json").write_text(json.dumps(record))
    seeds = {"0": {"status": "done"}, "1": {"status": "failed", "reason": "loss is nan"}}
    path = folder / "batch-0.json"
    path.write_text(json.dumps({"run": {"method": "good"}, "seeds": seeds}))
    return path


def test_ledger_counts_runs_and_says_where_they_were_made(batch):
    found = opening.read([batch])
    assert (found.done, found.seeds, [one.reason for one in found.failed]) == (1, (0,), ["loss is nan"])
    assert (found.when, found.commits, found.machines) == ("2026-01-02", ("0123456789ab + 2 changed files",), ("P",))
    assert opening.read([batch], untrained=["good"]) == opening.Ledger()
    joint = batch.parents[1] / "sanity.json"  # stands for the record that it lists, which counts once
    path = str(batch.relative_to(joint.parent))
    pieces.write_json(joint, {"pieces": [{"method": "good", "path": path, "hash": pieces.hash_file(batch)}]})
    assert opening.read([joint]) == found
    (batch.parent / "seed-0" / "provenance.json").unlink()
    assert opening.read([batch]).when == ""


def shown(title, state="made", folded=False, files=(), reason=""):
    return {"title": title, "folded": folded, "state": state, "reason": reason, "files": list(map(str, files))}


def test_views_of_one_heading_stand_together_and_one_that_does_not_apply_leaves_none(tmp_path):
    files = [tmp_path / name for name in ("a.html", "a.csv", "ranks_a.html", "ranks_a.png", "ranks_a.txt")]
    for file in files:
        file.write_text(file.name)
    views = [
        shown("Results", files=files[:2]), shown("Ranks", folded=True, files=files[2:3]),
        shown("Truth", "absent"), shown("Ranks", folded=True, files=files[3:]),
    ]  # fmt: skip
    chapter = report.of_table(views, "a", "A")
    assert [(part["id"], part["title"]) for part in chapter["sections"]] == [("a-1", "Results"), ("a-2", "Ranks")]
    ranks = chapter["sections"][1]
    assert (ranks["html"], ranks["figures"], ranks["folded"]) == ("ranks_a.html", [files[3]], True)
    assert ranks["caption"] == "ranks_a.txt"


def test_failed_view_is_open_and_says_why(tmp_path):
    (part,) = report.of_table([shown("Costs", "failed", folded=True, reason="no file x")], "a", "A")["sections"]
    assert (part["note"], part["folded"]) == ("This could not be made: no file x", False)


def test_figure_of_a_paper_stands_with_its_own_caption(tmp_path):
    (tmp_path / "fig_1.txt").write_text("Case 3 of seed 0.\n")
    files = [tmp_path / "fig_1.txt", tmp_path / "fig_1.png"]
    (chapter,) = report.of_figures(files, {"fig_1": "Fig. 1"}, title="Figures", note="n")
    assert report.of_figures(files, {"none": "None"}, title="Figures", note="") == []
    assert chapter["sections"][0]["caption"] == "Case 3 of seed 0."


def write(tmp_path, table, batch, name="index.html"):
    files = [tmp_path / "demo.html", tmp_path / "demo.csv"]
    for file in files:
        forms.write(sheet(table), file)
    view = {
        "title": "Results",
        "folded": False,
        "state": "made",
        "reason": "",
        "place": 1,
        "files": list(map(str, files)),
    }
    (tmp_path / "demo.json").write_text(json.dumps({"views": {"results": view}}))
    facts = {"title": "Demo & more", "data": "Phantom", "methods": METHODS, "untrained": [], "batches": [str(batch)]}
    places = {"record": str(tmp_path / "demo.json"), "numbers": str(files[1])}
    report.write(
        tmp_path / name,
        tables={"demo": facts | places, "later": {**facts, "title": "Later", "record": "no", "numbers": "no"}},
        papers={"svls_1": {**facts, "title": "SVLS, Table 1", "batches": [], "record": "no", "numbers": "no"}},
        figures={},
        cards=[{"title": "Phantom", "licence": "none <made>", "citation": "this suite"}],
        claims="none",
        comparison=[],
        provenance={"commit": "abc"},
    )
    return (tmp_path / name).read_text(encoding="utf-8")


def test_table_that_is_not_finished_is_named(tmp_path, build, batch):
    text = write(tmp_path, build(), batch)
    assert "<strong>Not finished yet:</strong> Later; SVLS, Table 1." in text
    assert 'id="later"' not in text


def test_report_says_what_was_run_what_it_says_and_whose_data_it_is(tmp_path, build, batch):
    text = write(tmp_path, build(title="Demo & more"), batch)
    day = '<span class="unbroken">2026-01-02</span>'
    assert f"4 trained methods on 1 data set, seed 0: 1 run done, 1 failed; {day}; P; commit" in text
    assert '<td data-name="Runs">1 run done, 1 failed</td>' in text
    assert "good, seed 1, failed: loss is nan" in text
    assert f"{day}; P; commit 0123456789ab + 2 changed files" in text
    assert "in any column? Yes. Worse? Yes." in text
    assert "<b>Better</b> <div>\n<div>Good_1 (50 %): A DSC, ECE (all voxels)</div>\n</div>" in text
    assert "<b>Neither</b> <div>\n<div>Noise</div>\n</div>" in text
    assert text.count("works against the ECE") == 1
    assert "softbench explain demo/good/A/dsc" in text
    assert "none &lt;made&gt;" in text
    assert "not run" in text  # the paper's table


def test_report_is_the_same_bytes_again(tmp_path, build, batch):
    assert write(tmp_path, build(), batch) == write(tmp_path, build(), batch, "again.html")
