"""A paper's table with our numbers beside its own."""

from softbench.papers import published
from softbench.papers.comparison import blocks as of_papers
from softbench.papers.comparison import build as comparison
from softbench.papers.comparison import sheet
from softbench.tables.given import Given
from softbench.tables.sheet import Sheet
from softbench.tables.view import View

VERSION = 1


def build(given: Given) -> Sheet:
    """Return the printed table, with ours, the difference and a status in each cell; what was not run says so."""
    settings = given.settings
    printed = published.read(settings["published"])
    blocks = of_papers.read(printed, settings)
    said = {name: settings[name] for name in ("titles", "policy", "notes", "is_rehearsal")}
    return sheet.sheet(comparison.build(printed, blocks, **said))


VIEW = View(
    name="comparison",
    file="{table}",
    title="Ours beside the printed numbers",
    caption="Ours, the printed number, the difference, and whether the known noise explains it.",
    build=build,
    of=("paper",),
    place=10,
)
