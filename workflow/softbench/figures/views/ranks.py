"""The rank of each method by each column, its range over seeds, and which ranks these seeds tell apart."""

from softbench.figures import rank_figure
from softbench.tables.given import Given
from softbench.tables.rankings import of_one_run
from softbench.tables.view import Picture, View

VERSION = 1


def build(given: Given) -> Picture:
    """Draw the ranks of the trained methods."""
    titles = {method.key: method.title for method in given.shown.methods}
    figure = rank_figure.draw(given.rankings, given.evidence.names, titles, title=f"Ranks: {given.title}")
    return Picture(figure, rank_figure.CAPTION_OF_ONE_RUN if of_one_run(given.rankings) else rank_figure.CAPTION)


VIEW = View(
    name="ranks_figure",
    file="ranks_{table}",
    title="Ranks",
    caption="Ranks of the trained methods by each column, with their range over seeds. Where no critical difference is "
    "valid, it says so.",
    needs=("scores", "ensembles"),
    build=build,
    folded=True,
    place=41,
)
