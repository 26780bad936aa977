"""The chain from a cell to its runs, as plain data: what `softbench explain` prints, and `--json` gives to programs."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.datasets import splits
from softbench.errors import InputError
from softbench.jobs import pieces, storage
from softbench.plan import paths
from softbench.plan.plan import Plan
from softbench.tools.explain import address, grid, made_with
from softbench.tools.explain.address import Place

RESULTS = Path("results")
TEXT = set(address.PLACE) | {"table", "unit", "better", "control", "printed", "printed_sd_over", "confidence", "note"}
TEXT |= {"derived", "standard", "status", "reason", "data", "reading_2", "reading_3", "verdict"}
FACTS = grid.FACTS
OF_ENSEMBLE = ("status", "reason", "seeds", "key", "scores", "temperature", "temperature_fit")
UNTESTED = "not tested: too few seeds that both rows have, or a difference that is not defined"
MAKE = "snakemake --cores all"
TOLERANCE = 1e-9  # relative; a csv holds every digit, sums may come in another order


def trace(plan: Plan, words: Sequence[str]) -> dict[str, Any]:
    """Return all that is known of a cell; `results` and `workflow` lie in the current folder.

    Args:
        plan: of the config.
        words: the address: table, method, structure, metric, region, in one word with slashes or in several.
    Returns: `address`, `table`, `cell`, and where the cell has a number of ours `experiment`, `method`, `split`,
        `dataset`, `source`, `runs`, `cases`, `check` and `commands`, else `no_number`; values as JSON knows them.
    Raises: InputError: if the address names no cell or several, or the table was not made.
    """
    grids = grid.names(plan)
    known = {**plan.tables, **plan.paper_tables, **grids}
    table, parts = address.split_table(address.split_address(words), known)
    path = RESULTS / "tables" / f"{table}.csv"
    rows = _rows(path, table)
    whole = [_with_run(plan, table, row) for row in rows]
    row = address.find(table, parts, whole)
    of_grid = table in grids
    where = grid.of_cell(plan, grids[table], row) if of_grid else address.of_cell(plan, table, row)
    traced = {"address": address.address(table, row, whole), "table": _table(plan, table, path), "cell": _cell(row)}
    if where.method is None:
        reason = plan.missing(where.experiment) or "no run of it has such a score yet"
        told = {"experiment": where.experiment, "no_number": reason}
        return {**traced, **told, "commands": _commands(plan, table, where, [])}
    return traced | _behind(plan, table, row, where)


def _rows(path: Path, table: str) -> list[dict[str, str]]:
    if not path.exists():
        raise InputError(f"the table {table} was not made yet: there is no {path}. Make it: {MAKE} {path}")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _with_run(plan: Plan, table: str, row: dict[str, str]) -> dict[str, str]:
    """Return a line of the csv with experiment, network and data set, which an address may name as well."""
    if table in plan.paper_tables:
        return row
    experiment, network, _ = plan.runs_of(_base(plan, table))[0]
    return {"experiment": experiment, "network": network, "dataset": plan.experiments[experiment]["dataset"], **row}


def _base(plan: Plan, table: str) -> str:
    """Return the table that a grid of calibrations and decoders is of; any other is its own."""
    return table if table in plan.tables else grid.names(plan).get(table, table)


def _table(plan: Plan, table: str, path: Path) -> dict[str, Any]:
    settings = plan.paper_tables[table] if table in plan.paper_tables else plan.tables[_base(plan, table)]
    kept: dict[str, Any] = {
        key: settings[key] for key in ("title", "published", "prediction", "policy", "grid") if key in settings
    }
    title = {"title": _printed_title(settings["published"])} if "published" in settings else {}
    return {"name": table, **title, **kept, "path": f"results/tables/{path.name}"}


def _printed_title(name: str) -> str:
    from softbench.papers import published

    table = published.read(name)
    paper = published.paper(table.paper)
    return f"{paper.authors} {paper.year}, {table.number}: {table.title}"


def _cell(row: address.Row) -> dict[str, Any]:
    """Return the line of the csv with numbers as numbers; what is empty there is left out."""
    cell = {name: value if name in TEXT else _typed(value) for name, value in row.items() if value not in ("", None)}
    if "beyond_noise" in cell and "p_holm" not in cell:
        cell["beyond_noise"] = UNTESTED
    return cell


def _typed(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and "." not in text else number


def _behind(plan: Plan, table: str, row: address.Row, where: Place) -> dict[str, Any]:
    made = read_runs(RESULTS, where)
    scores = address.collect_values(where, made)
    of_seed = address.by_seed(scores) if len(scores) else {}
    for run in made:
        if run["seed"] in of_seed:
            run["value"], run["defined_cases"] = of_seed[run["seed"]]
    asked = [] if where.is_ensemble else _missing(plan, where, made)
    told: dict[str, Any] = {"experiment": where.experiment, "prediction": where.prediction}
    told |= {name: getattr(where, name) for name in ("calibration", "decoder") if getattr(where, name)}
    told |= {"method": _method(plan, RESULTS, where)}
    told |= {"split": _split(plan, where), **_data(plan, RESULTS, where)}
    told |= {"runs": made, "seeds_not_run": asked, "cases": address.extremes(scores) if len(scores) else {}}
    told |= {"code": made_with.code(made_with.behind(told))}
    told |= {"check": _check(row, of_seed, made), "commands": _commands(plan, table, where, made)}
    plain: dict[str, Any] = _plain(told)
    return plain


def _missing(plan: Plan, where: Place, made: Sequence[dict[str, Any]]) -> list[int]:
    """Return the seeds that config names and no batch has; what is not trained is scored once."""
    wanted = [seed for batch in plan.batches_of(where.experiment, str(where.method)) for seed in batch]
    return [seed for seed in wanted if seed not in {run["seed"] for run in made}]


def _check(row: address.Row, of_seed: dict[int | None, tuple[float, int]], made: Sequence[Any]) -> dict[str, Any]:
    """Compare the cell with the mean over the seeds that lie there now."""
    shown = float(row.get("mean") or row.get("ours_mean") or math.nan)
    means = [mean for mean, _ in of_seed.values() if not math.isnan(mean)]
    again = sum(means) / len(means) if means else math.nan
    agrees = math.isclose(shown, again, rel_tol=TOLERANCE) or (math.isnan(shown) and math.isnan(again))
    differ = f"the mean of these runs is {again:.6g}, not the number of the table. Make the table again."
    says = "no batch of this method lies in results/runs" if not made else None if agrees else differ
    return {"mean_of_the_runs": again, "agrees": agrees, "says": says}


def _commands(plan: Plan, table: str, where: Place, made: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return what makes the table again and, of the files of a cell's runs, those that are targets."""
    run = (where.experiment, where.network, str(where.method))
    if where.is_ensemble:
        lists = paths.ensembles([run])
    elif made and plan.methods[run[2]]["sanity"] is not None:
        lists = plan.batch_files(run)
    else:
        lists = paths.once(record["batch"] for record in made)
    commands = {"table": f"{MAKE} results/tables/{table}.csv"}
    return commands | ({"runs": f"{MAKE} {' '.join(lists)}"} if lists else {})


def _plain(content: Any) -> Any:
    """Return the same data with None for NaN, which JSON does not know, and a text for infinity."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None if math.isnan(content) else str(content)
    return content


def _method(plan: Plan, results: Path, place: Place) -> dict[str, Any]:
    """Return all settings of a method in its experiment, as config has them now; of its soft label as it was made."""
    name = str(place.method)
    settings, experiment = plan.methods[name], plan.experiments[place.experiment]
    if settings["sanity"] is not None:
        title = plan.title_of(name, [place.experiment])
        return {"name": name, "title": title, "sanity": settings["sanity"], "scoring": experiment["scoring"]}
    chosen, tuning = _tuning(plan, results, place)
    settings = plan.methods[chosen]
    name_of_label = settings["soft_label"]
    manifest = results / "soft_labels" / experiment["dataset"] / name_of_label / "manifest.json"
    made = _json(manifest)
    code = made_with.read_commit(manifest.with_name("provenance.json"))
    kept = {key: made[key] for key in ("recipe", "kind", "settings", "map", "key") if made.get(key) is not None}
    return {
        "name": name,
        "title": plan.title_of(name, [place.experiment]),
        "control": plan.methods[name]["control"],
        **{key: settings[key] for key in ("loss", "raters", "resolution")},
        "soft_label": {
            "name": name_of_label,
            **(kept or plan.soft_labels[name_of_label]),
            "path": str(manifest),
            **code,
        },
        "network": {"name": place.network, "settings": plan.config["networks"][place.network]},
        "protocol": {"name": experiment["protocol"], "settings": plan.protocol_of(place.experiment, chosen)},
        "scoring": experiment["scoring"],
        **tuning,
    }


def _tuning(plan: Plan, results: Path, place: Place) -> tuple[str, dict[str, Any]]:
    """Return the method with the setting that was chosen, and how; of a method that is not tuned itself and nothing."""
    name = str(place.method)
    if name not in plan.tried:
        return name, {}
    path = results / "runs" / place.experiment / str(place.network) / name / "choice.json"
    record = _json(path)
    said = {key: record.get(key) for key in ("chosen", "setting", "criterion", "seeds", "tried")}
    return record.get("chosen") or name, {"tuning": {**said, "path": str(path)}}


def _split(plan: Plan, place: Place) -> dict[str, Any]:
    """Return a split: path, sha256 and cases of each part; a derived one that was not made has neither."""
    experiment = plan.experiments[place.experiment]
    path = Path(plan.split_of(place.experiment))
    if not path.exists():
        return {"name": experiment["split"], "path": None}
    parts = splits.read(path)["part"].value_counts()
    counts = {part: int(parts.get(part, 0)) for part in splits.PARTS}
    return {"name": experiment["split"], "path": str(path), "sha256": pieces.hash_file(path), "cases": counts}


def _data(plan: Plan, results: Path, place: Place) -> dict[str, Any]:
    """Return the prepared data set and its source, as their manifests have them."""
    name = plan.experiments[place.experiment]["dataset"]
    prepared = results / "data" / name / "manifest.json"
    manifest = _json(prepared)
    source = plan.datasets[name]["source"]
    raw = results / "raw" / source / "manifest.json"
    fetched = _json(raw)
    of_both = {key: manifest[key] for key in ("title", "licence", "citation") if key in manifest}
    files = {"path": str(raw), "sha256": fetched["content"], "files": len(fetched["files"])} if fetched else {}
    return {
        "dataset": {
            "name": name,
            "path": str(prepared),
            **{key: manifest[key] for key in ("key", "settings", "dropped") if key in manifest},
            **made_with.read_commit(prepared.with_name("provenance.json")),
            "cases": len(manifest.get("cases", {})),
        },
        "source": {"name": source, **of_both, **files},
    }


def read_runs(results: Path, where: Place) -> list[dict[str, Any]]:
    """Return a record for each run that a cell is made of: seeds in order, or the one ensemble.

    Args:
        results: the folder `results`.
        where: a place with a method.
    Returns: `seed` (None for an ensemble), `status` (done | failed, and `reason`), `key` of all that decides its
        scores, `weights` and `scores` (hashes), `path` of the scores, and of `FACTS`, `versions`, `threads` and `steps`
        what is recorded; nothing trained, nothing recorded. No batch, no run.
    """
    folder = results / "runs" / where.experiment / where.network / str(where.method)
    if where.calibration:
        return grid.read_runs(folder, where)
    if where.is_ensemble:
        return [_ensemble(folder)] if (folder / "ensemble.json").exists() else []
    runs = {}
    for path in sorted(folder.glob("batch-*.json")):
        for seed, outcome in _json(path)["seeds"].items():
            runs[int(seed)] = _run(folder / f"seed-{seed}", int(seed), outcome, path)
    return [runs[seed] for seed in sorted(runs)]


def _run(folder: Path, seed: int, outcome: dict[str, Any], batch: Path) -> dict[str, Any]:
    named = {"seed": seed, "status": outcome["status"], "batch": str(batch)}
    if outcome["status"] == "failed":
        return {**named, "reason": outcome["reason"]}
    hashes = {"key": outcome["key"], "weights": outcome.get("model"), "scores": outcome["scores"]}
    piece = _json(folder / "scores.key.json")
    scale: dict[str, Any] = {name: piece[name] for name in ("temperature", "temperature_fit") if name in piece}
    return {**named, **hashes, **scale, **_circumstances(folder), "path": str(folder / "scores.parquet")}


def _ensemble(folder: Path) -> dict[str, Any]:
    record = _json(folder / "ensemble.json")
    kept: dict[str, Any] = {name: record[name] for name in OF_ENSEMBLE if name in record}
    path = str(folder / "ensemble" / "scores.parquet")
    return {"seed": None, **kept, **_circumstances(folder / "ensemble"), "path": path}


def _circumstances(folder: Path) -> dict[str, Any]:
    facts = _json(folder / "provenance.json")
    record = {name: facts[name] for name in FACTS if name in facts}
    if "packages" in facts:
        record["versions"] = {"python": facts["python"], **facts["packages"]}
    record |= made_with.read_commit(folder / "provenance.json")
    scored = made_with.read_commit(folder / "scores.provenance.json").get("commit")
    if scored and scored != record.get("commit"):
        record["scored_by"] = scored
    if "threads" in facts:
        record["threads"] = facts["threads"]
    history = folder / "history.csv"
    with storage.reading(history, *storage.lists_of(folder)):
        steps = pd.read_csv(history)["step"] if history.exists() else pd.Series(dtype=float)
    return record | ({"steps": int(steps.iloc[-1])} if len(steps) else {})


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = storage.read_json(path) if path.exists() else {}
    return content
