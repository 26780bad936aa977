"""Agreement of each method with the raters in units of theirs, with its intervals over raters and patients."""

from softbench.datasets import splits
from softbench.tables import over_raters
from softbench.tables.assemble import map_patients, select_scores
from softbench.tables.sheet import Sheet
from softbench.tables.view import Given, View

VERSION = 1
NOT_ASKED = "its experiments do not score all raters together (`scoring: {raters: true}`)"


def build(given: Given) -> Sheet:
    """Return a line a method, a group a structure of the columns that show agreement."""
    people, shown = not given.settings.get("pseudo_raters"), given.shown
    columns = [{"metric": metric} for metric in (over_raters.VALUE, over_raters.WITHOUT)]
    found = over_raters.lines(
        select_scores(given.runs, {**given.settings, "columns": columns}),
        {method.key: method.title for method in shown.methods},
        list(dict.fromkeys(column.structure for column in shown.columns if column.metric == over_raters.VALUE)),
        composites=shown.composites,
        groups=map_patients(splits.read(given.needs["split"])),
        same_people=people,
    )
    return over_raters.sheet(f"Agreement with the raters: {given.title}", list(found), same_people=people)


def applies(given: Given) -> str:
    """Say why there is none, where no column of the table shows agreement."""
    return "" if any(column["metric"] == over_raters.VALUE for column in given.settings["columns"]) else NOT_ASKED


VIEW = View(
    name="rater_agreement",
    title="Agreement with the raters",
    caption="How near each method comes to a rater, in units of how near raters come to each other, with intervals "
    "over raters, and over raters and patients.",
    needs=("scores", "ensembles", "split"),
    applies=applies,
    build=build,
    folded=True,
    place=35,
)
