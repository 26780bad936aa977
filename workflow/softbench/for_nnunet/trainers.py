"""Files of trainer classes, one a class, in a folder that nnU-Net searches (`nnUNet_extTrainer`)."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.for_nnunet.recipe import Recipe, as_name
from softbench.jobs import pieces

VERSION = 1
VARIABLE = "nnUNet_extTrainer"
BASE = "nnUNetTrainerSoft"
AS_NNUNET = "nnunet"  # loss.AS_NNUNET, for whoever writes a trainer without torch
LONGEST = 120  # letters of a class: nnU-Net names a folder by it, plans and configuration
TEXT = '''\
"""Written by `softbench nnunet prepare`. nnU-Net finds it where {variable} names this folder."""

from softbench.for_nnunet.trainer import {base}


class {name}({base}):
    """{title}"""

{body}
'''


@dataclass(frozen=True)
class Trainer:
    """What a class of trainer says: see `trainer.nnUNetTrainerSoft`."""

    target: str
    recipe: Recipe
    loss: str = AS_NNUNET
    epochs: int | None = None
    iterations: int | None = None
    seed: int | None = None

    @property
    def name(self) -> str:
        """The name of the class, and so of the folder of results: all that differs from nnU-Net's way is in it."""
        parts = [BASE, self.target]
        parts += [] if self.loss == AS_NNUNET else [self.loss]
        parts += [] if self.epochs is None else [f"{self.epochs}epochs"]
        parts += [] if self.iterations is None else [f"{self.iterations}iterations"]
        parts += [] if self.seed is None else [f"seed{self.seed}"]
        return as_name("_".join(parts))

    def text(self) -> str:
        """Return the module that holds the class."""
        says: dict[str, Any] = {
            "target": self.target,
            "recipe": self.recipe.recipe,
            "settings": dict(self.recipe.settings),
            "stored": self.recipe.stored,
            "loss_expression": self.loss,
            "epochs": self.epochs,
            "iterations": self.iterations,
            "seed": self.seed,
        }
        body = "\n".join(f"    {key} = {value!r}" for key, value in says.items())
        title = f"Learns from the soft label {self.target!r} with the loss {self.loss!r}."
        return TEXT.format(variable=VARIABLE, base=BASE, name=self.name, title=title, body=body)


def write(trainer: Trainer, folder: Path) -> Path:
    """Write the file of a trainer unless it is there; return its path.

    Raises: InputError: if the name is too long, or the folder has a trainer of this name that says something else: what
        it trained would be mixed with what this one trains.
    """
    if len(trainer.name) > LONGEST:
        raise InputError(f"the trainer's name {trainer.name} is longer than {LONGEST} letters. Shorten it: --name NAME")
    path, text = folder / f"{trainer.name}.py", trainer.text()
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise InputError(
            f"{path} says something else than is asked for now, and both would train in one folder of results. Give "
            "this one a name of its own: --name NAME. Or remove the file and what was trained with it."
        )
    pieces.write_text(path, text)
    return path


def folder_for(preprocessed: Path) -> tuple[Path, bool]:
    """Return the folder that trainers go to, and whether nnU-Net searches it already.

    The first folder of the variable nnUNet_extTrainer, else one beside the preprocessed data sets.
    """
    named = [part for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part.strip()]
    return (Path(named[0]), True) if named else (preprocessed / "softbench_trainers", False)
