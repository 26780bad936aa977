"""Texts and runs for views of a table: names of soft labels, intentionally wrong controls, runs for segmentations."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from softbench.plan import modules, paths
from softbench.plan.paths import Run
from softbench.plan.plan import Plan

Place = tuple[str, str]  # experiment, network


def is_wrong(plan: Plan, method: str) -> bool:
    """Return whether a method is a control that learns from another case's labels or image: its recipe says `SWAPS`."""
    label = plan.methods[method]["soft_label"]
    return label is not None and modules.defines(f"soft_labels/{plan.soft_labels[label]['recipe']}.py", "SWAPS")


def label_titles(plan: Plan, labels: Iterable[str]) -> dict[str, str]:
    """Return what readers call each soft label, all different: soft label -> title.

    It is the title of the first method that learns from it by plain cross-entropy, else of the first that learns from
    it, so that tables and figures of soft labels and of predictions use the same words; its own name with its settings
    where no method learns from it.
    """
    titles = {label: _label_title(plan, label) for label in labels}
    shared = {title for title, count in Counter(titles.values()).items() if count > 1}
    return {label: f"{title} [{label}]" if title in shared else title for label, title in titles.items()}


def _label_title(plan: Plan, label: str) -> str:
    users = [method for method in plan.methods.values() if method["soft_label"] == label]
    if users:
        title: str = min(users, key=lambda method: not _is_plain(method))["title"]  # min gives the first of its kind
        return title
    settings = plan.soft_labels.get(label, {})
    said = ", ".join(f"{name} {value}" for name, value in settings.items() if name not in ("recipe", "map"))
    return f"{label} ({said})" if said else label


def segmentation_panels(plan: Plan, runs: Iterable[Run], ensembles: Collection[Run] = ()) -> list[dict[str, Any]]:
    """Return experiments as `figures.segmentations.draw` takes them: data, and the runs of trained methods.

    Cases are chosen by plain one-hot training where it is among the runs, else by the first.

    Args:
        plan: of config.
        runs: of a table or of a paper's table, in its order; what is not trained is left out.
        ensembles: those whose ensemble is shown in the place of a run.
    """
    panels: dict[Place, dict[str, Any]] = {}
    for run in runs:
        experiment, network, method = run
        if plan.methods[method]["sanity"] is not None:
            continue
        panel = panels.setdefault((experiment, network), _panel(plan, experiment))
        shown = {"title": plan.title_of(method), "batches": plan.batch_files(run)}
        panel["runs"][method] = shown | ({"ensemble": paths.ensembles([run])[0]} if run in ensembles else {})
        if _is_plain(plan.methods[method]) and _recipe(plan, method) == "one_hot":
            panel.setdefault("chosen_by", method)
    return [{**panel, "name": _name(plan, place, panels)} for place, panel in panels.items()]


def _panel(plan: Plan, experiment: str) -> dict[str, Any]:
    data = paths.dataset(plan.dataset_of(experiment)).removesuffix("/manifest.json")
    return {"data": data, "structure": "foreground", "runs": {}}


def _name(plan: Plan, place: Place, places: Collection[Place]) -> str:
    """Return the data set of an experiment, and what else tells it from the table's others: its name, its network."""
    experiment, network = place
    dataset = plan.dataset_of(experiment)
    alike = {other for other, _ in places if plan.dataset_of(other) == dataset}
    named = f"{dataset} ({experiment})" if len(alike) > 1 else dataset
    return f"{named}, {network}" if len({other for _, other in places}) > 1 else named


def _recipe(plan: Plan, method: str) -> str:
    recipe: str = plan.soft_labels[plan.methods[method]["soft_label"]]["recipe"]
    return recipe


def _is_plain(method: dict[str, Any]) -> bool:
    return method["loss"] == "ce" and method["raters"] == "first" and method["resolution"] is None
