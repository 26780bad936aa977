"""The rows of a table: its methods, and below one-hot the same runs at their own temperature.

A temperature, one number fitted on validation cases after training, is the cheapest alternative to every soft label.
"""

from typing import Any

from softbench.plan.plan import Plan
from softbench.plan.shown import is_wrong

CALIBRATION = ("ece", "nll", "brier")  # metrics that are shown beside the distance to the truth
TITLE = "{} + temperature"
SIGN = "@temperature"  # no method's name holds @


def rows_of(plan: Plan, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table in order, as `tables.parts.Method` takes them.

    A row of runs at their own temperature has a key of its own, `scaled` names their method, which is its control.
    """
    scaled = scaled_in(plan, table)
    rows: list[dict[str, Any]] = []
    for key in _shown(plan, table):
        one, title = plan.methods[key], plan.title_of(key, plan.tables[table]["experiments"])
        row = {"key": key, "title": title, "control": one["control"], "trained": one["sanity"] is None}
        rows.append(row | ({"wrong": True} if is_wrong(plan, key) else {}))
        if key in scaled:
            row = {"key": key + SIGN, "title": TITLE.format(title), "control": key, "trained": True, "scaled": key}
            rows.append(row)
    return rows


def scaled_in(plan: Plan, table: str) -> list[str]:
    """Return the methods whose runs a table also shows at their own temperature.

    These are the one-hot, plain cross-entropy controls of a table of raw predictions, where its experiments make the
    scaled ones and the table does not say `temperature_row: false`.
    """
    settings, shown = plan.tables[table], _shown(plan, table)
    raw = settings.get("prediction", "raw") == "raw" and settings.get("grid", "full") == "full"
    made = all(plan.experiments[name]["scoring"].get("temperature") for name in settings["experiments"])
    if not (raw and made and settings.get("temperature_row", True)):
        return []
    controls = {plan.methods[key]["control"] for key in shown}
    return [key for key in shown if key in controls and _is_one_hot(plan, key)]


def predictions_of(plan: Plan, table: str) -> list[str]:
    """Return the predictions that the experiments of a table make of its runs: raw first."""
    scaled = all(plan.experiments[name]["scoring"].get("temperature") for name in plan.tables[table]["experiments"])
    pooled = bool(plan.ensembles_wanted(table))
    asked = {"raw": True, "temperature": scaled, "ensemble": pooled, "ensemble_temperature": pooled and scaled}
    return [name for name, there in asked.items() if there]


def truth_rows(plan: Plan, table: str) -> list[dict[str, str]]:
    """Return the `key`, `title` and `soft_label` of the methods that learn their soft label as it is stored.

    That is by plain cross-entropy, from the first rater or all that the recipe takes, at full resolution.
    """
    return [
        {"key": key, "title": plan.methods[key]["title"], "soft_label": plan.methods[key]["soft_label"]}
        for key in _shown(plan, table)
        if _is_plain(plan.methods[key])
    ]


def calibration_columns(plan: Plan, table: str) -> list[dict[str, Any]]:
    """Return the columns of a table that stand beside the distance to the truth."""
    return [column for column in plan.tables[table]["columns"] if column["metric"] in CALIBRATION]


def on_phantoms(plan: Plan, table: str) -> bool:
    """Return whether a table is on phantoms, whose true probabilities are known."""
    return all(_is_phantom(plan, experiment) for experiment in plan.tables[table]["experiments"])


def _is_phantom(plan: Plan, experiment: str) -> bool:
    source: str = plan.datasets[plan.experiments[experiment]["dataset"]]["source"]
    return source.startswith("phantom_")


def _shown(plan: Plan, table: str) -> list[str]:
    return list(dict.fromkeys(method for _, _, method in plan.runs_of(table)))


def _is_one_hot(plan: Plan, key: str) -> bool:
    method = plan.methods[key]
    return _is_plain(method) and plan.soft_labels[method["soft_label"]]["recipe"] == "one_hot"


def _is_plain(method: dict[str, Any]) -> bool:
    return method["loss"] == "ce" and method["raters"] == "first" and method["resolution"] is None
