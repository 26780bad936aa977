"""Score calibrations and decoders of an experiment's methods."""

from pathlib import Path

from softbench.datasets import folder, splits
from softbench.jobs import logs
from softbench.plan.code import record
from softbench.training.device import choose
from softbench.training.posthoc import grid

with logs.job(snakemake.log[0]) as log:
    given, asked = snakemake.input, snakemake.params
    record.note("posthoc", job=snakemake, **asked.asked)
    data = folder.local_copy(Path(given.data).parent, snakemake.config["scratch"], log)
    split, device = splits.read(Path(given.split)), choose(snakemake.config["device"], log)
    output = Path(snakemake.output.manifest)
    grid.run_all(asked.methods, data, split, asked.asked, asked.versions, output, device, log)
