"""Write the split that a rule makes of a dataset's patients."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench import datasets
    from softbench.datasets import splits
    from softbench.plan.code import record

    dataset, split = snakemake.wildcards.dataset, snakemake.wildcards.split
    cases = datasets.open(Path(snakemake.input.data).parent).cases
    commit_to = f"workflow/splits/{dataset}/{split}.csv"
    log(splits.derive(snakemake.params.rule, cases, Path(snakemake.output.split), commit_to))
    record.beside(Path(snakemake.output.split), "split", job=snakemake)
