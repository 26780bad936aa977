"""Draw slices of test cases with the contours of the reference and of each method."""

from softbench.figures import case_rows, pictures, slices_figure
from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    figure = snakemake.params.figure
    rows = [row for panel in figure["panels"] for row in case_rows.rows(panel, figure)]
    drawn = slices_figure.draw(rows, case_rows.titles(figure), title=figure["title"])
    pictures.save(
        drawn, snakemake.output, case_rows.captioned(slices_figure.CAPTION, rows), about=figure.get("about", "")
    )
