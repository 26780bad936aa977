"""Score the ensemble of a method's seeds."""

from pathlib import Path

from softbench import logs
from softbench.datasets import splits
from softbench.training import ensemble
from softbench.training.batch import Batch, Run
from softbench.training.device import choose

with logs.job(snakemake.log[0]) as log:
    given = snakemake.input
    folders = [Path(manifest).parent for manifest in (given.data, given.soft_label)]
    split, device = splits.read(Path(given.split)), choose(snakemake.config["device"], log)
    batch = Batch(Run.of(snakemake.params.run), *folders, split, device, log)
    output = Path(snakemake.output.manifest)
    ensemble.run(batch, list(map(Path, given.batches)), snakemake.params.version, output)
