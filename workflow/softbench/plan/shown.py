"""What readers see of methods: the rows of tables, the names of soft labels, the runs behind pictures."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from softbench.plan import modules, paths
from softbench.plan.forms import UNPICKED
from softbench.plan.paths import Run
from softbench.plan.plan import Plan

CALIBRATION = ("ece", "nll", "brier")  # metrics that are shown beside the distance to the truth
TITLE = "{} + temperature"
SIGN = "@temperature"  # no method's name holds @

Place = tuple[str, str]  # experiment, network
Rows = Mapping[str, Mapping[float, str]]  # printed method -> value -> the method of ours that has it


def table_rows(plan: Plan, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table in order, as `tables.cells.Method` takes them.

    Below one-hot stand the same runs at their own temperature: one number, fitted on validation cases after training,
    is the cheapest alternative to every soft label. That row has a key of its own; `scaled` names its method, which is
    its control.
    """
    scaled = scaled_methods(plan, table)
    rows: list[dict[str, Any]] = []
    for key in _methods(plan, table):
        method, title = plan.methods[key], plan.title_of(key, plan.tables[table]["experiments"])
        row = {"key": key, "title": title, "control": method["control"], "trained": method["sanity"] is None}
        rows.append(row | ({"wrong": True} if is_wrong(plan, key) else {}))
        if key in scaled:
            rows.append(row | {"key": key + SIGN, "title": TITLE.format(title), "control": key, "scaled": key})
    return rows


def scaled_methods(plan: Plan, table: str) -> list[str]:
    """Return the methods whose runs a table also shows at their own temperature.

    These are the one-hot, plain cross-entropy controls of a table of raw predictions, where its experiments make the
    scaled ones and the table does not say `temperature_row: false`.
    """
    settings, shown = plan.tables[table], _methods(plan, table)
    raw = settings.get("prediction", "raw") == "raw" and settings.get("grid", "full") == "full"
    if not (raw and _scales(plan, table) and settings.get("temperature_row", True)):
        return []
    controls = {plan.methods[key]["control"] for key in shown}
    return [key for key in shown if key in controls and _is_one_hot(plan, key)]


def predictions(plan: Plan, table: str) -> list[str]:
    """Return the predictions that the experiments of a table make of its runs: raw first."""
    scaled, pooled = _scales(plan, table), bool(plan.ensembles_wanted(table))
    asked = {"raw": True, "temperature": scaled, "ensemble": pooled, "ensemble_temperature": pooled and scaled}
    return [name for name, there in asked.items() if there]


def plain_one_hot(plan: Plan, runs: Iterable[Run]) -> str | None:
    """Return the method of some runs that learns the label map itself by cross-entropy; None if there is none.

    Of several the first whose learning rate or the like was chosen, so that tuned methods are compared with it.
    """
    plain = [method for _, _, method in runs if _is_one_hot(plan, method)]
    return next((method for method in plain if method in plan.tried), plain[0] if plain else None)


def _scales(plan: Plan, table: str) -> bool:
    """Return whether all experiments of a table make predictions at their own temperature."""
    return all(plan.experiments[name]["scoring"].get("temperature") for name in plan.tables[table]["experiments"])


def truth_rows(plan: Plan, table: str) -> list[dict[str, str]]:
    """Return the `key`, `title` and `soft_label` of the methods that learn their soft label as it is stored.

    That is by plain cross-entropy, from the first rater or all that the recipe takes, at full resolution.
    """
    return [
        {"key": key, "title": plan.methods[key]["title"], "soft_label": plan.methods[key]["soft_label"]}
        for key in _methods(plan, table)
        if _is_plain(plan.methods[key])
    ]


def calibration_columns(plan: Plan, table: str) -> list[dict[str, Any]]:
    """Return the columns of a table that stand beside the distance to the truth."""
    return [column for column in plan.tables[table]["columns"] if column["metric"] in CALIBRATION]


def on_phantoms(plan: Plan, table: str) -> bool:
    """Return whether a table is on phantoms, whose true probabilities are known."""
    return all(modules.is_phantom(plan.source_of(experiment)) for experiment in plan.tables[table]["experiments"])


def is_wrong(plan: Plan, method: str) -> bool:
    """Return whether a method is a control that learns from another case's labels or image: its recipe says `SWAPS`."""
    has_label = plan.methods[method]["soft_label"] is not None
    return has_label and modules.defines(f"soft_labels/{_recipe(plan, method)}.py", "SWAPS")


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
    users = [key for key, method in plan.methods.items() if method["soft_label"] == label]
    tuned = {key for method, settings in plan.tried.items() for key in (method, *settings)}
    if users:  # min gives the first of its kind
        return str(plan.methods[min(users, key=lambda key: (key in tuned, not _is_plain(plan.methods[key])))]["title"])
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
        new = {"data": plan.data_folder(experiment), **plan.part_of(experiment), "structure": "foreground", "runs": {}}
        panel = panels.setdefault((experiment, network), new)
        shown = {"title": plan.title_of(method), "batches": plan.batch_files(run)}
        panel["runs"][method] = shown | ({"ensemble": paths.ensembles([run])[0]} if run in ensembles else {})
        if _is_one_hot(plan, method):
            panel.setdefault("chosen_by", method)
    return [{**panel, "name": _panel_name(plan, place, panels)} for place, panel in panels.items()]


def _panel_name(plan: Plan, place: Place, places: Collection[Place]) -> str:
    """Return the data set of an experiment, and what else tells it from the table's others: its name, its network."""
    experiment, network = place
    dataset = plan.dataset_of(experiment)
    alike = {twin for twin, _ in places if plan.dataset_of(twin) == dataset}
    named = f"{dataset} ({experiment})" if len(alike) > 1 else dataset
    return f"{named}, {network}" if len({twin for _, twin in places}) > 1 else named


def picked_methods(block: Mapping[str, Any], printed: Iterable[str]) -> list[str]:
    """Return the methods of a paper's block that are run for its printed ones.

    For a row whose parameter the paper does not say, these are all that the row is picked from.
    """
    rows: Rows = (block.get("pick") or {}).get("rows", {})
    keys = [list(rows[method].values()) if method in rows else [method] for method in printed]
    return list(dict.fromkeys(method for methods in keys for method in methods))


def pick_settings(plan: Plan, block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what `papers.comparison.pick` needs of a block: `what`, `rows`, `beside` and `titles` of the rows.

    Of the values those are left that the experiment runs for every row: a user may have it run fewer.
    None where the block picks no row.
    """
    if block.get("pick") is None:
        return None
    own, methods = block["pick"], plan.methods_of(block["experiment"])
    values = next(iter(own["rows"].values()))
    run = [value for value in values if all(row[value] in methods for row in own["rows"].values())]
    return {
        "what": own["what"],
        "rows": {name: {value: row[value] for value in run} for name, row in own["rows"].items()},
        "beside": [value for value in own.get("beside", []) if value in run],
        "titles": {name: plan.methods[name]["title"] for name in own["rows"]},
    }


def picked_titles(plan: Plan, block: Mapping[str, Any]) -> dict[str, str]:
    """Return the titles of the methods that a block's rows are picked from, which say the value of each."""
    pick, titles = block.get("pick") or {"rows": {}}, dict[str, str]()
    for row, values in pick["rows"].items():
        title = plan.methods[row]["title"]
        titles |= {method: f"{title}, {value:g} {pick['what']}" for value, method in values.items()}
        titles[row + UNPICKED] = title
    return titles


def _methods(plan: Plan, table: str) -> list[str]:
    return list(dict.fromkeys(method for _, _, method in plan.runs_of(table)))


def _recipe(plan: Plan, method: str) -> str:
    return str(plan.soft_labels[plan.methods[method]["soft_label"]]["recipe"])


def _is_one_hot(plan: Plan, method: str) -> bool:
    return _is_plain(plan.methods[method]) and _recipe(plan, method) == "one_hot"


def _is_plain(method: Mapping[str, Any]) -> bool:
    as_usual = method["resolution"] is None and method["activation"] is None
    return method["loss"] == "ce" and method["raters"] == "first" and as_usual
