"""Predict the cases of a split by the networks of a teacher that did not see them."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets import folder, splits
    from softbench.plan.code import record
    from softbench.training import teacher
    from softbench.training.device import choose
    from softbench.training.run import Run

    given, run = snakemake.input, Run.of(snakemake.params.run)
    record.note("teach", job=snakemake, network=run.network["name"])
    teacher.predict(
        list(map(Path, given.folds)),
        folder.local_copy(Path(given.data).parent, snakemake.config["scratch"], log),
        splits.read(Path(given.split)),
        run.protocol,
        Path(snakemake.output.manifest).parent,
        version=snakemake.params.version,
        device=choose(snakemake.config["device"], log),
        log=log,
    )
