"""Compare soft labels of one rater with the other raters, case by case."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets.fetch import fetch
    from softbench.plan.code import record
    from softbench.plan.processes import processes
    from softbench.rater_study.produce import Study, produce

    params, output = snakemake.params, Path(snakemake.output.manifest)
    given = snakemake.config["folders"].get(params.source)
    raw = Path(snakemake.input.raw[0]).parent if snakemake.input.raw else Path()
    if snakemake.input.raw:
        fetch.require_unchanged(raw, given, log)
    produce(
        Study(**params.study),
        fetch.location(raw, given),
        output.parent,
        sweeps=params.sweeps,
        versions=params.recipes,
        version=params.version,
        workers=processes(snakemake.threads, snakemake.resources.mem_mb),
        log=log,
    )
    record.beside(output, "raters", job=snakemake, source=params.source)
