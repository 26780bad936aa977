"""Each method minus its control on each test case, and the mean over seeds."""

from softbench.figures import case_figure
from softbench.tables.given import Given
from softbench.tables.view import Picture, View
from softbench.tables.wording import untested

VERSION = 1


def build(given: Given) -> Picture:
    """Draw the differences."""
    figure = case_figure.draw(given.evidence, title=f"Case by case: {given.title}")
    why = untested(given.shown)
    return Picture(figure, case_figure.CAPTION_UNTESTED.format(why=why) if why else case_figure.CAPTION)


VIEW = View(
    name="cases",
    title="Case by case",
    caption="Each method minus its control on each test case (dots), and the mean with its interval over seeds.",
    needs=("scores", "ensembles"),
    build=build,
    place=45,
)
