"""What tables.smk asks: which runs a table shows, its rows and notes, and what stands behind it."""

from typing import Any

from softbench.plan import modules, paths, rows
from softbench.plan.answers.data import Data
from softbench.plan.answers.papers import Papers
from softbench.plan.paths import Run
from softbench.plan.plan import Plan
from softbench.plan.wildcards import Wildcards, pattern

NO_DATA = "Soft labels: none, since there is no data at hand"
PSEUDO_RATERS = "Pseudo-raters: each is put together from annotations of single objects by changing people."
LEAKS = "The split may have a patient's cases in training and test: the scores flatter."


class Tables:
    """Answers to rules about tables; the attributes constrain {table}: any but the papers', any, on phantoms."""

    def __init__(self, plan: Plan, data: Data, papers: Papers) -> None:
        """Read which tables there are."""
        self.plan, self._data, self._papers = plan, data, papers
        self.names, self.all = pattern(plan.tables), pattern([*plan.tables, *plan.paper_tables])
        self.on_phantoms = rows.truth_tables(plan)
        self.with_truth = pattern(self.on_phantoms)

    def batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of all batches that a table shows."""
        return self.batches_of(wildcards.table)

    def batches_of(self, table: str) -> list[str]:
        """Return the same, by the name of the table."""
        return paths.once(path for run in self.plan.runs_of(table) for path in self.plan.batch_files(run))

    def ensembles(self, wildcards: Wildcards) -> list[str]:
        """Return the records of the ensembles that a table shows; none where it shows runs."""
        return paths.ensembles(self.plan.ensembles_of(wildcards.table))

    def ensembles_wanted(self, wildcards: Wildcards) -> list[str]:
        """Return the records of the ensembles that a table shows, or its experiment asks for."""
        return paths.ensembles(self.plan.ensembles_wanted(wildcards.table))

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what decides a table besides its scores: its own settings, and its rows. Margins change no table."""
        return self.settings_of(wildcards.table)

    def settings_of(self, table: str) -> dict[str, Any]:
        """Return the same, by the name of the table."""
        own = {name: value for name, value in self.plan.tables[table].items() if name != "margins"}
        return {**own, "methods": rows.rows_of(self.plan, table), "notes": self._notes(table)}

    def _notes(self, table: str) -> list[str]:
        source = self.plan.source_of(self._experiment(table))
        notes = [modules.licence_note(source)]
        notes += [PSEUDO_RATERS] if modules.has_pseudo_raters(source) else []
        splits = {self.plan.experiments[name]["split"] for name, _, _ in self.plan.runs_of(table)}
        return notes + ([LEAKS] if any(split.startswith("leaky_") for split in splits) else [])

    def _experiment(self, table: str) -> str:
        """Return the experiment that a table shows."""
        experiment: str = self.plan.tables[table]["experiments"][0]
        return experiment

    def _dataset(self, table: str) -> str:
        return self.plan.dataset_of(self._experiment(table))

    def margins(self, wildcards: Wildcards) -> dict[str, float]:
        """Return the largest differences that do not matter, by metric."""
        margins: dict[str, float] = self.plan.tables[wildcards.table].get("margins", {})
        return margins

    def split(self, wildcards: Wildcards) -> str:
        """Return the split of the experiment that a table shows: it says which cases are of one patient."""
        return self._data.split_of(self.plan.runs_of(wildcards.table)[0][0])

    def predictions(self, wildcards: Wildcards) -> list[str]:
        """Return the predictions that the experiments of a table make of its runs: raw first."""
        return rows.predictions_of(self.plan, wildcards.table)

    def truth_settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what decides a table, with its columns of calibration alone."""
        return self.settings(wildcards) | {"columns": rows.calibration_columns(self.plan, wildcards.table)}

    def truth_rows(self, wildcards: Wildcards) -> list[dict[str, str]]:
        """Return the methods that learn their soft label as it is stored."""
        return rows.truth_rows(self.plan, wildcards.table)

    def truth_soft_labels(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of their soft labels."""
        dataset = self._dataset(wildcards.table)
        return [paths.soft_label(dataset, row["soft_label"]) for row in self.truth_rows(wildcards)]

    def data(self, wildcards: Wildcards) -> str:
        """Return the manifest of the prepared data set that a table shows."""
        return paths.dataset(self._dataset(wildcards.table))

    def labels_shown(self, wildcards: Wildcards) -> list[str]:
        """Return the names of the soft labels that a table's methods learn from, each once."""
        methods = [method for _, _, method in self.plan.runs_of(wildcards.table) if method in self.plan.trained()]
        return list(dict.fromkeys(self.plan.methods[method]["soft_label"] for method in methods))

    def soft_labels_shown(self, wildcards: Wildcards) -> list[str]:
        """Return their manifests."""
        dataset = self._dataset(wildcards.table)
        return [paths.soft_label(dataset, label) for label in self.labels_shown(wildcards)]

    def _measured(self, table: str) -> list[tuple[str, str]]:
        """Return the (dataset, soft label) that a table's methods learn from, each once; of a paper's too."""
        pairs = [(one, self.plan.methods[method]["soft_label"]) for one, _, method in self.trained(table)]
        return list(dict.fromkeys((self.plan.dataset_of(experiment), label) for experiment, label in pairs))

    def soft_labels_measured(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the soft labels that a quality table is of."""
        return [paths.soft_label(*pair) for pair in self._measured(wildcards.table)]

    def quality_rows(self, wildcards: Wildcards) -> list[str]:
        """Return what the rows are called: soft labels, after their dataset where there are several."""
        pairs = self._measured(wildcards.table)
        several = len({dataset for dataset, _ in pairs}) > 1
        return [f"{dataset}: {label}" if several else label for dataset, label in pairs]

    def quality_title(self, wildcards: Wildcards) -> str:
        """Return the title of a quality table: of which data."""
        datasets = dict.fromkeys(dataset for dataset, _ in self._measured(wildcards.table))
        return f"Soft labels of {', '.join(datasets)}" if datasets else NO_DATA

    def trained(self, table: str) -> list[Run]:
        """Return the trained runs of a table; of a paper's, those that there is data for."""
        shown = self._papers.runs_at_hand(table) if table in self.plan.paper_tables else self.plan.runs_of(table)
        return [run for run in dict.fromkeys(shown) if self.plan.methods[run[2]]["sanity"] is None]

    def costs(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """Return where the runs and the soft label of each trained method of a table lie."""
        return list(map(self._cost_of, self.trained(wildcards.table)))

    def _cost_of(self, run: Run) -> dict[str, Any]:
        experiment, network, method = run
        return {
            **{"experiment": experiment, "network": network, "method": method},
            **{name: self.plan.methods[method][name] for name in ("title", "control")},
            "batches": self.plan.batch_files(run),
            "soft_label": self.plan.soft_label_of(experiment, method),
        }

    def cost_batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the batches that costs are of."""
        return [path for method in self.costs(wildcards) for path in method["batches"]]

    def cost_soft_labels(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the soft labels that costs are of."""
        return paths.once(method["soft_label"] for method in self.costs(wildcards))

    def title(self, wildcards: Wildcards) -> str:
        """Return the title of a table, or which printed table it is."""
        table = wildcards.table
        title: str = self.plan.tables[table]["title"] if table in self.plan.tables else self._papers.title_of(table)
        return title

    def of_run(self) -> list[str]:
        """Return the tables in `run:` but the papers'."""
        return [table for table in self.plan.config["run"] if table in self.plan.tables]

    def all_batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the batches of all tables in `run:` but the papers', each once."""
        return paths.once(path for table in self.of_run() for path in self.batches_of(table))

    def all_ensembles(self, wildcards: Wildcards) -> list[str]:
        """Return the records of the ensembles that these tables show."""
        return paths.ensembles(dict.fromkeys(run for table in self.of_run() for run in self.plan.ensembles_of(table)))

    def all_ensembles_wanted(self, wildcards: Wildcards) -> list[str]:
        """Return the records of the ensembles that these tables show, or their experiments ask for."""
        wanted = (run for table in self.of_run() for run in self.plan.ensembles_wanted(table))
        return paths.ensembles(dict.fromkeys(wanted))

    def compared(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """Return settings and runs of each table in `run:`."""
        return [
            {
                "table": self.settings_of(table),
                "batches": self.batches_of(table),
                "ensembles": paths.ensembles(self.plan.ensembles_of(table)),
            }
            for table in self.of_run()
        ]
