"""Draw soft labels of one case on the same slice."""

from softbench import logs
from softbench.figures import soft_label_figure

with logs.job(snakemake.log[0]):
    soft_label_figure.write(snakemake.params.figure, snakemake.output)
