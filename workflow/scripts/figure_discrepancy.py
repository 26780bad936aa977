"""Draw prediction minus reference, inferred again for the cases shown."""

from softbench.figures import case_rows, pictures, probability_maps
from softbench.jobs import logs
from softbench.training import scores
from softbench.training.device import choose

with logs.job(snakemake.log[0]) as log:
    figure, device = snakemake.params.figure, choose(snakemake.config["device"], log)
    (panel,) = figure["panels"]
    rows = case_rows.rows(panel, figure, scores.probabilities(panel.get("runs", {}), device, log))
    drawn = probability_maps.draw_discrepancies(rows, figure["arms"], case_rows.titles(figure), title=figure["title"])
    caption = probability_maps.CAPTION_OF_DISCREPANCIES.format(what=figure["structure"])
    pictures.save(drawn, snakemake.output, case_rows.captioned(caption, rows), about=figure.get("about", ""))
