"""Which documented commands are run as they stand, which are not and why, and what is run in their place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from documents import Step, steps

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WALKED = (
    "README.md", "docs/run.md", "docs/results.md", "docs/predictions.md", "docs/extend.md", "docs/develop.md",
)  # fmt: skip
OTHERS = ("CONTRIBUTING.md", "CHANGELOG.md", "docs/**/*.md", "results/README.md")
TUTORIALS = "docs/tutorials/*.md"
RUN_TUTORIAL = "PYTHONPATH=workflow:docs python -m make.site.tutorials {}"


@dataclass(frozen=True)
class Turn:
    """A step, and what is done about it: `run` is the command, None where none is; `reason` says why it differs."""

    step: Step
    run: str | None
    reason: str = ""


def exceptions() -> dict[str, Mapping[str, Any]]:
    """Return command -> {reason, instead}, from commands.yaml."""
    return {entry["command"]: entry for entry in _listed() if "command" in entry}


def excused() -> dict[str, str]:
    """Return document -> the reason why none of its commands is walked, from commands.yaml."""
    return {entry["document"]: entry["reason"] for entry in _listed() if "document" in entry}


def _listed() -> list[dict[str, Any]]:
    return yaml.safe_load((HERE / "commands.yaml").read_text(encoding="utf-8"))


def turns(root: Path = ROOT) -> list[Turn]:
    """Return what the walk does: all of `WALKED` in order, what a sentence repeats once, then the tutorials."""
    known, found = exceptions(), [step for name in WALKED for step in steps(root / name)]
    shown = {step.text for step in found if step.kind != "sentence"}
    said = list(dict.fromkeys(step.text for step in found if step.kind == "sentence" and step.text not in shown))
    first = {text: next(step for step in found if step.text == text) for text in said}
    typed = [_turn(step, known) for step in found if step.kind != "sentence" or first.get(step.text) is step]
    return typed + [_tutorial(root, path) for path in sorted(root.glob(TUTORIALS))]


def _tutorial(root: Path, path: Path) -> Turn:
    """Return the turn that runs the code of a tutorial, made short where it says how."""
    name = str(path.relative_to(root))
    return Turn(Step(path.name, 1, f"the code of {name}", "tutorial"), RUN_TUTORIAL.format(name), "it is no command")


def _turn(step: Step, known: Mapping[str, Mapping[str, Any]]) -> Turn:
    entry = known.get(step.text)
    return Turn(step, step.text) if entry is None else Turn(step, entry.get("instead"), entry["reason"])


def unknown(root: Path = ROOT) -> list[Step]:
    """Return the commands of all documents that are neither run by the walk nor listed with a reason."""
    walked = {turn.step.text for turn in turns(root)} | set(exceptions())
    return [step for step in commands(root) if step.text not in walked and step.document not in excused()]


def stale(root: Path = ROOT) -> list[str]:
    """Return the listed commands that no document has any more."""
    documented = {step.text for step in commands(root)}
    return [command for command in exceptions() if command not in documented]


def commands(root: Path = ROOT) -> list[Step]:
    """Return every command of every document."""
    others = [str(path.relative_to(root)) for pattern in OTHERS for path in sorted(root.glob(pattern))]
    names = dict.fromkeys([*WALKED, *others])
    return [step for name in names for step in steps(root / name) if step.kind != "file"]
