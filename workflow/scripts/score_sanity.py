"""Score what needs no training: the reference itself, and the class frequencies."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench import datasets
    from softbench.datasets import splits
    from softbench.plan.code import record
    from softbench.training import sanity

    record.note("sanity", job=snakemake)
    sanity.run_all(
        snakemake.params.rows,
        datasets.open(Path(snakemake.input.data).parent),
        splits.read(Path(snakemake.input.split)),
        Path(snakemake.output.manifest),
        log,
    )
