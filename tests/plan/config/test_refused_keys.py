"""Keys that config does not know are refused where they stand, with the one that was meant."""

from pathlib import Path

import pytest

from .conftest import COLUMN, EXPERIMENT, PICK, PROTOCOL, SWEEP, assert_refused

REFUSED = {
    "key at the top": ("sead: [1]  # here", "sead", "is no known key. Did you mean 'seeds'?"),
    "key of a data set": (
        "datasets:\n  mine: {source: hippocampus, normalize: zscore}  # here",
        "datasets.mine.normalize",
        "Did you mean 'normalise'? Known: affine, crop, drop, dtype",
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
}


@pytest.mark.parametrize("kind", REFUSED)
def test_setting_is_refused_where_it_stands(kind: str, root: Path, tmp_path: Path) -> None:
    assert_refused(*REFUSED[kind], root, tmp_path)
