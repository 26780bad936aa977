"""Draw loss, validation DSC and learning rate along runs."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import pictures, training

    figure = snakemake.params.figure
    panels = [training.read(panel, figure["titles"]) for panel in figure["panels"]]
    drawn = training.draw(panels, title=figure["title"])
    caption = training.caption(panels, note=figure.get("note", ""))
    pictures.save(drawn, snakemake.output, caption, **pictures.said(figure))
