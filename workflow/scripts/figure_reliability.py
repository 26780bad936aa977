"""Draw reliability diagrams, a row an experiment and region."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import reliability

    reliability.write(snakemake.params.figure, snakemake.output)
