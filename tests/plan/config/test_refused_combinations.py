"""Entries that do not fit one another are refused where the first of them stands."""

from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan.config import check, read

from .conftest import COLUMN, EXPERIMENT, POINTS, PROTOCOL, SWEEP, assert_refused

REFUSED = {
    "crop of another dimension": (
        "datasets:\n  mine:\n    source: hippocampus\n    crop: {size: [32, 32]}  # here",
        "datasets.mine.crop.size",
        "is [32, 32], but the images of hippocampus are 3-D. Give 3 numbers (D, H, W).",
    ),
    "crop of a plane with three numbers": (
        "datasets:\n  mine:\n    source: oct_dme\n    crop: {size: [1, 32, 32]}  # here",
        "datasets.mine.crop.size",
        "the images of oct_dme are 2-D. Give 2 numbers (H, W).",
    ),
    "patch of a protocol": (
        "protocols:\n  demo_brain: {patch_size: [24, 24]}  # here",
        "protocols.demo_brain.patch_size",
        "is [24, 24], but the images of 'phantom_brain' in experiments.demo_brain are 3-D.",
    ),
    **{
        f"{old}, which has another name now": (
            f"protocols:\n  demo_brain: {{{old}: {value}}}  # here",
            f"protocols.demo_brain.{old}",
            f"is called '{new}' now. Rename it; its value may stay.",
        )
        for old, value, new in (
            ("crop", "[24, 24, 24]", "patch_size"),
            ("window", "null", "inference_patch"),
            ("mirrored", "[W]", "tta_flips"),
        )
    },
    "crop of the protocol of a rehearsal": (
        "experiments:\n  svls_brats2019:\n    rehearsal:\n      protocol: {crop: [8, 8, 8]}  # here",
        "experiments.svls_brats2019.rehearsal.protocol.crop",
        "is called 'patch_size' now. Rename it; its value may stay.",
    ),
    "network of planes": (
        "networks:\n  planes: {name: xception_unet}\n" + EXPERIMENT.replace("[compact_unet]", "[planes]  # here"),
        "experiments.mine.networks.0",
        "is 'planes', which takes 2-D images alone, but those of 'phantom_nodule' are 3-D",
    ),
    "method that is named and left out": (
        "experiments:\n  demo_brain:\n    methods:\n    - one_hot\n    - msvls  # here",
        "experiments.demo_brain.methods.1",
        "is 'msvls', which `except` of the same experiment leaves out. Write `except: []`",
    ),
    "calibrations without what they are compared with": (
        "experiments:\n  demo_brain:\n    posthoc: {decoders: [argmax], calibrations: [raw, isotonic]}  # here",
        "experiments.demo_brain.posthoc.calibrations",
        "lists raw and isotonic, but not 'temperature'. Add it: every method is compared with one-hot at its own",
    ),
    "map of another recipe": (
        "soft_labels:\n  mine: {recipe: geols, map: slic, alpha: 0.1}  # here",
        "soft_labels.mine.map",
        "is 'slic', a map of the kind 'slic', which the recipe 'superpixel' mixes, and 'geols' does not.",
    ),
    "own control": (
        "methods:\n  mine: {soft_label: ls, control: mine}  # here",
        "methods.mine.control",
        "is 'mine', the method itself",
    ),
    "circle of controls": (
        "methods:\n  a: {soft_label: ls, control: b}  # here\n  b: {soft_label: svls, control: a}",
        "methods.a.control",
        "ends where it began: a -> b -> a.",
    ),
    "raters against each other where there is one": (
        "experiments:\n  demo_body:\n    methods:\n      - one_hot\n      - raters  # here",
        "experiments.demo_body.methods.1",
        "is 'raters', which scores raters against each other, but a case of 'phantom_body' in experiments.demo_body "
        "has one rater. Leave it out, or take data of several raters.",
    ),
    "title of rows that are not trained": (
        "methods:\n  mine: {soft_label: ls, title_raters: T}  # here",
        "methods.mine.title_raters",
        "is of rows that are not trained, which have `sanity`.",
    ),
    "rater that is not there": (
        "methods:\n  one_hot_rater_3: {raters: 5}  # here",
        "methods.one_hot_rater_3.raters",
        "is 5, but a case of 'kits2023' in experiments.raters_kits2023 has 3 raters.",
    ),
    "true distribution of data that do not know it": (
        "experiments:\n  hippocampus:\n    scoring: {truth: true}  # here",
        "experiments.hippocampus.scoring.truth",
        "is true, but the true distribution of 'hippocampus' is not known",
    ),
    "loss of a row that is not trained": (
        "methods:\n  oracle: {loss: ce + dice}  # here",
        "methods.oracle.loss",
        "decides nothing: the row has `sanity`, so it is scored and not trained. Leave it out",
    ),
    "control of a row that is not trained": (
        "methods:\n  mine: {sanity: chance, control: one_hot}  # here",
        "methods.mine.control",
        "decides nothing: the row has `sanity`",
    ),
    "control with another loss": (
        "methods:\n  mine: {soft_label: svls, loss: ce + dice, control: one_hot}  # here",
        "methods.mine.control",
        "is 'one_hot', which has the loss 'ce', but the method has 'ce + dice', and another soft label: their "
        "difference would be of both. Name a control with the same loss (one_hot_ce_dice), or null.",
    ),
    "control that is left out, with another loss": (
        "methods:\n  mine:\n    soft_label: svls\n    loss: 3.0*focal  # here",
        "methods.mine.loss",
        "is '3.0*focal', but the method is compared with 'one_hot', which has 'ce', and another soft label: their "
        "difference would be of both. Name a control with the same loss, or null.",
    ),
    "control of a superpixel row with another loss for hard labels": (
        "methods:\n  mine: {soft_label: superpixel, loss: ce(hard) + 1.0*kl, control: one_hot_wce}  # here",
        "methods.mine.control",
        "is 'one_hot_wce', which has the loss 'wce', but the method has 'ce(hard) + 1.0*kl'",
    ),
    "control with another output and soft label": (
        "methods:\n  mine: {soft_label: svls, loss: ce, activation: norm_relu, control: one_hot}  # here",
        "methods.mine.control",
        "is 'one_hot', but the method differs from it in soft_label and activation: nobody could tell which of them "
        "helped. Name a control that has all but one, or null.",
    ),
    "control with another protocol and loss": (
        "methods:\n  mine: {soft_label: one_hot, loss: nacl, protocol: {weight_decay: 0}, control: one_hot}  # here",
        "methods.mine.control",
        "is 'one_hot', but the method differs from it in loss and protocol: nobody could tell",
    ),
    "control that is left out, with another protocol and raters": (
        "methods:\n  mine: {soft_label: one_hot, raters: majority, protocol: {weight_decay: 0.0}}  # here",
        "methods.mine",
        "is 'one_hot', but the method differs from it in raters and protocol: nobody could tell",
    ),
    "control with another output, loss and protocol": (
        "methods:\n  mine: {like: adaptive_wing, title: Mine, protocol: {weight_decay: 0}, control: one_hot}  # here",
        "methods.mine.control",
        "differs from it in loss, activation and protocol: nobody could tell",
    ),
    "title of two methods": (
        "methods:\n  mine: {soft_label: svls, title: LS (0.1)}  # here",
        "methods.mine.title",
        "is 'LS (0.1)', the title of methods.ls too: nobody could tell the two rows apart. Give it another.",
    ),
    "table of methods that its experiment does not run": (
        "tables:\n  demo_raters: {methods: [distance]}  # here",
        "tables.demo_raters.methods",
        "names none of the methods that its experiments run: one_hot, ls, svls,",
    ),
    "table of some methods without a control": (
        "tables:\n  demo_labels: {methods: [one_hot, wrong_image]}  # here",
        "tables.demo_labels.methods",
        "shows the method 'wrong_image' without its control 'geols'. Name both in `methods` of the table, or neither.",
    ),
    "collection with the name of a table": (
        "collections:\n  demo_body: [demo_brain]  # here",
        "collections.demo_body",
        "has the name of a rule or a table, so it could be no target. Rename it.",
    ),
    "title of two tables": (
        "tables:\n  a: {title: T, experiments: [demo_brain], columns: [{metric: ece}]}\n"
        "  b: {title: T, experiments: [demo_brain], columns: [{metric: ece}]}  # here",
        "tables.b.title",
        "is 'T', the title of tables.a too: nobody could tell the two tables apart.",
    ),
    "patch that is longer than the phantom": (
        "protocols:\n  demo_brain: {patch_size: [24, 32, 40]}  # here",
        "protocols.demo_brain.patch_size",
        "is [24, 32, 40], but the cases of 'phantom_brain' in experiments.demo_brain have 24 x 32 x 32 voxels at most.",
    ),
    "patch that is longer than the crop": (
        "protocols:\n  svls_kits2019:\n    patch_size: [96, 160, 160]  # here",
        "protocols.svls_kits2019.patch_size",
        "is [96, 160, 160], but the cases of 'kits2023' in experiments.raters_kits2023 have 80 x 160 x 160 voxels",
    ),
    "patch that is longer than the published images": (
        "protocols:\n  svls_code:\n    patch_size: [160, 192, 192]  # here",
        "protocols.svls_code.patch_size",
        "have 155 x 240 x 240 voxels at most",
    ),
    "patch of a rehearsal that is longer than its phantom": (
        "experiments:\n  svls_kits2019:\n    rehearsal:\n      protocol: {patch_size: [16, 24, 32]}  # here",
        "experiments.svls_kits2019.rehearsal.protocol.patch_size",
        "have 16 x 24 x 24 voxels at most",
    ),
    "network that MONAI lacks": (
        "networks:\n  mine:\n    name: monai\n    network: SegRes  # here",
        "networks.mine.network",
        "is 'SegRes', no network of MONAI with image channels and classes; there are: AHNet, ",
    ),
    "argument that a network of MONAI does not know": (
        "networks:\n  mine:\n    name: monai\n    network: SegResNet\n    init_filter: 8  # here",
        "networks.mine.init_filter",
        "sets 'init_filter', which it does not know; its arguments: init_filters, ",
    ),
    "argument of MONAI that follows from the data set": (
        "networks:\n  mine:\n    name: monai\n    network: SegResNet\n    out_channels: 8  # here",
        "networks.mine.out_channels",
        "sets 'out_channels', which follow from the data set",
    ),
    "argument that a network of MONAI needs": (
        "networks:\n  mine:\n    name: monai\n    network: UNet  # here\n    channels: [4, 8]",
        "networks.mine.network",
        "needs 'strides'; its arguments: channels, strides",
    ),
    "parts of cases for a method of a coarser grid": (
        "protocols:\n  demo_body:\n    evaluation: random_crop  # here",
        "protocols.demo_body.evaluation",
        "is 'random_crop', but the method 'conventional_2' in experiments.demo_body trains on a coarser grid. "
        "Take `evaluation: whole`, or leave the method out",
    ),
    "neither epochs nor steps": (
        "protocols:\n  mine: {batch: 2, patch_size: [8, 8, 8], learning_rate: 0.1}  # here",
        "protocols.mine",
        "has neither `epochs` nor `steps`.",
    ),
    "epochs and steps": (
        PROTOCOL + "    epochs: 3\n    steps: 5  # here",
        "protocols.mine.steps",
        "is 5, but the protocol has `epochs: 3`, too. Delete one of them.",
    ),
    "epoch of a rule that is not in use": (
        PROTOCOL + "    epochs: 3\n    schedule: constant\n    plateau_epoch_steps: 5  # here",
        "protocols.mine.plateau_epoch_steps",
        "decides nothing: the schedule is 'constant'",
    ),
    "epoch of the plateau rule that ends without validation": (
        PROTOCOL
        + "    epochs: 3\n    schedule: halve_on_plateau\n    validate_every: 2\n    plateau_epoch_steps: 5  # here",
        "protocols.mine.plateau_epoch_steps",
        "is 5, but must be a multiple of `validate_every`, 2:",
    ),
    "axis that planes lack": (
        "protocols:\n  demo_body:\n    flips: [D]  # here",
        "protocols.demo_body.flips",
        "names the axis D, but the images of 'phantom_body' in experiments.demo_body are 2-D.",
    ),
    "metric of another tolerance": (
        COLUMN + "{metric: nsd_3mm, structure: average}  # here",
        "tables.demo_brain.columns.1.metric",
        "is 'nsd_3mm', which the `scoring` of experiments.demo_brain does not ask for",
    ),
    "metric that nobody asked for": (
        COLUMN + "{metric: dsc_at_val, structure: average}  # here",
        "tables.demo_brain.columns.1.metric",
        "the `scoring` of experiments.demo_brain does not ask for",
    ),
    "metric without a structure": (
        COLUMN + "{metric: dsc}  # here",
        "tables.demo_brain.columns.1.metric",
        "of a structure, and none is named",
    ),
    "region in which nothing was measured": (
        COLUMN + "{metric: dsc, structure: WT, roi: band}  # here",
        "tables.demo_brain.columns.1.roi",
        "is 'band', a region that 'dsc' is not measured in. Known: all.",
    ),
    "prediction that nobody makes": (
        "tables:\n  hippocampus_5min: {prediction: temperature}  # here",
        "tables.hippocampus_5min.prediction",
        "is 'temperature', but experiments.hippocampus_5min makes none.",
    ),
    "two experiments in one table": (
        "tables:\n  demo_brain: {experiments: [demo_brain, demo_body]}  # here",
        "tables.demo_brain.experiments",
        "must show one experiment with one network",
    ),
    "sanity row in a figure": (
        SWEEP.replace(POINTS, "    points: {0: one_hot, 1: chance}  # here\n"),
        "figures.mine.points.1",
        "is not trained",
    ),
    "slices of a plane": (
        "experiments:\n  demo_body:\n    scoring: {in_plane: true}  # here",
        "experiments.demo_body.scoring.in_plane",
        "looks at the slices of a volume",
    ),
    "point of a figure that is no number": (
        SWEEP.replace(POINTS, "    points: {0: one_hot, few: svls}  # here\n"),
        "figures.mine.points.few",
        "is no number: the key 'few' must be the value of a parameter.",
    ),
    "coarser soft label at full resolution": (
        "methods:\n  mine: {soft_label: epd_4}  # here",
        "methods.mine.soft_label",
        "is 'epd_4', which has a grid coarser by 4, but the method trains at full resolution.",
    ),
    "soft label of another grid": (
        "methods:\n  epd_2:\n    resolution: {factor: 4}\n    soft_label: epd_2  # here",
        "methods.epd_2.soft_label",
        "is 'epd_2', which has a grid coarser by 2, but the method trains on a grid coarser by 4.",
    ),
    "fine soft label on a coarser grid": (
        "methods:\n  mine:\n    resolution: {factor: 2}\n    soft_label: svls  # here",
        "methods.mine.soft_label",
        "is 'svls', which has the grid of the images, but the method trains on a grid coarser by 2.",
    ),
    "name of a rehearsal": (
        EXPERIMENT.replace("  mine:", "  svls_lidc_phantom:  # here"),
        "experiments.svls_lidc_phantom",
        "is what the rehearsal of 'svls_lidc' is called.",
    ),
    "name of a form of a table": (
        "tables:\n  svls_2_open: {title: T, experiments: [demo_brain], columns: [{metric: ece}]}  # here",
        "tables.svls_2_open",
        "is what a form of the paper's table 'svls_2' is called.",
    ),
    "name of a form of a figure": (
        SWEEP + SWEEP.replace("figures:\n  mine:", "  mine_phantom:  # here"),
        "figures.mine_phantom",
        "is what a form of the figure 'mine' is called.",
    ),
    "name of a rule": (
        "tables:\n  prepare: {title: T, experiments: [demo_brain], columns: [{metric: ece}]}  # here",
        "tables.prepare",
        "has the name of a rule, so it could be no target. Rename it.",
    ),
    "name of a soft label that no method learns from": (
        "methods:\n  shuffled: {soft_label: ls}  # here",
        "methods.shuffled.soft_label",
        "the soft label 'shuffled' is learnt by no method, so that it gets one of this name. Rename the soft label",
    ),
    "name of a recipe": (
        "soft_labels:\n  shuffled: {recipe: ls}  # here",
        "soft_labels.shuffled.recipe",
        "is 'ls', but 'shuffled' is a recipe, too, and no soft label of config has it.",
    ),
    "paper's experiment that cannot be rehearsed": (
        "tables:\n  svls_2:\n    blocks:\n      - {printed: lidc, experiment: demo_nodule}  # here",
        "tables.svls_2.blocks.0.experiment",
        "is 'demo_nodule', which has no `rehearsal`.",
    ),
}


def test_keys_of_an_earlier_version_are_said_together(root: Path, tmp_path: Path) -> None:
    text = """protocols:
  demo_brain: {crop: [24, 24, 24], mirrored: [W], steps: many}
experiments:
  svls_brats2019:
    rehearsal:
      protocol: {window: null}
methods:
  mine: {soft_label: ls, on_request: true}
"""
    file = tmp_path / "mine.yaml"
    for count, given in ((4, text), (3, text.partition("methods:")[0])):
        file.write_text(given, encoding="utf-8")
        with pytest.raises(InputError) as error:
            check(read(root, (file,)))
        first, *lines = str(error.value).splitlines()
        assert first == f"config holds {count} keys of an earlier version:"
        expected = [
            "2: protocols.demo_brain.crop is called 'patch_size' now. Rename it; its value may stay.",
            "2: protocols.demo_brain.mirrored is called 'tta_flips' now. Rename it; its value may stay.",
            "6: experiments.svls_brats2019.rehearsal.protocol.window is called 'inference_patch' now. Rename it; its "
            "value may stay.",
            "8: methods.mine.on_request is gone. Delete it: a method that only experiments that name it run stands",
        ]
        assert len(lines) == count
        for line, words in zip(lines, expected, strict=False):
            assert line.startswith(f"  {file}, line {words}"), line


@pytest.mark.parametrize("kind", REFUSED)
def test_setting_is_refused_where_it_stands(kind: str, root: Path, tmp_path: Path) -> None:
    assert_refused(*REFUSED[kind], root, tmp_path)
