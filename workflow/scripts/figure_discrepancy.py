"""Draw prediction minus reference, inferred again for the cases shown."""

from softbench.figures import case_rows, discrepancy_figure, pictures
from softbench.jobs import logs
from softbench.training import one_case
from softbench.training.device import choose

with logs.job(snakemake.log[0]) as log:
    figure, device = snakemake.params.figure, choose(snakemake.config["device"], log)
    (panel,) = figure["panels"]
    rows = case_rows.rows(panel, figure, one_case.probabilities(panel.get("runs", {}), device, log))
    drawn = discrepancy_figure.draw(rows, figure["arms"], case_rows.titles(figure), title=figure["title"])
    caption = discrepancy_figure.CAPTION.format(what=figure["structure"])
    pictures.save(drawn, snakemake.output, case_rows.captioned(caption, rows), about=figure.get("about", ""))
