"""Draw soft labels of one case on the same slice."""

from softbench.figures import soft_label_figure
from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    soft_label_figure.write(snakemake.params.figure, snakemake.output)
