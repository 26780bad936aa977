"""What figures.smk asks: the panels of a figure, with the runs and data of each."""

from typing import Any

from softbench.plan import forms, paths, shown
from softbench.plan.answers import papers
from softbench.plan.answers.train import Train
from softbench.plan.calls import Wildcards, pattern
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan

INFERS = ("probabilities", "discrepancy")  # kinds whose pictures need the networks again, not scores alone
OF_DATA = ("slices", "downsampling", "soft_labels", "channels", *INFERS)  # kinds that show images


class Figures:
    """Answers to rules about figures; the attributes constrain {figure}, by what its kind needs."""

    def __init__(self, plan: Plan, stages: Stages, train: Train) -> None:
        """Read which figures there are."""
        self.plan, self._stages, self._train = plan, stages, train
        self._read: dict[str, dict[str, Any]] = {}
        self.inferring = pattern(name for name, figure in plan.figures.items() if figure["kind"] in INFERS)
        self.others = pattern(name for name, figure in plan.figures.items() if figure["kind"] not in INFERS)

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of a figure, and what there is of each of its experiments."""
        name = wildcards.figure
        if name not in self._read:
            figure = self.plan.figures[name]
            titles = {method: self.plan.title_of(method) for method in forms.figure_methods(figure)}
            panels = [self._panel(figure, experiment) for experiment in figure["experiments"]]
            pseudo = {"pseudo_raters": True} if self.plan.pseudo_raters(figure["experiments"]) else {}
            self._read[name] = {**figure, "titles": titles, "panels": panels, **pseudo}
        return self._read[name]

    def kind(self, wildcards: Wildcards) -> str:
        """Return the kind of a figure, after which its script is called."""
        return str(self.plan.figures[wildcards.figure]["kind"])

    def runs(self, wildcards: Wildcards) -> list[str]:
        """Return what a figure needs of runs: their batches, for inference also soft labels and splits."""
        keys = ("batches", "soft_label", "split") if self.kind(wildcards) in INFERS else ("batches",)
        runs = [run for panel in self._panels(wildcards) for run in panel["runs"].values()]
        needed = [run[key] for run in runs for key in keys]
        return paths.once(path for part in needed for path in ([part] if isinstance(part, str) else part))

    def data(self, wildcards: Wildcards) -> list[str]:
        """Return the prepared data sets of a figure that shows images."""
        panels = self._panels(wildcards) if self.kind(wildcards) in OF_DATA else []
        return paths.once(f"{panel['data']}/manifest.json" for panel in panels)

    def soft_labels(self, wildcards: Wildcards) -> list[str]:
        """Return the soft labels that a figure shows."""
        return [path for panel in self._panels(wildcards) for path in panel["soft_labels"].values()]

    def code(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what decides a figure besides its settings: code, and printed numbers beside curves."""
        kind = self.kind(wildcards)
        printed = papers.PRINTED if kind == "sweep" else ()
        return self._stages.cheap(f"figure_{kind}.py", *printed)

    def _panels(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """Return the panels of a figure that there is data for."""
        return [panel for panel in self.settings(wildcards)["panels"] if "reason" not in panel]

    def _panel(self, figure: dict[str, Any], experiment: str) -> dict[str, Any]:
        """Return an experiment of a figure: where its data and runs lie, or the reason why there are none."""
        name = figure.get("names", {}).get(experiment, experiment)
        if reason := self.plan.missing(experiment):
            return {"name": name, "reason": f"not run: {reason}"}
        of, dataset = self.plan.experiments[experiment], self.plan.dataset_of(experiment)
        asked = figure.get("structure", "foreground")
        named = shown.label_titles(self.plan, figure.get("soft_labels", []))
        return {
            "name": name,
            "dataset": dataset,
            "data": self.plan.data_folder(experiment),
            **self.plan.part_of(experiment),
            "structure": of.get("structures", {}).get(asked, asked),
            "composites": {**of.get("composites", {}), **figure.get("composites", {})},
            "soft_labels": {title: paths.soft_label(dataset, label) for label, title in named.items()},
            "runs": {method: self._run(figure, experiment, method) for method in forms.figure_methods(figure)},
        }

    def _run(self, figure: dict[str, Any], experiment: str, method: str) -> dict[str, Any]:
        """Return where a method's runs lie, and for inference what they rest on."""
        run = (experiment, self.plan.experiments[experiment]["networks"][0], method)
        scored = {"title": self.plan.title_of(method), "batches": self.plan.batch_files(run)}
        return (
            scored
            if figure["kind"] not in INFERS
            else scored
            | {
                "data": paths.dataset(self.plan.dataset_of(experiment)),
                "split": self.plan.split_of(experiment),
                **self._train.given_of(run),
            }
        )
