"""Train a setting that is tried, on the seeds that choose, and measure its networks."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets import folder, splits
    from softbench.plan.code import record
    from softbench.training import loop
    from softbench.training.batch import Batch
    from softbench.training.device import choose
    from softbench.training.run import Run
    from softbench.training.trying import try_setting

    asked = snakemake.params
    batch = Batch(
        Run.of(asked.run),
        folder.local_copy(Path(snakemake.input.data).parent, snakemake.config["scratch"], log),
        Path(snakemake.input.soft_label).parent,
        splits.read(Path(snakemake.input.split)),
        choose(snakemake.config["device"], log),
        log,
        loop.deadline_after(snakemake.resources.get("runtime")),
    )
    record.note("train", "try", job=snakemake, **batch.loads_by_name())
    output = Path(snakemake.output.manifest)
    try_setting(batch, asked.seeds, asked.version, output.parent, output)
