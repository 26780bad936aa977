"""Score the ensemble of a method's seeds."""

from pathlib import Path

from softbench import logs
from softbench.datasets import scratch, splits
from softbench.plan.code import record
from softbench.training import ensemble
from softbench.training.device import choose
from softbench.training.material import Material
from softbench.training.run import Run

with logs.job(snakemake.log[0]) as log:
    given = snakemake.input
    record.note("ensemble")
    data = scratch.nearest(Path(given.data).parent, snakemake.config["scratch"], log)
    folders = [data, Path(given.soft_label).parent]
    split, device = splits.read(Path(given.split)), choose(snakemake.config["device"], log)
    batch = Material(Run.of(snakemake.params.run), *folders, split, device, log)
    output = Path(snakemake.output.manifest)
    ensemble.run(batch, list(map(Path, given.batches)), snakemake.params.version, output)
