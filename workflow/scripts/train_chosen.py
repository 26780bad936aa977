"""Train and score the seeds of one batch with the setting that was chosen."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets import folder, splits
    from softbench.jobs import storage
    from softbench.plan.code import record
    from softbench.training import loop
    from softbench.training.batch import Batch, run_batch
    from softbench.training.chosen import settle
    from softbench.training.device import choose
    from softbench.training.run import Run

    given = settle(snakemake.params.given)
    batch = Batch(
        Run.of(given["run"]),
        folder.local_copy(Path(snakemake.input.data).parent, snakemake.config["scratch"], log),
        Path(given["soft_label"]).parent,
        splits.read(Path(snakemake.input.split)),
        choose(snakemake.config["device"], log),
        log,
        loop.deadline_after(snakemake.resources.get("runtime")),
    )
    record.note("train", "score", job=snakemake, **batch.loads_by_name())
    output = Path(snakemake.output.manifest)
    run_batch(
        batch, snakemake.params.seeds, output.parent, output, choice=storage.read_json(Path(snakemake.input.choice))
    )
