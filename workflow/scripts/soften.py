"""Soften every case of a dataset by one recipe."""

from pathlib import Path

from softbench import logs
from softbench.soft_labels.produce import produce

with logs.job(snakemake.log[0]) as log:
    produce(
        snakemake.params.recipe,
        Path(snakemake.input.data).parent,
        Path(snakemake.output.manifest).parent,
        settings=snakemake.params.settings,
        version=snakemake.params.version,
        workers=snakemake.threads,
        log=log,
    )
