"""Does an experiment fit its data: dimensions, raters, structures, and labels kept soft."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from softbench import networks
from softbench.errors import in_words
from softbench.plan import modules, sizes
from softbench.plan.forms import SUFFIX
from softbench.plan.modules import constant, defines, needs_shares
from softbench.plan.places import Fault, KeyPath, known

if TYPE_CHECKING:
    from softbench.plan.plan import Plan

RATERS = "raters"  # the sanity row of raters against each other
IN_REHEARSAL = ("dataset", "networks", "seeds", "protocol", "structures", "composites")


class Facts:
    """Answers on the experiments of a plan; None or nothing is known of data whose source computes what it declares."""

    def __init__(self, plan: "Plan") -> None:
        """Take the plan."""
        self.plan = plan

    def path(self, experiment: str, *rest: Any) -> KeyPath:
        """Return where a setting of an experiment stands in config; those of a rehearsal stand in its experiment."""
        written: Mapping[str, Any] = self.plan.config["experiments"]
        if experiment in written:
            return ("experiments", experiment, *rest)
        base = experiment.removesuffix(SUFFIX)
        is_own = rest and rest[0] in IN_REHEARSAL and rest[0] in written[base]["rehearsal"]
        return ("experiments", base, *(["rehearsal"] if is_own or not rest else []), *rest)

    def protocol_path(self, experiment: str) -> KeyPath:
        """Return where the protocol of an experiment stands in config."""
        path = self.path(experiment, "protocol")
        return path if "rehearsal" in path else ("protocols", self.plan.experiments[experiment]["protocol"])

    def declared(self, dataset: str, name: str) -> Any:
        """Return what the source of a data set declares, e.g. DIMS or LABEL_MAPS (one a rater); None where it computes
        it, or does not say so."""
        return modules.constant_of_source(self.plan.datasets[dataset]["source"], name, None)

    def structures(self, dataset: str) -> list[str] | None:
        """Return the structures of a data set; None where the source computes them."""
        declared = self.declared(dataset, "STRUCTURES")
        return None if declared is None else list(declared)

    def splits(self, dataset: str) -> list[str]:
        """Return the splits of a data set: committed ones, and those that its source derives by a rule."""
        folder = modules.PACKAGE.parent / "splits" / dataset
        committed = [path.stem for path in folder.glob("*.csv")]
        return sorted({*committed, *(self.declared(dataset, "SPLITS") or {})})


LENGTHS = ("patch_size", "inference_patch")  # of a protocol: one number an axis
AXES = ("flips", "tta_flips", "transposes", "quarter_turns")


def faults(facts: Facts) -> Iterator[Fault]:
    """Yield what does not fit in the data sets, methods and experiments of a plan, rehearsals among them."""
    for name in facts.plan.datasets:
        yield from _of_dataset(name, facts)
    for name in facts.plan.experiments:
        yield from _named_and_left_out(name, facts)
        yield from _dimensions(name, facts)
        yield from _too_long(name, facts)
        yield from _raters(name, facts)
        yield from _truth(name, facts)
        yield from _names(name, facts)
        yield from _shares(name, facts)
        yield from _coarse_parts(name, facts)
        yield from _posthoc(name, facts)
    yield from _readers_of_shares(facts)
    yield from _grids(facts)


def _of_dataset(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield lengths of a data set that are not one for each axis."""
    dataset, dims = facts.plan.datasets[name], facts.declared(name, "DIMS")
    lengths = {("crop", "size"): (dataset.get("crop") or {}).get("size"), ("spacing_mm",): dataset.get("spacing_mm")}
    for rest, value in lengths.items():
        yield from _one_an_axis(("datasets", name, *rest), value, dims, f"the images of {dataset['source']}")


def _one_an_axis(path: KeyPath, value: Any, dims: int | None, what: str) -> Iterator[Fault]:
    if isinstance(value, Sequence) and dims is not None and len(value) != dims:
        axes = "D, H, W" if dims == 3 else "H, W"
        yield Fault(path, f"is {list(value)}, but {what} are {dims}-D. Give {dims} numbers ({axes}).")


def _named_and_left_out(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield methods that an experiment names and leaves out: none would run, and nobody would be told."""
    experiment = facts.plan.experiments[name]
    named, left_out = experiment["methods"], experiment.get("except", [])
    for index, method in enumerate(named if named != "all" else []):
        if method in left_out:
            path = facts.path(name, "methods", index)
            said = "which `except` of the same experiment leaves out. Write `except: []`, or leave it out here."
            yield Fault(path, f"is {method!r}, {said}")


def split(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield that the split of an experiment is none of its data set; asked of those that are run, since a split may be
    written after its data is prepared."""
    experiment = facts.plan.experiments[name]
    dataset, split = experiment["dataset"], experiment["split"]
    if split not in facts.splits(dataset):
        rest = () if facts.path(name)[-1] == "rehearsal" else ("split",)  # a rehearsal has the split `main`
        said = f"is {split!r}" if rest else f"needs the split {split!r} of {dataset!r}"
        file = f"workflow/splits/{dataset}/{split}.csv"
        near = known(split, facts.splits(dataset))
        yield Fault(facts.path(name, *rest), f"{said}, a split that {dataset!r} lacks: there is no {file}. {near}")


def _dimensions(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield patch sizes, axes, networks and resolutions of an experiment of other dimensions than its images."""
    experiment, plan = facts.plan.experiments[name], facts.plan
    dataset = experiment["dataset"]
    dims = facts.declared(dataset, "DIMS")
    if dims is None:
        return
    what = f"the images of {dataset!r} in experiments.{name}"
    of_protocol = facts.protocol_path(name)
    protocol = plan.protocols[experiment["protocol"]]
    for key in LENGTHS:
        yield from _one_an_axis((*of_protocol, key), protocol.get(key), dims, what)
    for key in AXES:
        if dims == 2 and "D" in str(protocol.get(key, [])):
            yield Fault((*of_protocol, key), f"names the axis D, but {what} are 2-D. Name H and W alone.")
    yield from _networks(name, dims, facts)
    for method in plan.methods_of(name):
        factor = (plan.methods[method]["resolution"] or {}).get("factor")
        yield from _one_an_axis(("methods", method, "resolution", "factor"), factor, dims, what)
    if dims == 2 and experiment["scoring"].get("in_plane"):
        yield Fault(facts.path(name, "scoring", "in_plane"), f"looks at the slices of a volume, but {what} are 2-D.")


def _too_long(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield patches that are longer than the cases of an experiment: what is added to the cases teaches nothing."""
    dataset = facts.plan.experiments[name]["dataset"]
    patch = facts.plan.protocols[facts.plan.experiments[name]["protocol"]]["patch_size"]
    cases = sizes.case_grid(facts.plan.datasets[dataset])
    if cases is not None and len(cases) == len(patch) and any(map(int.__gt__, patch, cases)):
        found = f"the cases of {dataset!r} in experiments.{name} have {' x '.join(map(str, cases))} voxels at most"
        yield Fault((*facts.protocol_path(name), "patch_size"), f"is {patch}, but {found}. Give no more than these.")


def _coarse_parts(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield a protocol that scores parts of cases, where a method trains on a coarser grid: a part cuts its windows."""
    coarse = [method for method in facts.plan.methods_of(name) if facts.plan.methods[method]["resolution"] is not None]
    if coarse and facts.plan.part_of(name):
        said = f"is 'random_crop', but the method {coarse[0]!r} in experiments.{name} trains on a coarser grid. "
        way = "Take `evaluation: whole`, or leave the method out of the experiment (`except`)."
        yield Fault((*facts.protocol_path(name), "evaluation"), said + way)


def _posthoc(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield calibrations of an experiment without that which its grid compares every method with."""
    asked = facts.plan.posthoc_of(name)["calibrations"]
    if asked and "temperature" not in asked:
        said = f"lists {in_words(asked)}, but not 'temperature'. Add it: every method is compared with one-hot at "
        yield Fault(facts.path(name, "posthoc", "calibrations"), f"{said}its own temperature.")


def _networks(name: str, dims: int, facts: Facts) -> Iterator[Fault]:
    """Yield networks of an experiment that take no images of these dimensions."""
    experiment = facts.plan.experiments[name]
    for place, network in enumerate(experiment["networks"]):
        takes = networks.known_dims(facts.plan.config["networks"][network]["name"])
        if dims not in takes:
            only = in_words(f"{count}-D" for count in takes)
            said = (
                f"is {network!r}, which takes {only} images alone, but those of {experiment['dataset']!r} are {dims}-D."
            )
            yield Fault(facts.path(name, "networks", place), said)


def _raters(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield methods of an experiment that learn from a rater whom its cases do not have."""
    dataset = facts.plan.experiments[name]["dataset"]
    count = facts.declared(dataset, "LABEL_MAPS")
    for method in facts.plan.methods_of(name):
        rater = facts.plan.methods[method]["raters"]
        if count is not None and isinstance(rater, int) and rater > count:
            raters = "one rater" if count == 1 else f"{count} raters"
            said = f"is {rater}, but a case of {dataset!r} in experiments.{name} has {raters}. "
            wanted = "Name one that there is, or leave the method out of the experiment (`except`)."
            yield Fault(("methods", method, "raters"), said + wanted)
    if count == 1:
        yield from _rater_pairs(name, dataset, facts)


def _truth(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield an experiment that is to be scored against the true distribution of data that do not know it."""
    experiment = facts.plan.experiments[name]
    source = facts.plan.datasets[experiment["dataset"]]["source"]
    if experiment["scoring"].get("truth") and not modules.is_phantom(source):
        said = f"is true, but the true distribution of {experiment['dataset']!r} is not known: it is no phantom. "
        yield Fault(facts.path(name, "scoring", "truth"), f"{said}Leave it out.")


def _rater_pairs(name: str, dataset: str, facts: Facts) -> Iterator[Fault]:
    """Yield rows of raters against each other that an experiment names where a case has one rater."""
    for method in facts.plan.methods_of(name):
        if facts.plan.methods[method]["sanity"] == RATERS:
            said = f"is {method!r}, which scores raters against each other, but a case of {dataset!r} in "
            wanted = "has one rater. Leave it out, or take data of several raters."
            place = facts.path(name, "methods", facts.plan.experiments[name]["methods"].index(method))
            yield Fault(place, f"{said}experiments.{name} {wanted}")


def _names(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield structures that the data of an experiment lacks: in its composites, and behind printed names."""
    experiment = facts.plan.experiments[name]
    there = facts.structures(experiment["dataset"])
    if there is None:
        return
    composites: Mapping[str, Sequence[str]] = experiment.get("composites", {})
    yield from members(facts.path(name, "composites"), composites, there, experiment["dataset"])
    for printed, structure in experiment.get("structures", {}).items():
        if structure not in (*there, *composites):
            said = _lacks(structure, [*there, *composites], experiment["dataset"])
            yield Fault(facts.path(name, "structures", printed), said)


def members(
    path: KeyPath, composites: Mapping[str, Sequence[str]], there: Sequence[str], dataset: str
) -> Iterator[Fault]:
    """Yield the members of composites that are no structure of a data set.

    Args:
        path: of the composites in config.
        composites: name -> structures.
        there: the structures of the data set.
        dataset: its key, for the message.
    """
    for name, parts in composites.items():
        for place, structure in enumerate(parts):
            if structure not in there:
                yield Fault((*path, name, place), _lacks(structure, there, dataset))


def _lacks(structure: str, there: Sequence[str], dataset: str) -> str:
    return f"is {structure!r}, no structure of the data set {dataset!r}. {known(structure, there)}"


def _grids(facts: Facts) -> Iterator[Fault]:
    """Yield methods of config that train on another grid than that of their soft label."""
    for name in facts.plan.config["methods"]:
        method = facts.plan.methods[name]
        resolution = method["resolution"] or {}
        if method["soft_label"] is None or resolution.get("labels") == "nearest":
            continue
        soft_label = facts.plan.soft_labels[method["soft_label"]]
        own, wanted = _factor(soft_label), resolution.get("factor", 1)
        if not _same(own, wanted):
            there = "has the grid of the images" if own == 1 else f"has a grid coarser by {own}"
            trained = "at full resolution" if wanted == 1 else f"on a grid coarser by {wanted}"
            said = f"is {method['soft_label']!r}, which {there}, but the method trains {trained}"
            way = "Give both the same factor, or set `labels: nearest` in its `resolution`."
            yield Fault(("methods", name, "soft_label"), f"{said}. {way}")


def _factor(soft_label: Mapping[str, Any]) -> Any:
    """Return by which factor the grid of a soft label is coarser than that of its labels; 1 is the same."""
    module = f"soft_labels/{soft_label['recipe']}.py"
    if not defines(module, "grid"):
        return 1
    return soft_label.get("factor", constant(module, "SETTINGS", {}).get("factor", 1))


def _same(first: Any, second: Any) -> bool:
    """Return whether two factors are the same; one number stands for all axes."""
    own, wanted = (value if isinstance(value, list) else [value] for value in (first, second))
    return own == wanted if len(own) == len(wanted) else len({*own, *wanted}) == 1


def _readers_of_shares(facts: Facts) -> Iterator[Fault]:
    """Yield methods that ask for shares that are not: those of several raters together, or on a coarser grid."""
    merged = constant("soft_labels/raters.py", "MERGED")
    for name, method in facts.plan.methods.items():
        wrong = {"raters": method["raters"] in merged, "resolution": method["resolution"] is not None}
        for key, is_wrong in wrong.items():
            if is_wrong and reads_shares(name, facts):
                said = (
                    "does not fit: the method learns from labels kept soft through resampling, which belong to single "
                    "raters and lie on the grid of the data set. Leave it out."
                )
                yield Fault(("methods", name, key), said)


def _shares(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield an experiment with a method that learns from shares that its data set does not keep."""
    dataset = facts.plan.experiments[name]["dataset"]
    readers = [method for method in facts.plan.methods_of(name) if reads_shares(method, facts)]
    if readers and facts.plan.datasets[dataset].get("label_interpolation") != "soft":
        yield Fault(
            facts.path(name, "methods"),
            f"has the method {readers[0]!r}, which learns from labels kept soft through resampling, but the data set "
            f"{dataset!r} keeps none. Set `label_interpolation: soft` in datasets.{dataset}, or name {readers[0]!r} in "
            "the experiment's `except`.",
        )


def reads_shares(method: str, facts: Facts) -> bool:
    """Return whether a method learns from labels kept soft through resampling."""
    soft_label = facts.plan.methods[method]["soft_label"]
    return soft_label is not None and needs_shares(facts.plan.soft_labels[soft_label]["recipe"])
