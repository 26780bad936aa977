"""What tables.smk asks: which runs a table shows, its rows and notes, what its views are made from, and their files."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

from softbench.errors import in_words
from softbench.lesion_words import counted
from softbench.plan import modules, paths, shown, views
from softbench.plan.answers import papers
from softbench.plan.answers.data import Data
from softbench.plan.answers.papers import Papers
from softbench.plan.calls import by, pattern
from softbench.plan.code.stages import Stages
from softbench.plan.paths import Run
from softbench.plan.plan import Plan
from softbench.plan.views import Declared

FEWEST_IN_COMMON = 2  # methods, for the rankings of two tables to be compared
NO_DATA = "Soft labels: none, since there is no data at hand"
NO_TRUTH = "the true probabilities are known of phantoms alone"
NOTHING_TO_COMPARE = "no method learns its soft label by plain cross-entropy, or no column shows calibration"
WIDER = (
    "These rows stand beside those of more methods in {}. Holm's adjustment counts more differences there, so what is "
    "beyond noise here may be within noise there."
)
TOGETHER = "What is measured against all raters together compares each rater with all others."
OF_RATERS = {  # what a row that is not trained is where a case has several raters, by its kind
    "oracle": "{}: the label map of the first rater scored against every rater, itself included; so its DSC is not 1.",
    "raters": (
        "{}: the label map of each rater scored against that of each other rater, and a case's value is the mean over "
        "all ordered pairs. A method with its DSC agrees with the raters as they agree with each other. Label maps are "
        "certain of every voxel, so its ECE is the share of a region's voxels that two raters label differently."
    ),
}

OUTPUT = (
    "{} has another output than its control, {}, as well as another loss: output and loss come from one paper, and the "
    "difference is of both."
)
WINDOWS = (
    "{}: whole images are predicted in windows (`inference_patch`), and norm-ReLU divides each window by its own "
    "largest value, so that some voxel of every window is certainly foreground."
)


class Tables:
    """Answers to rules about tables; `names` constrains {table}: any but the papers'.

    `wholes` constrains {of}, the end of the names of files that belong to several tables together: nothing for those of
    `run:`, else "_" and the name of a collection.
    """

    def __init__(self, plan: Plan, data: Data, papers: Papers) -> None:
        """Read which tables there are."""
        self.plan, self._data, self._papers = plan, data, papers
        self.names = pattern(plan.tables)
        self._pages = {paths.of_page(page): page for page in (paths.INDEX.stem, *plan.collections)}
        self.wholes = f"(?:{'|'.join(map(re.escape, self._pages))})"

    @by("table")
    def batches(self, table: str) -> list[str]:
        """Return the manifests of all batches that a table shows."""
        return paths.once(path for run in self.plan.runs_of(table) for path in self.plan.batch_files(run))

    @by("table")
    def ensembles(self, table: str) -> list[str]:
        """Return the records of the ensembles that a table shows, or its experiment asks for."""
        return paths.ensembles(self.plan.ensembles_wanted(table))

    @by("table")
    def posthoc(self, table: str) -> list[str]:
        """Return the records of the calibrations and decoders that the experiment of a table asks for."""
        return paths.posthoc(self.plan.posthoc_wanted(table))

    @by("table")
    def split(self, table: str) -> str:
        """Return the split of the experiment that a table shows: it says which cases are of one patient."""
        return self._data.split_of(self.plan.runs_of(table)[0][0])

    @by("table")
    def data(self, table: str) -> str:
        """Return the manifest of the prepared data set that a table shows."""
        return paths.dataset(self.dataset(table))

    def dataset(self, table: str) -> str:
        """Return the data set that a table shows."""
        return self.plan.dataset_of(self.plan.tables[table]["experiments"][0])

    def settings(self, table: str) -> dict[str, Any]:
        """Return what decides a table besides its scores: its own settings, and its rows. Margins change no table."""
        own = {name: value for name, value in self.plan.tables[table].items() if name != "margins"}
        pseudo = {"pseudo_raters": True} if self.plan.pseudo_raters(own["experiments"]) else {}
        return {**own, "methods": shown.table_rows(self.plan, table), "notes": self._notes(table), **pseudo}

    def _notes(self, table: str) -> list[str]:
        experiments = self.plan.tables[table]["experiments"]
        source = self.plan.source_of(experiments[0])
        return [
            modules.licence_note(source),
            *rater_notes(self.plan, table),
            *lesion_notes(self.plan, table),
            *output_notes(self.plan, table),
            *family_notes(self.plan, table),
            *papers.pseudo_rater_notes(self.plan, experiments),
            *papers.split_notes(self.plan, experiments),
        ]

    @by("table")
    def soft_labels(self, table: str) -> list[str]:
        """Return the manifests of the soft labels that a table's methods learn from, and those that costs are of."""
        rows = [row["manifest"] for row in self.labels_shown(table)["rows"]]
        return paths.once([*rows, *(method["soft_label"] for method in self.costs(table))])

    def labels_shown(self, table: str) -> dict[str, Any]:
        """Return the soft labels that a table's methods learn from, each once: `rows`, a `title`, and their `data`."""
        pairs = ((self.plan.dataset_of(run[0]), self.plan.methods[run[2]]["soft_label"]) for run in self.trained(table))
        labels = list(dict.fromkeys(pairs))
        datasets = list(dict.fromkeys(dataset for dataset, _ in labels))
        titles = shown.label_titles(self.plan, (label for _, label in labels))
        rows = [
            {
                "title": f"{dataset}: {titles[label]}" if len(datasets) > 1 else titles[label],
                "dataset": dataset,
                "manifest": paths.soft_label(dataset, label),
            }
            for dataset, label in labels
        ]
        named = (modules.data_card(self.plan.datasets[dataset]["source"])["title"] for dataset in datasets)
        title = f"Soft labels of {', '.join(dict.fromkeys(named))}" if datasets else NO_DATA
        return {"title": title, "data": paths.dataset(datasets[0]) if datasets else None, "rows": rows}

    def runs(self, table: str) -> list[Run]:
        """Return the runs of a table; of a paper's, those that there is data for."""
        of_paper = table in self.plan.paper_tables
        return self._papers.runs_at_hand(table) if of_paper else self.plan.runs_of(table)

    def trained(self, table: str) -> list[Run]:
        """Return those of them that are trained."""
        return [run for run in dict.fromkeys(self.runs(table)) if self.plan.methods[run[2]]["sanity"] is None]

    @by("table")
    def choices(self, table: str) -> list[str]:
        """Return which settings of a table's tuned methods were chosen."""
        return [method["choice"] for method in self.tuned(table)]

    def tuned(self, table: str) -> list[dict[str, str]]:
        """Return the tuned methods of a table, their titles, and where the choice of each lies."""
        return [
            {
                **dict(zip(("experiment", "network", "method"), run, strict=True)),
                "title": self.plan.title_of(run[2]),
                "choice": paths.choice(run),
            }
            for run in self.trained(table)
            if run[2] in self.plan.tried
        ]

    def costs(self, table: str) -> list[dict[str, Any]]:
        """Return where the runs and the soft label of each trained method of a table lie."""
        return [
            {
                **dict(zip(("experiment", "network", "method"), run, strict=True)),
                **{name: self.plan.methods[run[2]][name] for name in ("title", "control")},
                "batches": self.plan.batch_files(run),
                "soft_label": self.plan.soft_label_of(run[0], run[2]),
            }
            for run in self.trained(table)
        ]

    def segmentations(self, table: str) -> list[dict[str, Any]]:
        """Return the experiments whose segmentations stand beside a table, as `figures.segmentations` takes them."""
        ensembles = self.plan.ensembles_of(table) if table in self.plan.tables else ()
        return shown.segmentation_panels(self.plan, self.trained(table), ensembles)

    def title(self, table: str) -> str:
        """Return the title of a table, or which printed table it is."""
        if table in self.plan.paper_tables:
            return self._papers.title(table)
        return str(self.plan.tables[table]["title"])

    def together(self, of: str) -> list[str]:
        """Return the tables of `run:` or of a collection but the papers'; `of` as `wholes`."""
        return [table for table in self.plan.of_page(self._pages[of]) if table in self.plan.tables]

    @by("of")
    def all_batches(self, of: str) -> list[str]:
        """Return the manifests of the batches of all these tables, each once."""
        return paths.once(path for table in self.together(of) for path in self.batches(table))

    @by("of")
    def all_ensembles_wanted(self, of: str) -> list[str]:
        """Return the records of the ensembles that these tables show, or their experiments ask for."""
        wanted = (run for table in self.together(of) for run in self.plan.ensembles_wanted(table))
        return paths.ensembles(dict.fromkeys(wanted))

    @by("of")
    def ranks_compared(self, of: str) -> list[str]:
        """Return the ranks of each of these tables that is compared."""
        return [f"results/tables/ranks_{table}.csv" for table in self.compared(of)]

    @by("of")
    def titles_compared(self, of: str) -> list[str]:
        """Return their titles."""
        return list(map(self.title, self.compared(of)))

    def compared(self, of: str = "") -> list[str]:
        """Return the tables of `run:` or of a collection whose rankings are compared; `of` as `wholes`.

        A table is left out where another of the same experiments shows more of their methods. Each has enough trained
        methods in common with another.
        """
        every = self.together(of)
        runs = {table: set(self.plan.runs_of(table)) for table in every}
        large = [table for table in runs if not any(runs[table] < runs[other] for other in runs)]
        methods = {table: {method for _, _, method in self.trained(table)} for table in large}
        alike = {
            table
            for table, other in itertools.permutations(methods, 2)
            if len(methods[table] & methods[other]) >= FEWEST_IN_COMMON
        }
        return [table for table in every if table in alike]


def rater_notes(plan: Plan, table: str) -> list[str]:
    """Return what is said of the rows of a table that are not trained, where its cases have several raters."""
    experiments = plan.tables[table]["experiments"]
    if not all(map(plan.has_several_raters, experiments)):
        return []
    methods = dict.fromkeys(method for _, _, method in plan.runs_of(table))
    said = {method: OF_RATERS.get(plan.methods[method]["sanity"]) for method in methods}
    if any(plan.experiments[name]["scoring"].get("raters") for name in experiments):
        said |= {m: f"{note} {TOGETHER}" for m, note in said.items() if plan.methods[m]["sanity"] == "raters"}
    return [note.format(plan.title_of(method, experiments)) for method, note in said.items() if note]


def lesion_notes(plan: Plan, table: str) -> list[str]:
    """Return how lesions are counted, where a table shows metrics of them; once for each way of its experiments."""
    if not any(str(column["metric"]).startswith("lesion_") for column in plan.tables[table]["columns"]):
        return []
    usual = modules.constant("metrics/lesions.py", "SETTINGS")
    ways = [usual | plan.experiments[name]["scoring"].get("lesion_matching", {})
            for name in plan.tables[table]["experiments"]]  # fmt: skip
    return list(dict.fromkeys(map(counted, ways)))


def output_notes(plan: Plan, table: str) -> list[str]:
    """Return what is said of methods with another output than the softmax: of their control, and of windows."""
    notes = []
    for experiment, _, name in plan.runs_of(table):
        method, control = plan.methods[name], plan.methods[name]["control"]
        if not method["activation"]:
            continue
        if control is not None and plan.methods[control]["activation"] != method["activation"]:
            notes.append(OUTPUT.format(*map(plan.title_of, (name, control))))
        if plan.protocol_of(experiment, name).get("inference_patch"):
            notes.append(WINDOWS.format(plan.title_of(name)))
    return list(dict.fromkeys(notes))


def family_notes(plan: Plan, table: str) -> list[str]:
    """Return a note that names the tables that show all runs of this one and more, if there are any, smallest first."""
    runs = {name: set(plan.runs_of(name)) for name in plan.tables}
    wider = sorted((name for name in runs if runs[table] < runs[name]), key=lambda name: len(runs[name]))
    named = [f"the table “{plan.tables[name]['title']}” (`snakemake --cores all {name}`)" for name in wider]
    return [WIDER.format(in_words(named))] if named else []


class Views:
    """Answers to the rules `table` and `paper_table`; `outputs` and `outputs_of_papers` are what they write."""

    def __init__(self, plan: Plan, stages: Stages, tables: Tables, papers: Papers) -> None:
        """Read which views there are."""
        self.plan, self._stages, self._tables, self._papers = plan, stages, tables, papers
        self._of = {kind: views.declared(kind) for kind in views.KINDS}
        self.outputs = views.outputs(self._of["methods"], "Tables")
        self.outputs_of_papers = views.outputs(self._of["paper"], "Papers")

    def of(self, table: str) -> Sequence[Declared]:
        """Return the views of a table."""
        return self._of["paper" if table in self.plan.paper_tables else "methods"]

    def files(self, table: str) -> list[str]:
        """Return all files of a table's views, and their record."""
        return [*(file for view in self.of(table) for file in view.files(table)), str(paths.record(table))]

    @by("table")
    def code(self, table: str) -> dict[str, Any]:
        """Return the fingerprint of the code of each view, by its module."""
        more = self._papers.printed_file(table) if table in self.plan.paper_tables else ()
        return {view.dotted: self._stages.view(view.module, *more) for view in self.of(table)}

    @by("table")
    def files_of_views(self, table: str) -> dict[str, list[str]]:
        """Return the files of each view, by its module."""
        return {view.dotted: view.files(table) for view in self.of(table)}

    @by("table")
    def attempt(self, table: str) -> int:
        """Return the how-manieth attempt at a table's views this is; another one than before is a job."""
        return views.attempt(paths.record(table))

    @by("table")
    def given(self, table: str) -> dict[str, Any]:
        """Return what the views of a table are made from, as `tables.view.Given` takes it."""
        tables = self._tables
        needs = {
            "scores": tables.batches(table),
            "ensembles": tables.ensembles(table),
            "predictions": shown.predictions(self.plan, table),
            "margins": self.plan.tables[table].get("margins", {}),
            "split": tables.split(table),
            "soft_labels": tables.labels_shown(table),
            "truth": self._truth(table),
            "costs": tables.costs(table),
            "segmentations": tables.segmentations(table),
            "data": [tables.data(table)],
            "tuning": tables.tuned(table),
            "posthoc": self._posthoc(table),
        }
        return {"table": table, "settings": tables.settings(table), "needs": needs}

    def _posthoc(self, table: str) -> dict[str, Any]:
        """Return the records of a table's calibrations and decoders, what they are, and the plain one-hot method that
        all are compared with (None where the table shows none)."""
        runs = self.plan.posthoc_wanted(table)
        asked = self.plan.posthoc_of(runs[0][0]) if runs else {"calibrations": [], "decoders": []}
        return {"records": paths.posthoc(runs), **asked, "baseline": shown.plain_one_hot(self.plan, runs)}

    def _truth(self, table: str) -> dict[str, Any]:
        """Return the methods and columns that can be set beside the distance to the truth; or why there are none."""
        if not shown.on_phantoms(self.plan, table):
            return {"missing": NO_TRUTH, "columns": [], "rows": []}
        columns, methods = shown.calibration_columns(self.plan, table), shown.truth_rows(self.plan, table)
        if not (columns and methods):
            return {"missing": NOTHING_TO_COMPARE, "columns": [], "rows": []}
        dataset = self._tables.dataset(table)
        rows = [row | {"manifest": paths.soft_label(dataset, row["soft_label"])} for row in methods]
        return {"missing": "", "columns": columns, "rows": rows}

    @by("table")
    def given_of_paper(self, table: str) -> dict[str, Any]:
        """Return the same of a paper's table."""
        needs = {
            "scores": self._papers.batches(table),
            "soft_labels": self._tables.labels_shown(table),
            "costs": self._tables.costs(table),
            "segmentations": self._tables.segmentations(table),
            "data": self._papers.data(table),
        }
        settings = self._papers.settings(table) | {"title": self._tables.title(table)}
        return {"table": table, "settings": settings, "needs": needs}
