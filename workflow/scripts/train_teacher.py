"""Train the networks of a teacher that do not see one fold of the training part."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench import datasets
    from softbench.datasets import folder, folds, splits
    from softbench.plan.code import record
    from softbench.training import loop, teacher
    from softbench.training.batch import Batch
    from softbench.training.device import choose
    from softbench.training.run import Run

    given, asked = snakemake.input, snakemake.params
    data = datasets.open(folder.local_copy(Path(given.data).parent, snakemake.config["scratch"], log))
    split = splits.of_dataset(splits.read(Path(given.split)), data.manifest, data.cases)
    batch = Batch(
        Run.of(asked.run),
        data,
        Path(given.soft_label).parent,
        folds.without(split, int(snakemake.wildcards.fold), asked.folds),
        choose(snakemake.config["device"], log),
        log,
        loop.deadline_after(snakemake.resources.get("runtime")),
    )
    record.note("train", "teach", job=snakemake, **batch.loads_by_name())
    output = Path(snakemake.output.manifest)
    teacher.train_fold(batch, asked.seeds, output.with_suffix(""), output)
