"""What the runs of a cell were given: method with its settings, split, prepared data and source."""

import json
from pathlib import Path
from typing import Any

from softbench.datasets import splits
from softbench.explain.place import Place
from softbench.jobs import pieces
from softbench.plan.plan import Plan


def method(plan: Plan, results: Path, place: Place) -> dict[str, Any]:
    """Return all settings of a method in its experiment, as config has them now; of its soft label as it was made."""
    name = str(place.method)
    one, experiment = plan.methods[name], plan.experiments[place.experiment]
    if one["sanity"] is not None:
        title = plan.title_of(name, [place.experiment])
        return {"name": name, "title": title, "sanity": one["sanity"], "scoring": experiment["scoring"]}
    label = results / "soft_labels" / experiment["dataset"] / one["soft_label"] / "manifest.json"
    manifest = _json(label)
    kept = {key: manifest[key] for key in ("recipe", "kind", "settings", "map", "key") if manifest.get(key) is not None}
    return {
        "name": name,
        **{key: one[key] for key in ("title", "control", "loss", "raters", "resolution")},
        "soft_label": {"name": one["soft_label"], **(kept or plan.soft_labels[one["soft_label"]]), "path": str(label)},
        "network": {"name": place.network, "settings": plan.config["networks"][place.network]},
        "protocol": {"name": experiment["protocol"], "settings": plan.protocol_of(place.experiment, name)},
        "scoring": experiment["scoring"],
    }


def split(plan: Plan, place: Place) -> dict[str, Any]:
    """Return a split: path, sha256 and cases of each part; a derived one that was not made has neither."""
    experiment = plan.experiments[place.experiment]
    path = Path(plan.split_of(place.experiment))
    if not path.exists():
        return {"name": experiment["split"], "path": None}
    parts = splits.read(path)["part"].value_counts()
    counts = {part: int(parts.get(part, 0)) for part in splits.PARTS}
    return {"name": experiment["split"], "path": str(path), "sha256": pieces.hash_file(path), "cases": counts}


def data(plan: Plan, results: Path, place: Place) -> dict[str, Any]:
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
            "cases": len(manifest.get("cases", {})),
        },
        "source": {"name": source, **of_both, **files},
    }


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content
