"""What each recipe makes of one slice of a phantom, drawn as the suite draws soft labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from softbench import datasets, soft_labels
from softbench.datasets import phantoms
from softbench.datasets.case import Case
from softbench.figures import gallery
from softbench.soft_labels import confident_learning

PHANTOM, OF_RATERS = "phantom_kidney", "phantom_nodule"
CASE, NEXT = 1, 2  # numbers of the phantom
FACTOR = 2  # of the coarser grid
DPI = 150


@dataclass(frozen=True)
class Shown:
    """What a picture shows.

    case: image and label; soft: (C, ...), on the case's grid; words: what is particular to the picture, or "".
    """

    case: Case
    soft: np.ndarray
    words: str = ""


def show(name: str) -> Shown:
    """Return a recipe's soft label of a phantom; settings are the recipe's own."""
    return PARTICULAR.get(name, _plain)(name)


def draw(name: str) -> Figure:
    """Return the picture of a recipe: image, label, probability of each class, and the mass moved off the label."""
    shown = show(name)
    return gallery.draw(shown.case, {name: shown.soft}, _classes(name), title="")


def caption(name: str) -> str:
    """Return what the picture of a recipe shows, in a sentence or two."""
    settings = ", ".join(f"`{key}` {value}" for key, value in soft_labels.recipe(name).SETTINGS.items())
    on = f"{datasets.source(_phantom(name)).TITLE}, case {CASE}"
    words = " ".join(filter(None, [f"One slice of a phantom ({on}).", show(name).words]))
    return f"{words} Settings: {settings}." if settings else words


def save(name: str, path: Path) -> None:
    """Write the picture of a recipe."""
    draw(name).savefig(path, dpi=DPI, metadata={"Software": None})


def _phantom(name: str) -> str:
    return OF_RATERS if soft_labels.recipe(name).RATERS == "many" else PHANTOM


def _classes(name: str) -> list[str]:
    return list(datasets.source(_phantom(name)).CLASSES)


def _soften(name: str, case: Case, **more: Any) -> np.ndarray:
    labels = case.labels if soft_labels.recipe(name).RATERS == "many" else case.labels[:1]
    classes = len(_classes(name))
    return soft_labels.recipe(name).soften(labels, case.images, case.spacing_mm, classes=classes, **more)


def _plain(name: str) -> Shown:
    case = phantoms.make(_phantom(name), CASE)
    words = f"Labels of {len(case.labels)} raters; the label that is shown is that of the first."
    return Shown(case, _soften(name, case), words if len(case.labels) > 1 else "")


def _shuffled(name: str) -> Shown:
    case, other = (phantoms.make(PHANTOM, number) for number in (CASE, NEXT))
    return Shown(case, _soften(name, other), f"The soft label is made of the labels of case {NEXT}.")


def _wrong_image(name: str) -> Shown:
    case, other = (phantoms.make(PHANTOM, number) for number in (CASE, NEXT))
    swapped = replace(case, images=other.images)
    return Shown(case, _soften(name, swapped), f"The soft label is made of the image of case {NEXT}.")


def _coarser(name: str) -> Shown:
    fine = phantoms.make(PHANTOM, CASE)
    shares = soft_labels.recipe("epd").soften(
        fine.labels[:1], None, fine.spacing_mm, classes=len(_classes(name)), factor=FACTOR
    )
    images = np.stack([_window_means(channel) for channel in fine.images])
    case = replace(
        fine, images=images, labels=shares.argmax(axis=0)[None].astype(np.uint8), truth=None,
        spacing_mm=tuple(FACTOR * step for step in fine.spacing_mm),
    )  # fmt: skip
    if name == "epd":
        return Shown(case, shares, "Image, label and soft label lie on the grid of half the resolution.")
    return Shown(case, _soften(name, case, shares=shares), "Labels were resampled to half the resolution.")


def _window_means(channel: np.ndarray) -> np.ndarray:
    whole = tuple(slice(0, length - length % FACTOR) for length in channel.shape)
    pairs = [part for length in channel[whole].shape for part in (length // FACTOR, FACTOR)]
    return channel[whole].reshape(pairs).mean(axis=tuple(range(1, 2 * channel.ndim, 2)))


def _distilled(name: str) -> Shown:
    case = phantoms.make(PHANTOM, CASE)
    words = "In place of a teacher's networks: the phantom's true probabilities."
    return Shown(case, _soften(name, case, teacher=case.truth), words)


def _slsr(name: str) -> Shown:
    case = phantoms.make(PHANTOM, CASE)
    truth = np.asarray(case.truth, np.float32)
    cuts = confident_learning.learn([(truth.reshape(len(truth), -1), case.labels[0].ravel())], len(truth))
    words = "In place of a teacher's networks: the phantom's true probabilities."
    return Shown(case, _soften(name, case, teacher=truth, cuts=cuts), words)


PARTICULAR: Mapping[str, Callable[[str], Shown]] = {
    "shuffled": _shuffled, "wrong_image": _wrong_image, "epd": _coarser, "resampled": _coarser, "distilled": _distilled,
    "slsr": _slsr,
}  # fmt: skip
