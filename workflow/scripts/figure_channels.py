"""Draw all images of a case beside its label."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import channels, pictures

    figure = snakemake.params.figure
    drawn, caption = channels.of_panel(figure["panels"][0], figure)
    pictures.save(drawn, snakemake.output, caption, **pictures.said(figure))
