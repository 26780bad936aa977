"""Make the maps of one shard of a dataset's cases."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.plan.code import record
    from softbench.soft_labels import maps

    record.note("map", job=snakemake, recipe=snakemake.params.recipe)
    maps.produce(
        snakemake.params.recipe,
        Path(snakemake.input.data).parent,
        Path(snakemake.output.shard).parent,
        settings=snakemake.params.settings,
        version=snakemake.params.version,
        shard=int(snakemake.wildcards.shard),
        shards=snakemake.params.shards,
        workers=snakemake.threads,
        log=log,
    )
