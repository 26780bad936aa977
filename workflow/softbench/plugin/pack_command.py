"""`softbench export` and `softbench pack`: the way out and back for a method in another language."""

import argparse
from pathlib import Path
from typing import Any

from softbench.errors import InputError

VERSION = None  # settings, which stand in the manifest
PACK_NOTES = """\
A rule calls it with a program of any language after `--`, which is run as `PROGRAM... IN OUT name=value ...`:
  softbench pack --data results/data/mine/manifest.json --output results/soft_labels/mine/foo/manifest.json \\
      --recipe foo --set share=0.3 -- perl workflow/scripts/foo.pl
IN holds what `softbench export` writes (--set intensities=normalised: with images as networks see them). OUT must hold
<case>.nii or <case>.nii.gz for every case: probabilities (x, y, z, class), background first, on the grid of the labels.
They are checked (every case, shape, NaN, range, sums) before the manifest is written, so that nothing is trained on bad
ones.

From files that are there already, such as the probabilities of another network:
  softbench pack --data ... --output ... --recipe foo --from my/probabilities
"""


def add_to(commands: Any) -> None:
    """Add `export` and `pack` to the commands of a parser."""
    text = "write the cases of a prepared dataset as NIfTI, for a program in any language"
    export = commands.add_parser("export", help=text, description=text.capitalize() + ".")
    export.set_defaults(run=run_export)
    export.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="results/data/NAME")
    export.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="made where it is missing")
    said = "of the images: prepared (before normalisation, default), or normalised (as networks see them)"
    export.add_argument("--intensities", choices=("prepared", "normalised"), default="prepared", help=said)
    text = "check the probabilities that a program writes, and store them as a soft label"
    formatter = argparse.RawDescriptionHelpFormatter
    pack = commands.add_parser(
        "pack", help=text, description=text.capitalize() + ".", epilog=PACK_NOTES, formatter_class=formatter
    )
    pack.set_defaults(run=run_pack, passed=[])
    add = pack.add_argument
    add("--data", type=Path, required=True, metavar="FILE", help="manifest.json of the prepared dataset")
    add("--output", type=Path, required=True, metavar="FILE", help="manifest.json of the soft label")
    add("--recipe", required=True, metavar="NAME", help="as its rule file is called")
    add("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings: kept, and handed to the program")
    add("--from", type=Path, dest="folder", metavar="FOLDER", help="files that are there, in place of a program")
    add("--raters", choices=("one", "many"), default="one", help="many: the program read all raters; default: one")
    add("--not-normalised", action="store_true", help="the classes of a voxel need not sum to 1")
    add("--workers", type=int, default=1, metavar="N", help="processes that check and store; default: 1")


def run_export(options: argparse.Namespace) -> None:
    """Write the cases."""
    from softbench.plugin.export import export

    cases = export(_folder(options.data), options.output, intensities=options.intensities)
    print(f"{len(cases)} cases, and cases.csv, in {options.output}")


def run_pack(options: argparse.Namespace) -> None:
    """Run the program, or take what is there; check and store it."""
    from softbench.plan import words
    from softbench.plugin import program
    from softbench.plugin.pack import pack
    from softbench.soft_labels.intensities import apart

    if bool(options.passed) == bool(options.folder):
        raise InputError("softbench pack takes a program after `--`, or --from FOLDER: one of the two.")
    data, output = _folder(options.data), _folder(options.output)
    settings = words.read(options.set)

    def use(folder: Path) -> None:
        pack(
            folder, data, output, recipe=options.recipe, settings=settings, normalised=not options.not_normalised,
            raters=options.raters, workers=options.workers,
        )  # fmt: skip

    if options.folder:
        use(options.folder)
    else:
        program.run(options.passed, data, options.set, use, intensities=apart(settings)[0])


def _folder(path: Path) -> Path:
    """Return the folder of a manifest, or the folder itself."""
    return path.parent if path.suffix == ".json" else path
