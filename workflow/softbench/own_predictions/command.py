"""`softbench score`: its arguments, what they mean, and what it says in the end."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from softbench.own_predictions import arguments
from softbench.own_predictions.parts import Settings, Show
from softbench.plan.modules import PACKAGE, version_of

CROSS_CHECKS = ("medpy", "monai", "netcal")
CORES = min(4, os.cpu_count() or 1)
EXAMPLES = """\
examples:
  softbench score --predictions predictions/ --references labels/ --output scored/

  softbench score --predictions nnunet=out/nnunet monai=out/monai --references labels/ \\
      --structures kidney=1,2 tumour=2 --tolerances 1 2 --output scored/

  softbench score --predictions ce:0=ce/0 ce:1=ce/1 ce:2=ce/2 soft:0=soft/0 soft:1=soft/1 soft:2=soft/2 \\
      --control ce --references labels/ --output scored/

A folder of predictions holds one file a case, named as its reference:
  <case>.nii.gz or .nii   a label map (x, y, z), or probabilities (x, y, z, classes), background first
  <case>.npz              nnU-Net's probabilities (classes, z, y, x), alone or beside its label map
Pictures are (x, y) or (x, y, 1), and their probabilities (x, y, 1, classes). Label maps have overlap and surface
distances; calibration needs probabilities.

Nothing is resampled or renamed: files that do not fit are listed, and nothing is computed. A call that was stopped
goes on where it was: finished cases are kept in OUTPUT/cases.
"""


def add_to(commands: Any) -> None:
    """Add `score` to the commands of a parser."""
    parser = commands.add_parser(
        "score",
        help="score the predictions of any tool: NIfTI or npz in; tables, reliability diagrams and a page out",
        description="Score the predictions of any tool with the metrics, tables and diagrams of the workflow.",
        epilog=EXAMPLES,
        usage="softbench score --predictions [NAME[:SEED]=]DIR ... --references DIR ... --output DIR [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    _add_files(parser.add_argument_group("files").add_argument)
    _add_what(parser.add_argument_group("what is scored").add_argument)
    _add_how(parser.add_argument_group("how").add_argument)


def _add_files(add: Any) -> None:
    many: dict[str, Any] = {"nargs": "+", "required": True, "metavar": "DIR"}
    text = (
        "DIR, NAME=DIR or NAME:SEED=DIR: one run each; runs of a method that differ in the training seed share a NAME"
    )
    add("--predictions", help=text, **many)
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
    add("--ignore-label", type=int, metavar="ID", help="voxels with this id in a reference count for nothing, e.g. 255")
    add("--control", metavar="NAME", help="the method that the others are compared with, paired over seeds")


def _add_how(add: Any) -> None:
    text = "of the surface Dice (NSD); default: 2"
    add("--tolerances", type=float, nargs="+", default=[2.0], metavar="MM", help=text)
    add("--band", type=float, default=3.0, metavar="MM", help="half width of the boundary band; default: 3")
    add("--bins", type=int, default=10, metavar="N", help="of calibration errors and diagrams; default: 10")
    text = f"also compute what these libraries can: {', '.join(CROSS_CHECKS)}"
    add("--cross-check", nargs="+", default=[], choices=CROSS_CHECKS, metavar="LIBRARY", help=text)
    add("--title", help="of tables and page")
    text = f"cases scored at a time, each in memory; default here: {CORES}"
    add("--cores", type=int, default=CORES, metavar="N", help=text)


def run(options: argparse.Namespace) -> None:
    """Score as the command line says; print the table and where everything lies."""
    from softbench.own_predictions.run import run as score  # here, so that --help needs none of the libraries
    from softbench.tables import forms
    from softbench.tables.scores import sheet

    sources = arguments.sources(options.predictions)
    settings = Settings(
        structures=arguments.structures(options.structures),
        classes=arguments.at_least("--classes", options.classes, 2),
        tolerances_mm=arguments.tolerances(options.tolerances),
        band_mm=arguments.positive("--band", options.band),
        bins=arguments.at_least("--bins", options.bins, 1) or 1,
        ignore_label=options.ignore_label,
        cross_check=arguments.libraries(options.cross_check),
    )
    title = options.title or "Predictions against " + " and ".join(path.resolve().name for path in options.references)
    show = Show(title, options.control, arguments.composites(options.composite))
    workers = arguments.at_least("--cores", options.cores, 1) or 1
    table = score(
        sources, options.references, options.output,
        settings=settings, show=show, versions=_versions(), workers=workers, log=_log,
    )  # fmt: skip
    print(forms.text(sheet(table), ".md"))
    print(_where(options.output))


def _versions() -> dict[str, int]:
    """Return the VERSIONs of the modules that decide a score."""
    rooms = [path for room in ("metrics", "own_predictions") for path in sorted((PACKAGE / room).glob("*.py"))]
    found = [path.relative_to(PACKAGE).as_posix() for path in rooms if "\nVERSION = " in path.read_text("utf-8")]
    return version_of("images.py", *found)


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _where(output: Path) -> str:
    """Say what lies where."""
    lines = {
        "index.html": "the page: tables and diagrams",
        "tables/": "each as csv (unrounded), md, tex and html",
        "figures/": "reliability diagrams",
        "scores.parquet, scores.csv": "every score of every case",
        "cases/": "finished cases, which a second call does not score again",
    }
    there = {name: text for name, text in lines.items() if (output / name.split(",")[0]).exists()}
    return "\n".join([f"{output}/", *(f"  {name:28}{text}" for name, text in there.items())])
