"""Whether the studies of raters fit: sources with several raters, settings of recipes, rising widths and ranges."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from softbench.plan import modules
from softbench.plan.checks import recipes
from softbench.plan.places import Fault, KeyPath, known

if TYPE_CHECKING:
    from softbench.plan.plan import Plan

SVLS = "svls"  # the line that mOH is compared with
ONE_HOT = "one_hot"  # the line that all are compared with
TAKEN = {  # names that no line may have, and whose they are
    "others": "the mean of the other raters",
    "case": "the facts of a case",
}
TAKEN_IN_LABORATORY = {
    "majority": "the majority of n raters",
    "staple": "STAPLE of n raters",
    "missed": "missed lesions",
}
BAND_MM, MARGIN_MM = 5.0, 12.0  # of a study that says nothing else; 4 of the widest blur, and 6 of the widest sigmoid
REACH = 4  # of a soft label in its widths: beyond it a blur is cut, and a sigmoid has 0.02 left
TITLES = {"Mean of the other raters": "others", "One-hot": ONE_HOT}  # of lines that are always there


def faults(plan: "Plan") -> Iterator[Fault]:
    """Give what does not fit in the studies of a plan."""
    sweeps = plan.config.get("rater_sweeps", {})
    for name, entry in plan.config.get("rater_studies", {}).items():
        yield from _of_study(("rater_studies", name), entry)
        yield from _of_margin(("rater_studies", name), entry, sweeps)
    for name, entry in sweeps.items():
        yield from _of_name(("rater_sweeps", name), entry["recipe"], plan.found.recipes)
        yield from _of_sweep(("rater_sweeps", name), entry)
    yield from _same_titles(sweeps)
    yield from _of_laboratory(plan.config.get("rater_laboratory", {}), sweeps)


def _of_study(path: KeyPath, entry: dict[str, Any]) -> Iterator[Fault]:
    source = entry["source"]
    if modules.constant_of_source(source, "LABEL_MAPS", 1) < 2:
        said = f"is {source!r}, whose cases have one rater: there is nobody to compare with. Take another."
        yield Fault((*path, "source"), said)
    for key in (key for key in ("size", "cases") if key in entry and not modules.is_phantom(source)):
        said = f"decides nothing: {source!r} is no phantom, and all its cases are read. Leave it out."
        yield Fault((*path, key), said)
    sizes = modules.constant_of_source(source, "SIZES", {}) if modules.is_phantom(source) else {}
    if sizes and entry.get("size", next(iter(sizes))) not in sizes:
        yield Fault((*path, "size"), f"is {entry['size']!r}. {known(entry['size'], sizes)}")


def _of_margin(path: KeyPath, entry: dict[str, Any], sweeps: Mapping[str, dict[str, Any]]) -> Iterator[Fault]:
    """Give what the boxes around what raters labelled are too small for, where there is no image."""
    if entry.get("images", True):
        return
    margin, band = entry.get("margin_mm", MARGIN_MM), entry.get("band_mm", BAND_MM)
    if band > margin:
        said = f"is {band:g} mm, but labels are looked at no further than {margin:g} mm from what raters labelled."
        yield Fault((*path, "band_mm"), f"{said} Write `margin_mm: {band:g}` or more beside it.")
    widths = {name: max(sweep["values"]) for name, sweep in sweeps.items()
              if sweep.get("unit") == "mm" and sweep.get("values")}  # fmt: skip
    widest = max(widths, key=lambda name: widths[name], default=None)
    if widest is not None and REACH * widths[widest] > margin:
        said = f"is {margin:g} mm, but {widest!r} of rater_sweeps goes to {widths[widest]:g} mm, and a label reaches"
        yield Fault((*path, "margin_mm"), f"{said} {REACH} widths. Write {REACH * widths[widest]:g} or more.")


def _of_name(path: KeyPath, recipe: str, found: Collection[str]) -> Iterator[Fault]:
    name = path[-1]
    if name in TAKEN:
        yield Fault(path, f"is the name of {TAKEN[name]} in each study. Give the line another.")
    elif name != recipe and name in found:
        said = f"is the name of a recipe, but the line is of {recipe!r}: nobody could tell which of them it shows."
        yield Fault(path, f"{said} Give the line another.")
    elif recipe == ONE_HOT != name:
        said = f"is a second line of {ONE_HOT!r}, which has no setting and whose line has that name already."
        yield Fault(path, f"{said} Leave it out.")


def _of_sweep(path: KeyPath, entry: dict[str, Any]) -> Iterator[Fault]:
    values, together = entry.get("values", []), entry.get("together", {})
    if ("over" in entry) != ("values" in entry) or (together and not values):
        yield Fault(path, "must have both `over` and `values`, or neither. Add the other.")
        return
    if values != sorted(values):
        yield Fault((*path, "values"), f"are {values}, but must rise: write {sorted(values)}.")
    for name, beside in together.items():
        if len(beside) != len(values):
            said = f"has {len(beside)} value(s), but `values` has {len(values)}: each needs one. Write as many."
            yield Fault((*path, "together", name), said)
            return
    set_twice = [name for name in (entry.get("over"), *together) if name in entry.get("settings", {})]
    if entry.get("over") in together:
        set_twice.append(entry["over"])
    if set_twice:
        yield Fault(path, f"sets {set_twice[0]!r} twice: as what varies and elsewhere. Leave one out.")
        return
    trials = [{entry["over"]: v, **{name: of[n] for name, of in together.items()}} for n, v in enumerate(values)] or [
        {}
    ]
    for trial in trials:
        yield from recipes.unordered(path, entry["recipe"], entry.get("settings", {}) | trial)


def _same_titles(sweeps: Mapping[str, dict[str, Any]]) -> Iterator[Fault]:
    titles = dict(TITLES)
    for name, entry in sweeps.items():
        title = entry.get("title", name)
        if titles.setdefault(title, name) != name:
            said = f"is {title!r}, the title of {titles[title]!r} too: nobody could tell the two lines apart."
            yield Fault(("rater_sweeps", name, "title"), f"{said} Give it another.")


def _of_laboratory(entry: dict[str, Any], sweeps: dict[str, Any]) -> Iterator[Fault]:
    path = ("rater_laboratory",)
    populations = entry.get("populations", {})
    if not populations:
        return
    lines = entry.get("lines", [SVLS])
    for name in lines:
        yield from _of_line((*path, "lines"), name, sweeps)
    if SVLS not in lines:
        yield Fault((*path, "lines"), f"lacks {SVLS!r}, which mOH is compared with. Add it.")
    for name, population in populations.items():
        for habit, ends in population["habits"].items():
            if isinstance(ends, list) and ends[0] > ends[1]:
                place = (*path, "populations", name, "habits", habit)
                yield Fault(place, f"is {ends}, but a range rises: write {sorted(ends)}.")
    if entry.get("raters", 1) > (people := entry.get("people", entry.get("raters", 1))):
        yield Fault((*path, "people"), f"is {people}, but a panel has {entry['raters']} raters. Ask for fewer.")


def _of_line(path: KeyPath, name: str, sweeps: Mapping[str, dict[str, Any]]) -> Iterator[Fault]:
    if name in TAKEN_IN_LABORATORY:
        said = f"names {name!r}, which is {TAKEN_IN_LABORATORY[name]} there. Take a line of another name."
        yield Fault(path, said)
    elif name not in sweeps:
        yield Fault(path, f"names {name!r}, which is no line of rater_sweeps. {known(name, sweeps)}")
    elif _reads_image(sweeps[name]["recipe"]):
        said = f"names {name!r}, whose recipe reads the image; simulated raters draw labels alone. Leave it out."
        yield Fault(path, said)


def _reads_image(recipe: str) -> bool:
    module = f"soft_labels/{recipe}.py"
    return modules.defines(module, "NEEDS_IMAGE") and bool(modules.constant(module, "NEEDS_IMAGE"))
