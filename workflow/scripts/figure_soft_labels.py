"""Draw soft labels of one case on the same slice."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import gallery

    gallery.write(snakemake.params.figure, snakemake.output)
