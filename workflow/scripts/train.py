"""Train and score the seeds of one batch."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets import folder, splits
    from softbench.plan.code import record
    from softbench.training import loop
    from softbench.training.batch import Batch, run_batch
    from softbench.training.device import choose
    from softbench.training.run import Run

    batch = Batch(
        Run.of(snakemake.params.run),
        folder.local_copy(Path(snakemake.input.data).parent, snakemake.config["scratch"], log),
        Path(snakemake.input.soft_label).parent,
        splits.read(Path(snakemake.input.split)),
        choose(snakemake.config["device"], log),
        log,
        loop.deadline_after(snakemake.resources.get("runtime")),
    )
    record.note("train", "score", job=snakemake, **batch.loads_by_name())
    output = Path(snakemake.output.manifest)
    run_batch(batch, snakemake.params.seeds, output.parent, output)
