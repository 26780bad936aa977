"""What decides the runs of a method whose setting was chosen: of the settings that it tried, the one in choice.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from softbench.jobs import storage

VERSION = None  # settings alone, which stand in the keys
NOTHING = "none of its settings could be trained, so none was chosen"


def settle(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides a method's runs, with the chosen setting where it tries several.

    Args:
        given: `run` and `soft_label`, and of a tuned method also `choice` (path) and `tried`, by the key of each
            setting its `run` and `soft_label`. Other keys stay.
    Returns: without `choice` and `tried`; `run` and `soft_label` are those of the chosen setting, under the name of the
        tuned method. Where nothing was chosen they stay: there is no run.
    Raises: InputError: if choice.json is missing or damaged.
    """
    rest = {name: value for name, value in given.items() if name not in ("choice", "tried")}
    if "tried" not in given:
        return rest
    chosen = storage.read_json(Path(given["choice"]))["chosen"]
    if chosen is None:
        return rest
    of_setting = given["tried"][chosen]
    run = {**of_setting["run"], "names": given["run"]["names"]}
    return {**rest, "run": run, "soft_label": of_setting["soft_label"]}
