"""Image, reference and each method's prediction of the median and the lower-quartile case."""

from softbench.figures import segmentations
from softbench.tables.given import Given
from softbench.tables.view import Picture, View

VERSION = 1


def build(given: Given) -> Picture:
    """Draw the label maps that scoring kept."""
    figure, caption = segmentations.draw(given.needs["segmentations"], title=f"Segmentations: {given.title}")
    return Picture(figure, caption)


def without_runs(given: Given) -> str:
    """Say that nothing was trained."""
    return "" if given.needs["segmentations"] else "there is no data at hand to train on"


VIEW = View(
    name="segmentations",
    title="Segmentations",
    caption="Image, reference and the prediction of each method, of the test case at the median and at the lower "
    "quartile of the DSC.",
    needs=("segmentations",),
    applies=without_runs,
    build=build,
    of=("methods", "paper"),
    place=25,
)
