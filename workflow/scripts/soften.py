"""Soften every case of a dataset by one recipe."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets import splits
    from softbench.plan.code import record
    from softbench.soft_labels.produce import produce

    maps, split, teacher = (snakemake.input.get(name) for name in ("maps", "split", "teacher"))
    record.note("soften", job=snakemake, recipe=snakemake.params.recipe)
    produce(
        snakemake.params.recipe,
        Path(snakemake.input.data).parent,
        Path(snakemake.output.manifest).parent,
        settings=snakemake.params.settings,
        version=snakemake.params.version,
        map_folder=Path(maps[0]).parent if maps else None,
        map_settings=snakemake.params.get("map_settings"),
        split=splits.read(split) if split else None,
        teacher_folder=Path(teacher).parent if teacher else None,
        workers=snakemake.threads,
        log=log,
    )
