"""What records of circumstances say of the code: the commit, and the files that were not in it as they were."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.jobs import sources

RECORDS = ("provenance.json", "*.provenance.json", "*.code.json")
FACTS = ("began", "host", "device", "processor", "seconds", "cpu_seconds", "peak_memory_mib", "python")
EARLIER = "made by a version that asked git alone, which passes over files that it does not know"


def is_place(words: Sequence[str]) -> bool:
    """Return whether somebody names a file or a folder of results, and no cell of a table."""
    return len(words) == 1 and Path(words[0]).exists() and "results" in Path(words[0]).absolute().parts


def records(place: Path) -> list[Path]:
    """Return the records of circumstances in a folder, or the one that lies beside a file.

    Raises: InputError: if there is none.
    """
    folder = place if place.is_dir() else place.parent
    known = [path for pattern in RECORDS for path in sorted(folder.glob(pattern))]
    named = [place] if place in known else known
    if not named:
        raise InputError(
            f"{folder} holds no record of how it was made ({', '.join(RECORDS)}). Name the folder of a data set, a "
            "soft label or a map below results/, or of a seed: results/runs/<experiment>/<network>/<method>/seed-<seed>"
        )
    return named


def of_record(path: Path) -> dict[str, Any]:
    """Return what a record says of where, when and by which code something was made."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return {"record": str(path), **{name: content[name] for name in FACTS if name in content}, **of_code(path)}


def of_code(path: Path) -> dict[str, Any]:
    """Return `commit`, `changed_files` in words, `sources` (their archive), `inputs` and `command_line`."""
    content = sources.read(path)
    if "commit" not in content:
        return {}
    told: dict[str, Any] = {"commit": content["commit"]}
    if "changed_files" not in content:
        return {**told, "changed_files": EARLIER}
    if content["changed_files"]:
        told["changed_files"] = list(map(said, content["changed_files"]))
    if "sources" in content:
        told["sources"] = str(path.with_name(content["sources"]["name"]))
    inputs = {name: commit for name, commit in content.get("inputs", {}).items() if commit != content["commit"]}
    told |= {"inputs": inputs} if inputs else {}
    return told | ({"command_line": content["assigned"]} if content.get("assigned") else {})


def read_commit(path: Path) -> dict[str, str]:
    """Return `commit` of a record; nothing where there is none."""
    content = sources.read(path)
    return {"commit": content["commit"]} if "commit" in content else {}


def code(paths: Sequence[Path]) -> dict[str, Any]:
    """Return what several records say of the code: each changed file once, with what was made by it.

    Returns: `commits`, `changed_files`, `sources` (archives), `command_line`, and `not_recorded`, how many records say
        nothing of files that git does not know; what is empty is left out.
    """
    contents = {path: content for path in paths if "commit" in (content := sources.read(path))}
    made: dict[str, list[str]] = {}
    for path, content in contents.items():
        for fact in content.get("changed_files", ()):
            made.setdefault(said({**fact, "made": None}), []).append(_place(path))
    told = {
        "commits": sorted({content["commit"].partition(" + ")[0] for content in contents.values()}),
        "changed_files": [f"{text}: {', '.join(dict.fromkeys(places))}" for text, places in sorted(made.items())],
        "sources": sorted(
            {str(path.with_name(of["sources"]["name"])) for path, of in contents.items() if "sources" in of}
        ),
        "command_line": {key: value for of in contents.values() for key, value in of.get("assigned", {}).items()},
    }
    earlier = sum("changed_files" not in content for content in contents.values())
    return {key: value for key, value in told.items() if value} | (
        {"not_recorded": f"{earlier} {EARLIER}"} if earlier else {}
    )


def _place(record: Path) -> str:
    """Return what a record is of: data/<dataset>, runs/…/seed-0."""
    return "/".join(_relative(record).parent.parts[1:])


def said(fact: Mapping[str, Any]) -> str:
    """Return a changed file in words: how it differs from the commit, and whether its text is kept."""
    parts = [fact["state"]]
    parts += [f"{fact['added']} lines added, {fact['removed']} removed"] if "added" in fact else []
    parts += [f"sha256 {fact['sha256'][:12]}"]
    parts += [f"text not kept: {fact['left_out']}"] if "left_out" in fact else []
    parts += ["passwords and tokens blotted out"] if fact.get("blotted") else []
    parts += [f"made {fact['made']}"] if fact.get("made") else []
    return f"{fact['path']} ({'; '.join(parts)})"


def behind(traced: Mapping[str, Any]) -> list[Path]:
    """Return the records of data set, soft label, runs and their scores, in the data of `chain.trace`."""
    label = traced.get("method", {}).get("soft_label", {})
    folders = [Path(part["path"]).parent for part in (traced.get("dataset", {}), label) if part.get("path")]
    folders += [Path(run["path"]).parent for run in traced.get("runs", ()) if "path" in run]
    return [path for folder in folders for pattern in RECORDS for path in sorted(folder.glob(pattern))]


def write(paths: Sequence[Path], folder: Path) -> list[str]:
    """Write the texts of the archives of some records into a new folder, each below the folder of its record.

    Returns: lines on what was written, and on what was not kept.
    Raises: InputError: as `sources.read_texts` and `sources.write_back`; if no record has an archive.
    """
    texts: dict[str, bytes] = {}
    for path in paths:
        place = _relative(path).with_suffix("") if path.name != "provenance.json" else _relative(path.parent)
        texts |= {f"{place}/{name}": text for name, text in sources.read_texts(path, sources.read(path)).items()}
    if not texts:
        raise InputError(
            "no file was written: all that decided this is in the commit as it was, or nothing was recorded."
        )
    sources.write_back(texts, folder)
    return [f"{len(texts)} files written below {folder}; {sources.PATCH} holds what differs from the commit"]


def _relative(path: Path) -> Path:
    """Return a path from results/ on."""
    parts = path.absolute().parts
    start = len(parts) - 1 - parts[::-1].index("results") if "results" in parts else 1
    return Path(*parts[start:])
