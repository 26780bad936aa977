"""The table itself: means with their spread over seeds, and each method's difference to its control."""

from softbench.tables import scores
from softbench.tables.given import Given
from softbench.tables.sheet import Sheet
from softbench.tables.view import View

VERSION = 1


def build(given: Given) -> Sheet:
    """Return the table as a sheet."""
    return scores.sheet(given.shown)


VIEW = View(
    name="results",
    file="{table}",
    title="Results",
    caption="Means with their spread over seeds, and each method's difference to its loss-matched control, paired over "
    "seeds. Bold, where there are several runs a method: beyond noise after Holm's adjustment for all differences of "
    "the table.",
    needs=("scores", "ensembles"),
    build=build,
    place=10,
)
