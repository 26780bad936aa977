"""Who comes first by each column, and how stable that is."""

from softbench.tables import rank_table
from softbench.tables.given import Given
from softbench.tables.sheet import Sheet
from softbench.tables.view import View

VERSION = 1


def build(given: Given) -> Sheet:
    """Return the sheet of a table."""
    return rank_table.sheet(given.evidence, given.rankings)


VIEW = View(
    name="ranks",
    title="Ranks",
    caption="Who comes first by each column, and how stable that is over seeds and over redrawn cases.",
    needs=("scores", "ensembles"),
    build=build,
    folded=True,
    place=40,
)
