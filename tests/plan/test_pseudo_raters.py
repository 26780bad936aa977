"""Wherever raters are no persons, every printed name says pseudo-rater; where they are, none does."""

import importlib
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.text import Text
from softbench import datasets
from softbench.figures import pictures, probability_maps
from softbench.figures.case_rows import CaseRow
from softbench.plan import modules
from softbench.plan.answers import papers
from softbench.plan.bridge import answers
from softbench.plan.plan import Plan
from softbench.rater_names import say_pseudo, say_pseudo_everywhere
from softbench.tables import making
from softbench.tables.view import Given
from softbench.tables.views import comparison

BARE = re.compile(r"(?<![\w-])rater(s?)\b(?!s?_)", re.IGNORECASE)
PSEUDO = ("kits2023", "lidc")
FIGURES = Path(pictures.__file__).parent
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
CAPTIONS = [
    (file.relative_to(FIGURES).with_suffix(""), name)
    for file in sorted(FIGURES.rglob("*.py"))
    for name in re.findall(r"^(CAPTION\w*) = ", file.read_text(), re.MULTILINE)
]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan.read(Path(__file__).parents[2])


def test_sources_whose_raters_are_no_persons_say_why() -> None:
    with_raters = [n for n in datasets.names() if modules.constant_of_source(n, "LABEL_MAPS", 1) > 1]
    said = {name: modules.constant_of_source(name, "PSEUDO_RATERS", "") for name in with_raters}
    assert {name for name, why in said.items() if why} == set(PSEUDO)  # two observers, two graders and phantoms are


def test_tables_and_figures_of_such_data_are_marked_and_no_others(plan: Plan) -> None:
    asked = answers(plan)
    for name in (*plan.tables, *plan.paper_tables):
        of_paper = name in plan.paper_tables
        settings = (asked.papers if of_paper else asked.tables).settings(name)
        pseudo = any(plan.source_of(experiment) in PSEUDO for experiment in plan.experiments_of(name))
        assert settings.get("pseudo_raters", False) == pseudo, name
        assert any(note.startswith("Pseudo-raters: ") for note in settings["notes"]) == pseudo, name
    for name, figure in plan.figures.items():
        pseudo = any(plan.source_of(experiment) in PSEUDO for experiment in figure["experiments"])
        settings = asked.figures.settings(SimpleNamespace(figure=name))
        assert settings.get("pseudo_raters", False) == pseudo, name
    assert asked.papers.settings("svls_2")["pseudo_raters"]


def test_every_name_in_the_files_of_svls_2_is_a_pseudo_rater(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of single sets, of a temperature, notes, choices, heads: whatever stands in any form of the table."""
    given = answers(plan).views.given_of_paper(SimpleNamespace(table="svls_2"))
    blocks = [block | {"missing": "nothing was run", "batches": []} for block in given["settings"]["blocks"]]
    given = {"table": "svls_2", "settings": given["settings"] | {"blocks": blocks}, "needs": {}}
    assert any("(rater 1)" in title and "temperature" in title for title in given["settings"]["titles"].values())
    titles = say_pseudo_everywhere(given["settings"]["titles"])
    assert not [title for title in titles.values() if BARE.search(title)]
    files = [str(tmp_path / f"svls_2.{form}") for form in ("csv", "md", "tex", "html")]
    view = "softbench.tables.views.comparison"
    monkeypatch.setattr("softbench.tables.views.comparison.VIEW", replace(comparison.VIEW, needs=()))
    assert making.make(Given(**given), {view: "code"}, {view: files}, tmp_path / "svls_2.json", print) == []
    for file in map(Path, files):
        _, _, text = file.read_text().partition("\n") if file.suffix == ".csv" else ("", "", file.read_text())
        assert not BARE.search(text), (file.name, [text[m.start() - 40 : m.end() + 20] for m in BARE.finditer(text)])
        assert "One-hot (pseudo-rater 1)" in text
    assert not BARE.search((tmp_path / "svls_2.json").read_text())
    assert "one_hot_rater_1" in (tmp_path / "svls_2.csv").read_text()  # keys stay


def test_rehearsal_with_raters_who_are_persons_says_raters(plan: Plan) -> None:
    settings = answers(plan).papers.settings("svls_2_phantom")
    assert "One-hot (rater 1)" in settings["titles"].values()
    assert papers.pseudo_rater_notes(plan, plan.experiments_of("svls_2_phantom")) == []


def test_every_word_in_a_figure_and_its_caption_is_a_pseudo_rater(tmp_path: Path) -> None:
    case = datasets.phantoms.make("phantom_nodule", 0, size="tiny")
    row = CaseRow("LIDC", case, {"nodule": (1,)}, {"one": case.truth}, {"one": 0.5}, "a case of several raters")
    figure = probability_maps.draw_probabilities([row], {"one": "One-hot (each rater)"}, title="Beside four raters")
    files = [tmp_path / f"shown.{form}" for form in ("png", "txt")]
    caption = probability_maps.CAPTION_OF_PROBABILITIES.format(what="the nodule")
    pictures.save(figure, files, caption, **pictures.said({"pseudo_raters": True}))
    words = [text.get_text() for text in figure.findobj(Text)]
    assert not [word for word in (*words, files[1].read_text()) if BARE.search(word)]
    assert {"pseudo-rater 1", "pseudo-rater 4", "pseudo-raters' mean"} <= set(words)


@pytest.mark.parametrize(("module", "name"), CAPTIONS, ids=str)
def test_captions_are_said_with_pseudo_raters(module: Path, name: str) -> None:
    caption = getattr(importlib.import_module(".".join(("softbench.figures", *module.parts))), name)
    assert not BARE.search(say_pseudo(caption))


def test_every_script_that_saves_a_figure_hands_its_names_on() -> None:
    for script in SCRIPTS.glob("figure_*.py"):
        text = script.read_text()
        assert "**pictures.said(figure)" in text or ".write(snakemake.params" in text or "worked" in script.name, script


def test_words_are_changed_and_keys_are_not() -> None:
    assert say_pseudo("Raters: rater 1's, pseudo-rater 2, one_hot_rater_1, iterater, raters_kl") == (
        "Pseudo-raters: pseudo-rater 1's, pseudo-rater 2, one_hot_rater_1, iterater, raters_kl"
    )
    assert say_pseudo_everywhere({"raters": ("each rater", 1)}) == {"raters": ("each pseudo-rater", 1)}
