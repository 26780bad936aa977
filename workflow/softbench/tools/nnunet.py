"""`softbench nnunet`: soft labels for nnU-Net's own training."""

import argparse
from pathlib import Path

from softbench.errors import InputError
from softbench.plan import calls
from softbench.tools.command import Command, add_settings, print_progress, require_at_least

NOTES = """\
examples, where nnU-Net's variables (nnUNet_raw, nnUNet_preprocessed, nnUNet_results) are set:
  nnUNetv2_plan_and_preprocess -d 4 -c 3d_fullres
  softbench nnunet prepare 4 --recipe svls
  softbench nnunet prepare 4 --recipe geols --set alpha=0.2 --loss "ce + dice" --seed 1
  softbench nnunet prepare 4 --recipe one_hot

Each call makes the soft targets that are missing and writes a trainer class of its own: it prints the command that
trains with it. docs/nnunet.md says what is nnU-Net's and what is not.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    text = "make soft targets beside preprocessed cases, and the trainer that learns from them"
    prepare = actions.add_parser(
        "prepare", help=text, description=text.capitalize() + ".", epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    _add_prepare(prepare)
    prepare.set_defaults(act=_prepare)
    text = "score the validation cases of all trained folds and seeds: tables with statistics, diagrams and a page"
    runs = actions.add_parser("import", help=text, description=text.capitalize() + ".")
    _add_import(runs)
    runs.set_defaults(act=_import)


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data_set", metavar="DATASET", help="number or name, as nnU-Net's commands take it, e.g. 4")
    add("--recipe", required=True, metavar="NAME", help="of a soft label (docs/methods.md), e.g. svls")
    add_settings(parser, "settings of the recipe, e.g. sigma=2")
    add("--configuration", default="3d_fullres", metavar="NAME", help="of the plans; default: 3d_fullres")
    add("--plans", default="nnUNetPlans", metavar="NAME", help="default: nnUNetPlans")
    text = (
        "nnunet (default): cross-entropy and Dice as nnU-Net sums them; or a loss of docs/losses.md, e.g. 'ce + dice'"
    )
    add("--loss", default="nnunet", metavar="LOSS", help=text)
    add("--seed", type=int, metavar="N", help="of weights, patches and augmentation; default: none, as in nnU-Net")
    add("--epochs", type=int, metavar="N", help="default: nnU-Net's 1000")
    add("--iterations", type=int, metavar="N", help="steps of an epoch; default: nnU-Net's 250")
    add("--name", metavar="NAME", help="of the targets; default: recipe and settings")
    text = "make files of one_hot or ls, too, which are else made of the augmented label map: see docs/nnunet.md"
    add("--stored", action="store_true", help=text)
    add("--workers", type=int, default=1, metavar="N", help="processes; default: 1")


def _add_import(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data_set", metavar="DATASET", help="number or name, as nnU-Net's commands take it, e.g. 4")
    add("--configuration", default="3d_fullres", metavar="NAME", help="of the plans; default: 3d_fullres")
    add("--plans", default="nnUNetPlans", metavar="NAME", help="default: nnUNetPlans")
    add("--trainers", nargs="+", metavar="CLASS", help="whose runs are scored; default: all that have predictions")
    add("--folds", nargs="+", metavar="N", help="those that are scored; default: those that every run has")
    text = "the method that the others are compared with, paired over seeds, e.g. one_hot"
    add("--control", metavar="NAME", help=text)
    add("--output", type=Path, required=True, metavar="DIR", help="where scores, tables, figures and the page go")
    add("--cores", type=int, metavar="N", help="cases scored at a time; default: all cores")


def _import(options: argparse.Namespace) -> None:
    """Find the runs of a data set, and score them as `softbench score --from nnunet` does."""
    from softbench.for_nnunet import runs
    from softbench.tools import score
    from softbench.tools.score.layouts.layout import read_json

    results, preprocessed = runs.places(options.data_set)
    found = runs.find(results, options.plans, options.configuration, options.trainers)
    folds = runs.shared_folds(found, options.folds)
    splits = preprocessed / "splits_final.json"
    runs.require_whole(found, folds, read_json(splits) if splits.is_file() else [])
    for item in found:
        rest = sorted(set(item.folds) - set(folds))
        print_progress(f"{item}: folds {', '.join(folds)}" + (f"; left out: {', '.join(rest)}" if rest else ""))
    words = ["--from", "nnunet", "--references", str(preprocessed / "gt_segmentations"), "--folds", *folds]
    words += ["--predictions", *(f"{item.method}:{item.seed}={item.folder}" for item in found)]
    words += ["--output", str(options.output), "--title", f"{preprocessed.name}, {options.configuration} of nnU-Net"]
    words += ["--control", options.control] if options.control else []
    words += ["--cores", str(options.cores)] if options.cores else []
    parser = argparse.ArgumentParser()
    score.COMMAND.fill(parser)
    score.COMMAND.run(parser.parse_args(words))


def run(options: argparse.Namespace) -> None:
    """Do what the action says."""
    options.act(options)


def _prepare(options: argparse.Namespace) -> None:
    """Make targets and trainer; print how to train."""
    from softbench.for_nnunet import data_set, prepare, trainers  # here, so that --help needs no nnU-Net
    from softbench.for_nnunet.loss import require_loss
    from softbench.for_nnunet.recipe import Recipe, as_name

    for option, least in (("epochs", 1), ("iterations", 1), ("workers", 1), ("seed", 0)):
        require_at_least(f"--{option}", getattr(options, option), least)
    if options.name is not None and as_name(options.name) != options.name:
        raise InputError(
            f"--name {options.name!r} may have letters, digits and single _, as {as_name(options.name)!r}."
        )
    place = data_set.find(options.data_set, options.plans, options.configuration)
    opened = data_set.DataSet(place)
    require_loss(options.loss, regions=opened.labels.has_regions)
    recipe = Recipe.of(options.recipe, calls.read(options.set), stored=options.stored)
    name = options.name or recipe.name
    trainer = trainers.Trainer(name, recipe, options.loss, options.epochs, options.iterations, options.seed)
    folder, searched = trainers.folder_for(place.folder.parent)
    if recipe.stored:
        made = prepare.prepare(opened, recipe, name, workers=options.workers, log=print_progress)
        print(f"targets: {made}")
    else:
        opened.cases()
        print(f"targets: none are stored; {recipe.recipe} is made of the augmented label map")
    print(f"trainer: {trainers.write(trainer, folder)}")
    if not searched:
        print(f"export {trainers.VARIABLE}={folder}")
    print(f"nnUNetv2_train {place.folder.name} {place.configuration} 0 -tr {trainer.name} -p {place.plans}")


COMMAND = Command(
    description="Soft labels in nnU-Net: targets beside its preprocessed cases, and trainers that learn from them.",
    notes=NOTES,
    add_arguments=add_arguments,
    run=run,
)
