"""Which soft label a target of nnU-Net is: a recipe with all its settings, its VERSIONs, and the name of its folder."""

import ast
import functools
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from softbench import soft_labels
from softbench.errors import InputError, listed, meant
from softbench.soft_labels.load import load, made

VERSION = 1
OF_EACH_VOXEL = ("one_hot", "ls")  # the class of a voxel decides its soft label: made from the augmented labels
PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Recipe:
    """A recipe and all its settings, those that were left out with their defaults.

    stored: whether its soft labels lie in files; else they are made of the augmented label map, voxel by voxel.
    """

    recipe: str
    settings: Mapping[str, Any]
    stored: bool

    @classmethod
    def of(cls, recipe: str, settings: Mapping[str, Any], *, stored: bool = False) -> "Recipe":
        """Return the recipe with these settings.

        Args:
            recipe: its name; `soft_labels.names()` lists them.
            settings: by name; those left out take the recipe's defaults.
            stored: whether files are made even of a recipe of each voxel, `one_hot` or `ls`.
        Raises: InputError: if there is no such recipe or setting, a value is refused by the recipe, or the recipe needs
            more than one label map and the image of a case.
        """
        module = soft_labels.recipe(recipe)
        _require_alone(recipe, module)
        for name in settings:
            if name not in module.SETTINGS:
                said = f"the recipe {recipe!r} has no setting {name!r}; its settings: {listed(name, module.SETTINGS)}."
                raise InputError(f"{said}{meant(name, module.SETTINGS)}")
        chosen = cls(recipe, {**module.SETTINGS, **settings}, stored or recipe not in OF_EACH_VOXEL)
        _try(chosen)
        return chosen

    @property
    def module(self) -> ModuleType:
        """The module of the recipe."""
        return load(self.recipe)

    @property
    def is_normalised(self) -> bool:
        """Whether the classes of a voxel sum to 1."""
        return bool(self.module.is_normalised(**self.settings))

    @property
    def name(self) -> str:
        """Recipe and settings as a word of letters, digits and _: `svls`, `svls_sigma2`, `one_hot_stored`."""
        defaults = self.module.SETTINGS
        changed = [f"{key}{value}" for key, value in self.settings.items() if value != defaults[key]]
        kept = ["stored"] if self.stored and self.recipe in OF_EACH_VOXEL else []
        return as_name("_".join([self.recipe, *changed, *kept]))

    def facts(self) -> dict[str, Any]:
        """Return what decides a soft label of a given case, for keys and manifests."""
        return {"recipe": self.recipe, "settings": dict(self.settings), "versions": versions(self.recipe)}

    def soften(
        self, labels: np.ndarray, image: np.ndarray | None, spacing_mm: tuple[float, ...], *, classes: int, case: str
    ) -> np.ndarray:
        """Return the soft label of a case, (C, ...) float32.

        Args:
            labels: (1, ...) class ids.
            image: (M, ...), for recipes that read it.
            spacing_mm: one number an axis.
            classes: C, background included.
            case: its id, for messages, and for recipes that draw random numbers by case.
        Raises: InputError: as the recipe; the message names the case.
        """
        module = self.module
        more = {"case": case} if "case" in inspect.signature(module.soften).parameters else {}
        return made(
            module, case, (classes, *labels.shape[1:]), self.settings,
            lambda: module.soften(labels, image, spacing_mm, classes=classes, **self.settings, **more),
        )  # fmt: skip

    def table(self, classes: int) -> np.ndarray:
        """Return the soft label of each class, (C, C) float32, of a recipe of each voxel: row c is that of class c."""
        row = np.arange(classes).reshape(1, 1, classes)
        return np.ascontiguousarray(self.soften(row, None, (1.0, 1.0), classes=classes, case="table")[:, 0].T)


def as_name(text: str) -> str:
    """Return a text as part of the name of a class and a folder: a point becomes p, a minus m, all else _.

    Two _ in a row become one, for nnU-Net takes the name of a folder of results apart at them.
    """
    plain = text.replace(".", "p").replace("-", "m")
    return re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9_]", "_", plain)).strip("_")


@functools.cache
def versions(recipe: str) -> dict[str, int]:
    """Return the VERSION of the recipe's module and of those of the package that it imports, by path."""
    numbers: dict[str, int] = {}
    waiting, seen = [PACKAGE / "soft_labels" / f"{recipe}.py"], set[Path]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        version = next((node.value for node in tree.body if isinstance(node, ast.Assign) and _assigns(node)), None)
        if isinstance(version, ast.Constant) and isinstance(version.value, int):
            numbers[path.relative_to(PACKAGE).as_posix()] = version.value
        waiting += [file for node in ast.walk(tree) for file in _imported(node)]
    return dict(sorted(numbers.items()))


def _assigns(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "VERSION" for target in node.targets)


def _imported(node: ast.AST) -> list[Path]:
    """Return the files of the package that a statement imports; those of `__init__` are names alone."""
    if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == PACKAGE.name:
        parts = node.module.split(".")[1:]
        files = [PACKAGE.joinpath(*parts).with_suffix(".py")] if parts else []
        files += [PACKAGE.joinpath(*parts, f"{alias.name}.py") for alias in node.names]
        return [file for file in files if file.is_file()]
    return []


def _require_alone(recipe: str, module: ModuleType) -> None:
    """Raise if a recipe needs more than the label map and the image of a case, or gives another grid."""
    if hasattr(module, "SWAPS"):
        why = f"takes the {module.SWAPS} of another case"
    elif getattr(module, "NEEDS_TEACHER", False):
        why = "needs networks that were trained before"
    elif getattr(module, "NEEDS_SHARES", False):
        why = "reads shares that the workflow kept while it resampled the labels"
    elif module.RATERS == "many":
        why = "reads label maps of several raters, and a data set of nnU-Net has one a case"
    elif "factor" in module.SETTINGS:
        why = "gives a coarser grid, and nnU-Net learns on that of its cases"
    else:
        return
    raise InputError(f"the recipe {recipe!r} {why}, so nnU-Net cannot learn from it here. The workflow has it.")


def _try(chosen: Recipe) -> None:
    """Let the recipe refuse its settings now, on a label map of a few voxels, and not at the first case."""
    labels = np.zeros((1, 4, 4, 4), np.int64)
    labels[:, 1:3, 1:3, 1:3] = 1
    image = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 4, 4, 4) if chosen.module.NEEDS_IMAGE else None
    try:
        chosen.soften(labels, image, (1.0, 1.0, 1.0), classes=2, case="of a few voxels")
    except InputError as error:
        said = str(error).removeprefix("case of a few voxels: ")
        raise InputError(f"the recipe {chosen.recipe!r} cannot be used with {dict(chosen.settings)}: {said}") from error
