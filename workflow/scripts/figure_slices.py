"""Draw slices of test cases with the reference and the prediction of each method, as contours or filled."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import case_rows, pictures, slices_figure

    figure = snakemake.params.figure
    rows = [row for panel in figure["panels"] for row in case_rows.rows(panel, figure)]
    how = {key: figure[key] for key in ("filled", "first_row") if key in figure}
    drawn = slices_figure.draw(rows, case_rows.titles(figure), title=figure["title"], **how)
    caption = case_rows.captioned(slices_figure.caption(figure), rows)
    pictures.save(drawn, snakemake.output, caption, **pictures.said(figure))
