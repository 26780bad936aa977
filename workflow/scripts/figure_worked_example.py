"""Draw small grids on which soft labels are worked out."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import worked_example

    worked_example.write(snakemake.params.figure, snakemake.output)
