"""Draw reliability diagrams, a row an experiment and region."""

from softbench.figures import reliability
from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    reliability.write(snakemake.params.figure, snakemake.output)
