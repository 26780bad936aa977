"""What tables.smk asks: which runs a table shows, its rows and notes, and what stands behind it."""

from typing import Any

from softbench.plan import modules, paths, rows, shown
from softbench.plan.answers.data import Data
from softbench.plan.answers.papers import Papers
from softbench.plan.notes import rater_notes
from softbench.plan.paths import Run
from softbench.plan.plan import Plan
from softbench.plan.wildcards import Wildcards, pattern

NO_DATA = "Soft labels: none, since there is no data at hand"
PSEUDO_RATERS = "Pseudo-raters: each is put together from annotations of single objects by changing people."
LEAKS = "The split may have a patient's cases in training and test: the scores flatter."


class Tables:
    """Answers to rules about tables; `names` constrains {table}: any but the papers'."""

    def __init__(self, plan: Plan, data: Data, papers: Papers) -> None:
        """Read which tables there are."""
        self.plan, self._data, self._papers = plan, data, papers
        self.names = pattern(plan.tables)

    def batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of all batches that a table shows."""
        return self.batches_of(wildcards.table)

    def batches_of(self, table: str) -> list[str]:
        """Return the same, by the name of the table."""
        return paths.once(path for run in self.plan.runs_of(table) for path in self.plan.batch_files(run))

    def ensembles(self, wildcards: Wildcards) -> list[str]:
        """Return the records of the ensembles that a table shows, or its experiment asks for."""
        return self.ensembles_of(wildcards.table)

    def ensembles_of(self, table: str) -> list[str]:
        """Return the same, by the name of the table."""
        return paths.ensembles(self.plan.ensembles_wanted(table))

    def settings_of(self, table: str) -> dict[str, Any]:
        """Return what decides a table besides its scores: its own settings, and its rows. Margins change no table."""
        own = {name: value for name, value in self.plan.tables[table].items() if name != "margins"}
        return {**own, "methods": rows.rows_of(self.plan, table), "notes": self._notes(table)}

    def _notes(self, table: str) -> list[str]:
        source = self.plan.source_of(self._experiment(table))
        notes = [modules.licence_note(source)]
        notes += rater_notes(self.plan, self.plan.tables[table]["experiments"])
        notes += [PSEUDO_RATERS] if modules.has_pseudo_raters(source) else []
        splits = {self.plan.experiments[name]["split"] for name, _, _ in self.plan.runs_of(table)}
        return notes + ([LEAKS] if any(split.startswith("leaky_") for split in splits) else [])

    def _experiment(self, table: str) -> str:
        """Return the experiment that a table shows."""
        experiment: str = self.plan.tables[table]["experiments"][0]
        return experiment

    def dataset_of(self, table: str) -> str:
        """Return the data set that a table shows."""
        return self.plan.dataset_of(self._experiment(table))

    def margins_of(self, table: str) -> dict[str, float]:
        """Return the largest differences that do not matter, by metric."""
        margins: dict[str, float] = self.plan.tables[table].get("margins", {})
        return margins

    def split(self, wildcards: Wildcards) -> str:
        """Return the split of the experiment that a table shows: it says which cases are of one patient."""
        return self.split_of(wildcards.table)

    def split_of(self, table: str) -> str:
        """Return the same, by the name of the table."""
        return self._data.split_of(self.plan.runs_of(table)[0][0])

    def data(self, wildcards: Wildcards) -> str:
        """Return the manifest of the prepared data set that a table shows."""
        return paths.dataset(self.dataset_of(wildcards.table))

    def soft_labels(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the soft labels that a table's methods learn from, and those that costs are of."""
        table = wildcards.table
        shown = [row["manifest"] for row in self.soft_labels_of(table)["rows"]]
        return paths.once([*shown, *(method["soft_label"] for method in self.costs_of(table))])

    def soft_labels_of(self, table: str) -> dict[str, Any]:
        """Return the soft labels that a table's methods learn from, each once: `rows`, a `title`, and their `data`."""
        pairs = [(one, self.plan.methods[method]["soft_label"]) for one, _, method in self.trained(table)]
        found = list(dict.fromkeys((self.plan.dataset_of(experiment), label) for experiment, label in pairs))
        datasets = list(dict.fromkeys(dataset for dataset, _ in found))
        titles = shown.label_titles(self.plan, (label for _, label in found))
        rows = [
            {
                "title": f"{dataset}: {titles[label]}" if len(datasets) > 1 else titles[label],
                "dataset": dataset,
                "manifest": paths.soft_label(dataset, label),
            }
            for dataset, label in found
        ]
        named = (modules.data_card(self.plan.datasets[dataset]["source"])["title"] for dataset in datasets)
        title = f"Soft labels of {', '.join(dict.fromkeys(named))}" if datasets else NO_DATA
        return {"title": title, "data": paths.dataset(datasets[0]) if datasets else None, "rows": rows}

    def trained(self, table: str) -> list[Run]:
        """Return the trained runs of a table; of a paper's, those that there is data for."""
        shown = self._papers.runs_at_hand(table) if table in self.plan.paper_tables else self.plan.runs_of(table)
        return [run for run in dict.fromkeys(shown) if self.plan.methods[run[2]]["sanity"] is None]

    def costs_of(self, table: str) -> list[dict[str, Any]]:
        """Return where the runs and the soft label of each trained method of a table lie."""
        return list(map(self._cost_of, self.trained(table)))

    def _cost_of(self, run: Run) -> dict[str, Any]:
        experiment, network, method = run
        return {
            **{"experiment": experiment, "network": network, "method": method},
            **{name: self.plan.methods[method][name] for name in ("title", "control")},
            "batches": self.plan.batch_files(run),
            "soft_label": self.plan.soft_label_of(experiment, method),
        }

    def segmentations_of(self, table: str) -> list[dict[str, Any]]:
        """Return the experiments whose segmentations stand beside a table, as `figures.segmentations` takes them."""
        ensembles = self.plan.ensembles_of(table) if table in self.plan.tables else ()
        return shown.segmentation_panels(self.plan, self.trained(table), ensembles)

    def title_of(self, table: str) -> str:
        """Return the title of a table, or which printed table it is."""
        if table in self.plan.paper_tables:
            return self._papers.title_of(table)
        title: str = self.plan.tables[table]["title"]
        return title

    def of_run(self) -> list[str]:
        """Return the tables in `run:` but the papers'."""
        return [table for table in self.plan.config["run"] if table in self.plan.tables]

    def all_batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the batches of all tables in `run:` but the papers', each once."""
        return paths.once(path for table in self.of_run() for path in self.batches_of(table))

    def all_ensembles_wanted(self, wildcards: Wildcards) -> list[str]:
        """Return the records of the ensembles that these tables show, or their experiments ask for."""
        wanted = (run for table in self.of_run() for run in self.plan.ensembles_wanted(table))
        return paths.ensembles(dict.fromkeys(wanted))

    def ranks_compared(self, wildcards: Wildcards) -> list[str]:
        """Return the ranks of each table in `run:`."""
        return [f"results/tables/ranks_{table}.csv" for table in self.of_run()]

    def titles_compared(self, wildcards: Wildcards) -> list[str]:
        """Return their titles."""
        return list(map(self.title_of, self.of_run()))
