"""Draw what coarser grids leave of a thin structure."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import downsampling_figure, pictures

    figure = snakemake.params.figure
    drawn, caption = downsampling_figure.of_panel(figure["panels"][0], figure)
    pictures.save(drawn, snakemake.output, caption, **pictures.said(figure))
