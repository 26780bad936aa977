"""Let panels of simulated raters read phantoms, and score the labels made from them."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.plan.code import record
    from softbench.rater_study.laboratory.experiment import Laboratory, produce

    params, output = snakemake.params, Path(snakemake.output.manifest)
    produce(
        Laboratory(**params.laboratory),
        output.parent,
        sweeps=params.sweeps,
        versions=params.recipes,
        version=params.version,
        workers=snakemake.threads,
        log=log,
    )
    record.beside(output, "laboratory", job=snakemake)
