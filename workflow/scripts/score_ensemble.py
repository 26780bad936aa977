"""Score the ensembles of an experiment's methods."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets import folder, splits
    from softbench.plan.code import record
    from softbench.training import ensemble
    from softbench.training.device import choose

    given, asked = snakemake.input, snakemake.params
    record.note("ensemble", job=snakemake)
    data = folder.local_copy(Path(given.data).parent, snakemake.config["scratch"], log)
    split, device = splits.read(Path(given.split)), choose(snakemake.config["device"], log)
    output = Path(snakemake.output.manifest)
    ensemble.run_all(asked.methods, data, split, asked.version, output, device, log)
