"""How often a prediction is right when the network says how sure it is, by region and method."""

from softbench.figures import reliability
from softbench.tables.view import Given, Picture, View

VERSION = 1


def build(given: Given) -> Picture:
    """Draw the diagrams of the trained methods."""
    methods = [method for method in given.settings["methods"] if method["trained"]]
    figure = reliability.draw(given.runs.reliability, title=f"Reliability: {given.title}", methods=methods)
    return Picture(figure, reliability.CAPTION)


VIEW = View(
    name="reliability",
    title="Reliability",
    caption="How often a prediction is right against how sure it is: over all voxels, the foreground and the boundary "
    "band. The voxels of all test cases are pooled.",
    needs=("scores", "ensembles"),
    build=build,
    place=20,
)
