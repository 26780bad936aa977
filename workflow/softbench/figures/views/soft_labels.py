"""The soft labels of a table on the same slice of one case."""

from pathlib import Path

from softbench import datasets
from softbench.figures import gallery
from softbench.soft_labels import open_store
from softbench.tables.view import Given, Picture, View

VERSION = 1


def build(given: Given) -> Picture:
    """Draw the first case that has every class, or else the first."""
    labels = given.needs["soft_labels"]
    dataset = datasets.open(Path(labels["data"]).parent)
    case = dataset.load(gallery.choose_case(dataset.cases))
    of_case = [row for row in labels["rows"] if row["dataset"] == labels["rows"][0]["dataset"]]
    stores = {row["title"]: open_store(Path(row["manifest"]).parent) for row in of_case}
    softs = {title: store.read(case) for title, store in stores.items()}
    figure = gallery.draw(case, softs, dataset.classes, title=f"Soft labels of {case.id}")
    return Picture(figure, gallery.CAPTION)


VIEW = View(
    name="soft_labels",
    title="Soft labels before training",
    caption="The soft labels that the methods learn from, on the same slice of one case.",
    needs=("soft_labels",),
    build=build,
    place=81,
)
