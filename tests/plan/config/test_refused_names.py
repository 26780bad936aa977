"""Names of what does not exist are refused where they stand, with the one that was meant."""

from pathlib import Path

import pytest

from .conftest import COLUMN, EXPERIMENT, PICK, POINTS, SWEEP, assert_refused

REFUSED = {
    "collection": ("collections:\n  mine: [demo_brian]  # here", "collections.mine.0", "Did you mean 'demo_brain'?"),
    "method of a table": (
        "tables:\n  demo_brain: {methods: [svsl]}  # here",
        "tables.demo_brain.methods.0",
        "Did you mean 'svls'?",
    ),
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
        "is 'svsl', which does not exist. Did you mean 'svls'? Known: blur, boundary_uncertainty, dilation",
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
}


@pytest.mark.parametrize("kind", REFUSED)
def test_setting_is_refused_where_it_stands(kind: str, root: Path, tmp_path: Path) -> None:
    assert_refused(*REFUSED[kind], root, tmp_path)
