"""`softbench score`: score predictions that another tool made, as the workflow scores its own."""

import argparse
import importlib.util
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from softbench.checks import require_positive
from softbench.errors import InputError, in_words
from softbench.jobs.progress import import_early
from softbench.plan.modules import PACKAGE, constant, version_of
from softbench.tools.command import Command, add_choices, print_progress, read_choices, require_at_least
from softbench.tools.score.inputs import TOOLS, Settings, Show, Source

CROSS_CHECKS = ("medpy", "monai", "netcal")
ALSO: tuple[str, ...] = constant("metrics/metric.py", "ALSO")
LESIONS: dict[str, dict[str, Any]] = constant("metrics/lesions.py", "ALLOWED")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
WORKER = "softbench.tools.score.one_case"
EXAMPLES = """\
examples:
  softbench score --predictions predictions/ --references labels/ --output scored/

  softbench score --predictions nnunet=out/nnunet monai=out/monai --references labels/ \\
      --structures kidney=1,2 tumour=2 --tolerances 1 2 --output scored/

  softbench score --predictions ce:0=ce/0 ce:1=ce/1 ce:2=ce/2 soft:0=soft/0 soft:1=soft/1 soft:2=soft/2 \\
      --control ce --references labels/ --output scored/

  softbench score --from nnunet --predictions ours=nnUNetTrainer__nnUNetPlans__3d_fullres \\
      --references labelsTr/ --output scored/

A folder of predictions holds one file a case, named as its reference:
  <case>.nii.gz or .nii   a label map (x, y, z), or probabilities (x, y, z, classes), background first
  <case>.npz              nnU-Net's probabilities (classes, z, y, x), alone or beside its label map
Pictures are (x, y) or (x, y, 1), and their probabilities (x, y, 1, classes). Label maps have overlap and surface
distances; calibration needs probabilities.

--from reads folders as a tool leaves them, and takes names of structures from its own files; --structures wins:
  nnunet            <case>.nii.gz (and .npz) of nnUNetv2_predict, fold_0/validation, or a model's folder with all folds;
                    names, regions and the ignored label from dataset.json
  monai             <case>/<case>_seg.nii.gz or _trans of SaveImage, <case>_seg.nii.gz, or a bundle with its eval/;
                    names from configs/metadata.json
  totalsegmentator  <case>/liver.nii.gz ..., one mask a structure, or <case>.nii.gz of --ml, which names its labels
  brats             <case>.nii.gz against <case>-seg.nii.gz or <case>/<case>-seg.nii.gz; regions WT, TC, ET

Nothing is resampled or renamed: files that do not fit are listed, and nothing is computed. With --skip-bad the rest is
scored: a case that is bad in one folder is left out for all methods, so that their means are over the same cases; a
folder without a good case is left out as a whole. Table, page and OUTPUT/left_out.csv list what was left out, and why.

--ignore-label: prediction and reference are both cut where a rater gave that label. For distances each then has a
surface along the cut; the boundary band does not run along it.

--renormalise: in every voxel the classes must sum to the same whole, 1, 100, 255, 1000 or 65535, within 2 % (of values
stored as whole numbers: or within one step a class), and no value may lie below 0 by more. Else nothing is divided.

--lesions: BraTS takes dilations=3 ignored_mm3=50 for glioma (the default), dilations=1 ignored_mm3=50 for meningioma
and dilations=1 ignored_mm3=2 for metastases; the distance of a missed lesion, miss_mm=374, is the diagonal of its grid,
so give that of yours.

A call that was stopped goes on where it was: finished cases are kept in OUTPUT/cases.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    _add_files(parser.add_argument_group("files").add_argument)
    _add_what(parser.add_argument_group("what is scored").add_argument)
    _add_how(parser.add_argument_group("how").add_argument)


def _add_files(add: Any) -> None:
    many: dict[str, Any] = {"nargs": "+", "required": True, "metavar": "DIR"}
    text = (
        "DIR, NAME=DIR or NAME:SEED=DIR: one run each; runs of a method that differ in the training seed share a NAME"
    )
    add("--predictions", help=text, **many)
    text = "the folders are as this tool writes them (see below); default: files are named as their references"
    add("--from", choices=TOOLS, dest="tool", metavar="TOOL", help=text)
    text = "of a model's folder, those that are scored: 0 1 ..., or all; default: every one (--from nnunet)"
    add("--folds", nargs="+", metavar="N", help=text)
    add("--references", type=Path, help="label maps; several folders are several raters", **many)
    text = "where scores, tables, figures, the page and finished cases go"
    add("--output", type=Path, required=True, metavar="DIR", help=text)


def _add_what(add: Any) -> None:
    text = "label ids of each structure, e.g. kidney=1,2 tumour=2; default: each id in the references"
    add("--structures", nargs="+", metavar="NAME=IDS", help=text)
    text = "means over structures, e.g. average=WT,TC,ET; default: the average of all"
    add("--composite", nargs="+", metavar="NAME=A,B", help=text)
    text = "number of classes with background; default: channels of the probabilities, or largest label + 1"
    add("--classes", type=int, metavar="N", help=text)
    text = "voxels with this id in any rater's reference, e.g. 255, are left out of every metric; distances: see below"
    add("--ignore-label", type=int, metavar="ID", help=text)
    text = "predictions are (x, y, z), the probability of the foreground of a binary task"
    add("--foreground-probability", action="store_true", help=text)
    add_choices(add)
    add("--control", metavar="NAME", help="the method that the others are compared with, paired over seeds")


def _add_how(add: Any) -> None:
    text = (
        "leave out what cannot be scored, for all methods alike, and list it; default: score nothing until it is fixed"
    )
    add("--skip-bad", action="store_true", help=text)
    text = "divide what is near probabilities (rounded, bytes, percentages) by its sum over the classes; see below"
    add("--renormalise", action="store_true", help=text)
    text = "of the surface Dice (NSD); default: 2"
    add("--tolerances", type=float, nargs="+", default=[2.0], metavar="MM", help=text)
    add("--band", type=float, default=3.0, metavar="MM", help="half width of the boundary band; default: 3")
    add("--bins", type=int, default=10, metavar="N", help="of calibration errors and diagrams; default: 10")
    text = f"also compute what these libraries can: {', '.join(CROSS_CHECKS)}"
    add("--cross-check", nargs="+", default=[], choices=CROSS_CHECKS, metavar="LIBRARY", help=text)
    text = (
        f"also measure, with a table of its own: {', '.join(ALSO)} (agreement, GED, volume and calibration "
        "against all raters together; DSC and HD95 of each lesion, and which were found; clDice)"
    )
    add("--also", nargs="+", default=[], metavar="WHAT", help=text)
    text = (
        f"how --also lesions counts them: {', '.join(LESIONS)}, e.g. dilations=1 ignored_mm3=2 miss_mm=374 "
        "(BraTS's metastases); default: as for glioma; see below"
    )
    add("--lesions", nargs="+", metavar="NAME=NUMBER", help=text)
    add("--title", help="of tables and page")
    text = f"cases scored at a time, fewer where memory is short; default: all cores, here {CORES}"
    add("--cores", type=int, default=CORES, metavar="N", help=text)


def run(options: argparse.Namespace) -> None:
    """Score as the command line says; print the table and where everything lies."""
    if options.cores > 1:
        import_early(WORKER)  # while this process imports what tables need
    from softbench.tables import forms
    from softbench.tables.views.results import sheet
    from softbench.tools.score.run import run as score  # here, so that --help needs none of the libraries

    require_at_least("--classes", options.classes, 2)
    require_at_least("--bins", options.bins, 1)
    require_at_least("--cores", options.cores, 1)
    for option, value in (("--band", options.band), *(("--tolerances", mm) for mm in options.tolerances)):
        require_positive(option, value)
    sources = parse_sources(options.predictions)
    settings = Settings(
        structures=parse_structures(options.structures),
        classes=options.classes,
        tolerances_mm=tuple(sorted(set(options.tolerances))),
        band_mm=options.band,
        bins=options.bins,
        ignore_label=options.ignore_label,
        cross_check=parse_libraries(options.cross_check),
        also=parse_also(options.also),
        lesion_matching=parse_lesions(options.lesions, options.also),
        renormalise=options.renormalise,
        foreground_probability=options.foreground_probability,
        choices=read_choices(options),
    )
    title = options.title or "Predictions against " + in_words(map(_folder_name, options.references))
    composites = None if options.composite is None else _named("--composite", options.composite, "average=WT,TC,ET")
    show = Show(title, options.control, composites)
    table = score(
        sources, options.references, options.output,
        settings=settings, show=show, versions=_versions(), workers=options.cores, log=print_progress,
        skip_bad=options.skip_bad, tool=options.tool, folds=parse_folds(options),
    )  # fmt: skip
    print(forms.text(sheet(table), ".md"))
    print(_where(options.output))


def parse_folds(options: argparse.Namespace) -> tuple[str, ...] | None:
    """Return the folds of `--folds`, sorted; None where it is left out.

    Raises: InputError: if one cannot be read, or the folders are of no tool that trains in folds.
    """
    if options.folds is None:
        return None
    if options.tool != "nnunet":
        raise InputError("--folds is of folders of nnU-Net: add --from nnunet, or leave it out.")
    if wrong := [fold for fold in options.folds if not re.fullmatch(r"\d+|all", fold)]:
        raise InputError(f"--folds takes the numbers of folds, or all, but holds {in_words(wrong)}.")
    return tuple(sorted(set(options.folds)))


def _versions() -> dict[str, int]:
    """Return the VERSIONs of the modules that decide a score."""
    rooms = [path for room in ("images", "metrics", "tools/score") for path in sorted((PACKAGE / room).rglob("*.py"))]
    modules = [path.relative_to(PACKAGE).as_posix() for path in rooms if "\nVERSION = " in path.read_text("utf-8")]
    return version_of(*modules)


def _where(output: Path) -> str:
    """Say what lies where."""
    lines = {
        "index.html": "the page: tables and diagrams",
        "tables/": "each as csv (unrounded), md, tex and html",
        "figures/": "reliability diagrams",
        "scores.parquet, scores.csv": "every score of every case",
        "left_out.csv": "what was left out (--skip-bad), and why",
        "label_maps/": "masks of structures, put together (--from totalsegmentator)",
        "cases/": "finished cases, which a second call does not score again",
    }
    there = {name: text for name, text in lines.items() if (output / name.split(",")[0]).exists()}
    return "\n".join([f"{output}/", *(f"  {name:28}{text}" for name, text in there.items())])


def parse_sources(words: Sequence[str]) -> list[Source]:
    """Return the sources that `--predictions` names.

    Raises: InputError: if a word cannot be read, or two name the same method and seed.
    """
    sources = [_source(word) for word in words]
    runs = [(source.method, source.seed) for source in sources]
    if double := sorted({run for run in runs if runs.count(run) > 1}):
        listed = ", ".join(f"{method} (seed {seed})" for method, seed in double)
        raise InputError(
            f"--predictions names {listed} more than once. Give each method its NAME=DIR; training seeds of one "
            "method are NAME:0=DIR NAME:1=DIR."
        )
    return sorted(sources, key=lambda source: ([s.method for s in sources].index(source.method), source.seed))


def _source(word: str) -> Source:
    name, folder = _split(word)
    method, colon, seed = name.rpartition(":")
    if not colon:
        method, seed = name, "0"
    if not re.fullmatch(r"\d+", seed) or not method.strip() or method[0] == "." or set(method) & set("/\\"):
        raise InputError(
            f"--predictions: {word!r} must be DIR, NAME=DIR or NAME:SEED=DIR, with a whole number as SEED and a NAME "
            "without / and not beginning with a dot."
        )
    return Source(method, int(seed), folder)


def _folder_name(path: Path) -> str:
    """Return the name that a folder was given by: that of a link, not of what it leads to."""
    return Path(os.path.abspath(path)).name


def _split(word: str) -> tuple[str, Path]:
    """Return name and folder; what is a folder as it stands is no NAME=DIR, even with = in it."""
    name, equals, folder = word.partition("=")
    if not equals or Path(word).is_dir() or "/" in name:
        path = Path(word)
        return _folder_name(path).replace(":", "_"), path
    return name, Path(folder)


def parse_structures(words: Sequence[str] | None) -> dict[str, tuple[int, ...]] | None:
    """Return name -> label ids of `--structures`; None where it is left out."""
    if words is None:
        return None
    structures = _named("--structures", words, "kidney=1,2")
    try:
        return {name: tuple(int(member) for member in members) for name, members in structures.items()}
    except ValueError:
        raise InputError(
            f"--structures: label ids are whole numbers, as in kidney=1,2, but it says {' '.join(words)}."
        ) from None


def _named(option: str, words: Sequence[str], example: str) -> dict[str, tuple[str, ...]]:
    named: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, members = word.partition("=")
        parts = tuple(part.strip() for part in members.split(","))
        if not equals or not name.strip() or not all(parts):
            raise InputError(f"{option}: {word!r} cannot be read; write it as {example}.")
        if name in named:
            raise InputError(f"{option} names {name} twice. Write it once, as {example}.")
        named[name] = parts
    return named


def parse_libraries(names: Sequence[str]) -> tuple[str, ...]:
    """Return the libraries of `--cross-check`, each once; raise `InputError` if one is not installed."""
    if missing := [name for name in names if importlib.util.find_spec(name) is None]:
        raise InputError(f"--cross-check names {', '.join(missing)}, not installed here. Install it, or leave it out.")
    return tuple(dict.fromkeys(names))


def parse_also(words: Sequence[str]) -> tuple[str, ...]:
    """Return what `--also` names, with commas or spaces between, each once, in the order of `ALSO`.

    Raises: InputError: if there is no such thing.
    """
    names = [name.strip() for word in words for name in word.split(",") if name.strip()]
    if unknown := [name for name in names if name not in ALSO]:
        raise InputError(f"--also knows {in_words(ALSO)}, but not {in_words(unknown)}.")
    return tuple(name for name in ALSO if name in names)


def parse_lesions(words: Sequence[str] | None, also: Sequence[str]) -> dict[str, float]:
    """Return how `--lesions` says that lesions are told apart and counted; what it leaves out is as for glioma.

    Raises: InputError: if a word cannot be read or is out of range, or `--also` does not ask for lesions.
    """
    if words is None:
        return {}
    if "lesions" not in parse_also(also):
        raise InputError("--lesions decides nothing without --also lesions. Add that, or leave it out.")
    given: dict[str, float] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in LESIONS:
            raise InputError(f"--lesions: {word!r} cannot be read; write {in_words(LESIONS)}, as in dilations=1.")
        if name in given:
            raise InputError(f"--lesions names {name} twice. Write it once.")
        given[name] = _number(name, value)
    return given


def _number(name: str, word: str) -> float:
    """Return a setting of lesions; raise `InputError` where it is none, or out of its range."""
    allowed = LESIONS[name]
    whole = allowed["type"] == "integer"
    try:
        number = int(word) if whole else float(word)
    except ValueError:
        number = math.nan
    above = "exclusiveMinimum" in allowed
    if not math.isfinite(number) or number < 0 or (above and number == 0):
        kind = "a whole number" if whole else "a number"
        raise InputError(f"--lesions: {name} must be {kind} {'above 0' if above else 'of at least 0'}, not {word!r}.")
    return number


COMMAND = Command(
    description="Score the predictions of any tool with the metrics, tables and diagrams of the workflow.",
    notes=EXAMPLES,
    usage="softbench score --predictions [NAME[:SEED]=]DIR ... --references DIR ... --output DIR [options]",
    add_arguments=add_arguments,
    run=run,
)
