"""Draw soft labels of one case on the same slice."""

from softbench.figures import gallery
from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    gallery.write(snakemake.params.figure, snakemake.output)
