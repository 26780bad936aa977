"""Score calibrations and decoders of a method's seeds."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets import folder, splits
    from softbench.plan.code import record
    from softbench.training.chosen import settle
    from softbench.training.device import choose
    from softbench.training.material import Material
    from softbench.training.posthoc import grid
    from softbench.training.run import Run

    given, asked = snakemake.input, snakemake.params
    record.note("posthoc", job=snakemake, **asked.asked)
    data = folder.local_copy(Path(given.data).parent, snakemake.config["scratch"], log)
    method = settle(asked.given)
    split, device = splits.read(Path(given.split)), choose(snakemake.config["device"], log)
    batch = Material(Run.of(method["run"]), data, Path(method["soft_label"]).parent, split, device, log)
    wanted = grid.pieces_of(asked.asked["calibrations"], asked.asked["decoders"])
    grid.run(batch, list(map(Path, given.batches)), wanted, asked.versions, Path(snakemake.output.manifest))
