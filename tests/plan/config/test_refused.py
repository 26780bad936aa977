"""Settings that cannot be are refused when config is read: where they stand, what was found, and what was meant.

Each text is a file of `--configfile` over the shipped config; the fault stands in the line that ends with `# here`.
"""

from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan import checks, rule_files
from softbench.plan.config import Config, check, read
from softbench.plan.plan import Plan


def accept(given: Config, root: Path) -> Plan:
    """Check config and its plan, as `snakemake -n` does."""
    check(given)
    found = rule_files.find()
    plan = Plan(
        given.values,
        list(found.recipes),
        list(found.maps),
        list(found.sources),
        rule_files.names(root),
        places=given.places,
        by_name=given.by_name,
    )
    checks.fit(plan)
    if "mine" in plan.experiments:
        checks.require_split(plan, "mine")  # as where an experiment is asked for
    return plan


def refusal(given: Config, root: Path) -> str:
    with pytest.raises(InputError) as error:
        accept(given, root)
    return str(error.value)


COLUMN = "tables:\n  demo_brain:\n    columns:\n      - {metric: ece, roi: all}\n      - "
FIGURE = "figures:\n  mine:\n    kind: sweep\n    title: T\n    x: a\n    experiments: [demo_brain]\n"
POINTS = "    points: {0: one_hot, 0.1: svls}\n"
SWEEP = FIGURE + POINTS + "    metrics: [dsc]\n    structure: average\n"
PROTOCOL = "protocols:\n  mine:\n    batch: 2\n    patch_size: [24, 24, 24]\n    learning_rate: 0.1\n"
EXPERIMENT = """experiments:
  mine:
    dataset: phantom_nodule
    protocol: demo_nodule
    networks: [compact_unet]
    methods: [one_hot]
    scoring: {tolerances_mm: [2.0]}
    split: main
"""
PICK = "tables:\n  superpixel_1:\n    blocks:\n      - printed: mrbrains18\n        experiment: superpixel_mrbrains18\n"

REFUSED = {
    # keys
    "key at the top": ("sead: [1]  # here", "sead", "is no known key. Did you mean 'seeds'?"),
    "key of a data set": (
        "datasets:\n  mine: {source: hippocampus, normalize: zscore}  # here",
        "datasets.mine.normalize",
        "Did you mean 'normalise'? Known: crop, drop, dtype",
    ),
    "key of a source": (
        "datasets:\n  mrbrains18:\n    stripp: air  # here",
        "datasets.mrbrains18.stripp",
        "Did you mean 'strip'?",
    ),
    "key of a crop": (
        "datasets:\n  mine:\n    source: hippocampus\n    crop:\n      siez: [8, 8, 8]  # here",
        "datasets.mine.crop.siez",
        "Did you mean 'size'?",
    ),
    "key of a map": (
        "maps:\n  slic:\n    compactnes: 0.1  # here",
        "maps.slic.compactnes",
        "Did you mean 'compactness'?",
    ),
    "key of a recipe": (
        "soft_labels:\n  ls:\n    alhpa: 0.2  # here",
        "soft_labels.ls.alhpa",
        "is no known key. Did you mean 'alpha'? Known: alpha, recipe.",
    ),
    "setting of the map in a soft label": (
        "soft_labels:\n  geols: {iterations: 8}  # here",
        "soft_labels.geols.iterations",
        "Known: alpha, background, decay",
    ),
    "key of a method": ("methods:\n  mine:\n    titel: M  # here", "methods.mine.titel", "Did you mean 'title'?"),
    "key of a network": (
        "networks:\n  mine: {name: compact_unet, width: [8, 16]}  # here",
        "networks.mine.width",
        "mean 'widths'?",
    ),
    "key of a protocol": (PROTOCOL + "    epocs: 3  # here", "protocols.mine.epocs", "Did you mean 'epochs'?"),
    "key of an experiment": (EXPERIMENT + "    sedds: [1]  # here", "experiments.mine.sedds", "Did you mean 'seeds'?"),
    "key of scoring": (
        "experiments:\n  demo_brain:\n    scoring: {temperatur: true}  # here",
        "experiments.demo_brain.scoring.temperatur",
        "Did you mean 'temperature'?",
    ),
    "key of a rehearsal": (
        "experiments:\n  svls_lidc:\n    rehearsal:\n      protocols: {}  # here",
        "experiments.svls_lidc.rehearsal.protocols",
        "Did you mean 'protocol'?",
    ),
    "key of a table": ("tables:\n  demo_brain:\n    polcy: raw  # here", "tables.demo_brain.polcy", "mean 'policy'?"),
    "key of a column": (
        COLUMN + "{metric: ece, region: band}  # here",
        "tables.demo_brain.columns.1.region",
        "Known: ",
    ),
    "key of a block": (
        PICK + "        varaints: []  # here",
        "tables.superpixel_1.blocks.0.varaints",
        "Did you mean 'variants'?",
    ),
    "key of a figure": (
        SWEEP + "    methods: [one_hot]  # here",
        "figures.mine.methods",
        "is no known key. Known: composites, experiments, kind, log",
    ),
    # names
    "run": ("run: [demo_brian]  # here", "run.0", "is 'demo_brian', which does not exist. Did you mean 'demo_brain'?"),
    "folder of a source": ("folders:\n  hippocampuss: /data  # here", "folders.hippocampuss", "mean 'hippocampus'?"),
    "source": (
        "datasets:\n  mine: {source: hipocampus}  # here",
        "datasets.mine.source",
        "Did you mean 'hippocampus'?",
    ),
    "recipe": (
        "soft_labels:\n  mine: {recipe: svsl}  # here",
        "soft_labels.mine.recipe",
        "is 'svsl', which does not exist. Did you mean 'svls'? Known: blur, distance, epd",
    ),
    "recipe that the key means": (
        "soft_labels:\n  superpixels: {}  # here",
        "soft_labels.superpixels",
        "has no `recipe`, and none is called 'superpixels'. Did you mean 'superpixel'?",
    ),
    "kind of a map": (
        "maps:\n  mine: {map: slick}  # here",
        "maps.mine.map",
        "Did you mean 'slic'? Known: geodesic, slic",
    ),
    "map of a soft label": (
        "soft_labels:\n  geols: {map: geodesc}  # here",
        "soft_labels.geols.map",
        "mean 'geodesic'?",
    ),
    "soft label of a method": (
        "methods:\n  mine: {soft_label: svsl}  # here",
        "methods.mine.soft_label",
        "mean 'svls'?",
    ),
    "loss of a method": (
        "methods:\n  mine: {soft_label: ls, loss: ce + dcie}  # here",
        "methods.mine.loss",
        "cannot be read: the loss 'ce + dcie' names 'dcie'",
    ),
    "argument of a loss": (
        "methods:\n  mine: {soft_label: ls, loss: focal(gama=3)}  # here",
        "methods.mine.loss",
        "gives 'focal' the argument 'gama', which it does not know; known: soft, hard, gamma=",
    ),
    "control": (
        "methods:\n  mine: {soft_label: ls, control: onehot}  # here",
        "methods.mine.control",
        "mean 'one_hot'?",
    ),
    "module of a network": ("networks:\n  mine: {name: unet3}  # here", "networks.mine.name", "Did you mean 'unet3d'?"),
    "data set of an experiment": (
        "experiments:\n  demo_brain: {dataset: phantom_brian}  # here",
        "experiments.demo_brain.dataset",
        "Did you mean 'phantom_brain'?",
    ),
    "protocol of an experiment": (
        "experiments:\n  demo_brain: {protocol: demo_brian}  # here",
        "experiments.demo_brain.protocol",
        "Did you mean 'demo_brain'?",
    ),
    "network of an experiment": (
        "experiments:\n  demo_brain: {networks: [compact_net]}  # here",
        "experiments.demo_brain.networks.0",
        "Did you mean 'compact_unet'?",
    ),
    "method of an experiment": (
        EXPERIMENT.replace("[one_hot]", "[one_hot, svsl]  # here"),
        "experiments.mine.methods.1",
        "Did you mean 'svls'?",
    ),
    "split of an experiment": (
        EXPERIMENT.replace("split: main", "split: mian  # here"),
        "experiments.mine.split",
        "Did you mean 'main'?",
    ),
    "experiment of a table": (
        "tables:\n  demo_brain: {experiments: [demo_brian]}  # here",
        "tables.demo_brain.experiments.0",
        "Did you mean 'demo_brain'?",
    ),
    "metric of a column": (
        COLUMN + "{metric: esc}  # here",
        "tables.demo_brain.columns.1.metric",
        "is 'esc', which does not exist. Did you",
    ),
    "structure of a column": (
        COLUMN + "{metric: dsc, structure: averag}  # here",
        "tables.demo_brain.columns.1.structure",
        "Did you mean 'average'? Known: ET, TC, WT, all, average.",
    ),
    "region of a column": (
        COLUMN + "{metric: ece, roi: forground}  # here",
        "tables.demo_brain.columns.1.roi",
        "but must be all, foreground or band (region; all where left out). Did you",
    ),
    "member of a composite": (
        "tables:\n  demo_brain:\n    composites: {average: [WT, TCC]}  # here",
        "tables.demo_brain.composites.average.1",
        "Did you mean 'TC'? Known: ET, TC, WT.",
    ),
    "prediction": (
        "tables:\n  demo_brain: {prediction: ensembl}  # here",
        "tables.demo_brain.prediction",
        "Did you mean 'ensemble'?",
    ),
    "policy": (
        "tables:\n  demo_brain: {policy: diagnal}  # here",
        "tables.demo_brain.policy",
        "Did you mean 'diagonal'?",
    ),
    "metric of a margin": (
        "tables:\n  demo_brain:\n    margins: {dcs: 0.01}  # here",
        "tables.demo_brain.margins.dcs",
        "mean 'dsc'?",
    ),
    "printed table": (
        "tables:\n  mine:\n    published: svls1  # here\n    blocks: [{printed: lidc, experiment: svls_lidc}]",
        "tables.mine.published",
        "Did you mean 'svls_1'?",
    ),
    "printed data set": (
        "tables:\n  svls_2:\n    blocks:\n      - {printed: lidc_idri, experiment: svls_lidc}  # here",
        "tables.svls_2.blocks.0.printed",
        "Did you mean 'lidc'? Known: lidc.",
    ),
    "printed arm": (
        "tables:\n  epd_1:\n    blocks:\n      - {printed: knuh, arm: plane, experiment: epd_saros}  # here",
        "tables.epd_1.blocks.0.arm",
        "is 'plane', a arm that is not printed. Did you mean 'plain'?",
    ),
    "printed row that is picked": (
        PICK + "        pick: {what: n, rows: {superpixels: {500: superpixel}}}  # here",
        "tables.superpixel_1.blocks.0.pick.rows.superpixels",
        "Did you mean 'superpixel'?",
    ),
    "method that a row is picked from": (
        PICK + "        pick: {what: n, rows: {superpixel: {500: superpixl}}}  # here",
        "tables.superpixel_1.blocks.0.pick.rows.superpixel.500",
        "Did you mean 'superpixel'?",
    ),
    "kind of a figure": (
        "figures:\n  mine: {kind: slice, title: T, experiments: [demo_brain]}  # here",
        "figures.mine.kind",
        "Did you mean 'slices'?",
    ),
    "method of a figure": (
        SWEEP.replace(POINTS, "    points: {0: one_hot, 1: moh}  # here\n"),
        "figures.mine.points.1",
        "is 'moh', which experiments.demo_brain does not run.",
    ),
    "structure of a figure": (
        SWEEP.replace("structure: average", "structure: WTT  # here"),
        "figures.mine.structure",
        "Did you mean 'WT'?",
    ),
    "metric of a figure": (SWEEP.replace("[dsc]", "[dcs]  # here"), "figures.mine.metrics.0", "Did you mean 'dsc'?"),
    "structure behind a printed name": (
        "experiments:\n  svls_kits2019:\n    rehearsal:\n      structures: {tumour: tumer}  # here",
        "experiments.svls_kits2019.rehearsal.structures.tumour",
        "Did you mean 'tumor'?",
    ),
    "library of a cross-check": (
        "experiments:\n  demo_brain:\n    scoring: {cross_check: [monay]}  # here",
        "experiments.demo_brain.scoring.cross_check.0",
        "Did you mean 'monai'?",
    ),
    # types and ranges
    "negative share": (
        "soft_labels:\n  ls: {alpha: -0.1}  # here",
        "soft_labels.ls.alpha",
        "is -0.1, but must be a number from 0 to 1 (share given away).",
    ),
    "decimal comma": (
        'soft_labels:\n  ls: {alpha: "0,1"}  # here',
        "soft_labels.ls.alpha",
        "Write it with a point: 0.1.",
    ),
    "decimal comma of a map": (
        'maps:\n  slic: {compactness: "0,1"}  # here',
        "maps.slic.compactness",
        "Write it with a point: 0.1.",
    ),
    "true for a number": (
        "maps:\n  slic: {count: true}  # here",
        "maps.slic.count",
        "is true, but must be a whole number from 1 on",
    ),
    "broken number": (
        "maps:\n  slic: {count: 2.5}  # here",
        "maps.slic.count",
        "is 2.5, but must be a whole number from 1 on",
    ),
    "infinity": (
        PROTOCOL + "    steps: 3\n    weight_decay: .inf  # here",
        "protocols.mine.weight_decay",
        "is inf, but",
    ),
    "number for a text": (
        "methods:\n  mine: {title: 5, soft_label: ls}  # here",
        "methods.mine.title",
        "must be a text",
    ),
    "widths of a network": (
        "networks:\n  mine: {name: compact_unet, widths: [8, 16.5]}  # here",
        "networks.mine.widths.1",
        "a whole number",
    ),
    "seeds twice": ("seeds: [0, 1, 1]  # here", "seeds.2", "is 1, which is in the list already."),
    "negative seed": ("seeds: [-1]  # here", "seeds.0", "is -1, but must be a whole number from 0 on."),
    "no seeds": ("seeds: []  # here", "seeds", "is [], but must be a list of one or more whole numbers from 0 on"),
    "seeds a job": ("seeds_per_job: 0  # here", "seeds_per_job", "is 0, but must be all or a whole number from 1 on"),
    "negative seeds a job": ("seeds_per_job: -2  # here", "seeds_per_job", "is -2, but must be all or a whole number"),
    "device": ("device: cpuu  # here", "device", "is 'cpuu', but must be auto, cpu or cuda (where networks run). Did"),
    "window upside down": (
        "datasets:\n  mine:\n    source: kits2019\n    window: {hu: [300, -80]}  # here",
        "datasets.mine.window.hu",
        "is [300, -80], but must be a list of 2 numbers, the lower first",
    ),
    "two windows": (
        "datasets:\n  mine:\n    source: kits2019\n    window: {hu: [0, 9], percentiles: [1, 99]}  # here",
        "datasets.mine.window",
        "must hold one of hu, percentiles, windows_hu, but holds hu, percentiles.",
    ),
    "unknown raters": (
        "methods:\n  mine: {soft_label: ls, raters: frist}  # here",
        "methods.mine.raters",
        "mean 'first'?",
    ),
    "missing key": (
        "networks:\n  mine: {name: unet3d}  # here",
        "networks.mine",
        "lacks 'widths'.",
    ),
    "name with a capital": (
        "methods:\n  Mine: {soft_label: ls}  # here",
        "methods.Mine",
        "must be made of a to z, 0 to 9",
    ),
    # what must fit
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
        "is 5, but a case of 'lidc' in experiments.svls_lidc has 4 raters.",
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
    "axes of other lengths": (
        "protocols:\n  hippocampus:\n    transposes: [[D, H]]  # here",
        "protocols.hippocampus.transposes.0",
        "exchanges the axes D and H, but the patch [32, 48, 32] has other lengths there.",
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
        "methods:\n  msvls: {soft_label: ls}  # here",
        "methods.msvls.soft_label",
        "the soft label 'msvls' is learnt by no method, so that it gets one of this name. Rename the soft label",
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


@pytest.mark.parametrize("kind", REFUSED)
def test_setting_is_refused_where_it_stands(kind: str, root: Path, tmp_path: Path) -> None:
    text, path, said = REFUSED[kind]
    (line,) = [number for number, words in enumerate(text.split("\n"), start=1) if words.endswith("# here")]
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    found = refusal(read(root, (file,)), root)
    assert found.startswith(f"{file}, line {line}: {path} "), found
    assert said in found


@pytest.mark.parametrize(
    ("assignment", "path", "said"),
    [
        ("experiments={demo_brian: {seeds: [0]}}", "experiments.demo_brian", "Did you mean 'demo_brain'?"),
        ("soft_labels={ls: {alpha: -0.1}}", "soft_labels.ls.alpha", "is -0.1, but must be a number from 0 to 1"),
        ("sead=[1]", "sead", "Did you mean 'seeds'?"),
        ("run=[hipocampus]", "run.0", "Did you mean 'hippocampus'?"),
        ("seeds_per_job=none", "seeds_per_job", "is 'none', but must be all or a whole number from 1 on"),
    ],
)
def test_setting_of_the_command_line_is_refused(assignment: str, path: str, said: str, root: Path) -> None:
    found = refusal(read(root, (), (assignment,)), root)
    assert found.startswith(f"--config: {path} "), found
    assert said in found


def test_first_fault_by_line_is_told(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("methods:\n  mine: {soft_label: svsl}\ndevice: cpuu\nsead: [1]\n", encoding="utf-8")
    assert refusal(read(root, (file,)), root).startswith(f"{file}, line 2: methods.mine.soft_label ")


def test_every_shipped_setting_passes(root: Path) -> None:
    accept(read(root), root)
