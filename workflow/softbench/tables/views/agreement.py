"""Whether the columns of a table rank its methods alike."""

from softbench.tables.rankings import between_columns
from softbench.tables.sheet import Sheet
from softbench.tables.view import Given, View
from softbench.tables.views import ranks

VERSION = 1


def build(given: Given) -> Sheet:
    """Return Kendall's tau of each pair of columns."""
    grid = ranks.matrix(given.evidence, given.rankings)
    numbers = between_columns(given.rankings, given.evidence.names)
    return Sheet(f"Do the columns rank alike? {given.title}", ranks.AGREE, (grid,), numbers=numbers)


VIEW = View(
    name="agreement",
    title="Ranks",
    caption="Kendall's tau between the rankings by each pair of columns.",
    needs=("scores", "ensembles"),
    build=build,
    folded=True,
    place=42,
)
