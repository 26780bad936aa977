"""Draw reliability diagrams, a row an experiment and region."""

from softbench import logs
from softbench.figures import reliability_figure

with logs.job(snakemake.log[0]):
    reliability_figure.write(snakemake.params.figure, snakemake.output)
