"""How the settings of tuned methods were chosen: what choice.json of each says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.jobs import storage

VERSION = None  # reads records
NAMES = {"nll_temperature": "NLL after temperature scaling (nat)", "nll": "NLL (nat)", "dsc": "DSC"}
NONE = "no method of the table has `tune`"


@dataclass(frozen=True)
class Tuned:
    """A tuned method: its title, and its record as `training.choice.record` makes it."""

    experiment: str
    network: str
    method: str
    title: str
    record: Mapping[str, Any]

    @property
    def tries(self) -> int:
        """The settings that were tried."""
        return len(self.record["tried"])


def read(given: Iterable[Mapping[str, str]]) -> list[Tuned]:
    """Return the tuned methods of a table; `given` is its need `tuning`."""
    return [
        Tuned(row["experiment"], row["network"], row["method"], row["title"], storage.read_json(Path(row["choice"])))
        for row in given
    ]


def say(setting: Mapping[str, Any]) -> str:
    """Return a setting in words: "alpha 0.1"; the part before a point names what has it, and is left out."""
    return ", ".join(f"{name.rpartition('.')[2]} {value}" for name, value in setting.items())


def criterion(methods: Sequence[Tuned]) -> str:
    """Return by what the settings were chosen, in words."""
    return " or ".join(dict.fromkeys(NAMES[method.record["criterion"]] for method in methods))


def chosen_sentence(batches: Iterable[Path], titles: Mapping[str, str]) -> list[str]:
    """Return the note that says which settings the tuned rows of a table have; nothing where there are none.

    Args:
        batches: manifests; those of tuned methods hold `setting`.
        titles: method -> title.
    """
    said: dict[str, str] = {}
    for path in batches:
        content = storage.read_json(path) if path.is_file() else {}
        if "setting" not in content:
            continue
        title = titles.get(content["run"]["method"], content["run"]["method"])
        said[title] = say(content["setting"]) if content["setting"] else "nothing could be chosen"
    if not said:
        return []
    listed = "; ".join(f"{title}: {setting}" for title, setting in said.items())
    return [f"Settings that were chosen on validation cases, on seeds of their own (see “Tuning”): {listed}."]
