"""What the rules of tables ask: what views are made from, which code decides each, and which files they become."""

from collections.abc import Sequence
from typing import Any

from softbench.plan import ending, outputs, paths, rows, views
from softbench.plan.answers.papers import Papers
from softbench.plan.answers.tables import Tables
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan
from softbench.plan.views import Declared
from softbench.plan.wildcards import Wildcards

Needs = dict[str, Any]
NO_TRUTH = "the true probabilities are known of phantoms alone"
NOTHING_TO_COMPARE = "no method learns its soft label by plain cross-entropy, or no column shows calibration"


class Views:
    """Answers to the rules `table` and `paper_table`; `outputs` and `outputs_of_papers` are what they write."""

    def __init__(self, plan: Plan, stages: Stages, tables: Tables, papers: Papers) -> None:
        """Read which views there are."""
        self.plan, self._stages, self._tables, self._papers = plan, stages, tables, papers
        self._of = {kind: views.declared(kind) for kind in views.KINDS}
        self.outputs = outputs.of_views(self._of["methods"], "Tables")
        self.outputs_of_papers = outputs.of_views(self._of["paper"], "Papers")

    def of(self, table: str) -> Sequence[Declared]:
        """Return the views of a table."""
        return self._of["paper" if table in self.plan.paper_tables else "methods"]

    def files(self, table: str) -> list[str]:
        """Return all files of a table's views, and their record."""
        return [*(file for view in self.of(table) for file in view.files(table)), str(views.record(table))]

    def code(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the fingerprint of the code of each view, by its module."""
        table = wildcards.table
        more = self._papers.printed_file(table) if table in self.plan.paper_tables else ()
        return {view.dotted: self._stages.view(view.module, *more) for view in self.of(table)}

    def files_of_views(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Return the files of each view, by its module."""
        return {view.dotted: view.files(wildcards.table) for view in self.of(wildcards.table)}

    def attempt(self, wildcards: Wildcards) -> int:
        """Return the how-manieth attempt at a table's views this is; another one than before is a job."""
        return ending.attempt(views.record(wildcards.table))

    def given(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what the views of a table are made from, as `tables.given.Given` takes it."""
        table = wildcards.table
        settings = self._tables.settings_of(table)
        return {"table": table, "settings": settings, "needs": self._needs(table)}

    def _needs(self, table: str) -> Needs:
        return {
            "scores": self._tables.batches_of(table),
            "ensembles": self._tables.ensembles_of(table),
            "predictions": rows.predictions_of(self.plan, table),
            "margins": self._tables.margins_of(table),
            "split": self._tables.split_of(table),
            "soft_labels": self._tables.soft_labels_of(table),
            "truth": self._truth(table),
            "costs": self._tables.costs_of(table),
            "segmentations": self._tables.segmentations_of(table),
        }

    def _truth(self, table: str) -> Needs:
        """Return the methods and columns that can be set beside the distance to the truth; or why there are none."""
        nothing = {"missing": "", "columns": [], "rows": []}
        if not rows.on_phantoms(self.plan, table):
            return nothing | {"missing": NO_TRUTH}
        columns, methods = rows.calibration_columns(self.plan, table), rows.truth_rows(self.plan, table)
        if not (columns and methods):
            return nothing | {"missing": NOTHING_TO_COMPARE}
        dataset = self._tables.dataset_of(table)
        found = [{**row, "manifest": paths.soft_label(dataset, row["soft_label"])} for row in methods]
        return {"missing": "", "columns": columns, "rows": found}

    def given_of_paper(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the same of a paper's table."""
        table = wildcards.table
        settings = self._papers.settings_of(table) | {"title": self._tables.title_of(table)}
        needs = {
            "scores": self._papers.batches(wildcards),
            "soft_labels": self._tables.soft_labels_of(table),
            "costs": self._tables.costs_of(table),
            "segmentations": self._tables.segmentations_of(table),
        }
        return {"table": table, "settings": settings, "needs": needs}
