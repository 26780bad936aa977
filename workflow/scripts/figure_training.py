"""Draw loss, validation DSC and learning rate along runs."""

from softbench.figures import pictures, training, training_figure
from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    figure = snakemake.params.figure
    panels = [training.read(panel, figure["titles"]) for panel in figure["panels"]]
    drawn = training_figure.draw(panels, title=figure["title"])
    caption = training_figure.caption(panels, note=figure.get("note", ""))
    pictures.save(drawn, snakemake.output, caption, about=figure.get("about", ""))
