"""Draw predicted probabilities beside the raters', inferred again for the cases shown."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.figures import case_rows, pictures, probability_maps
    from softbench.training import scores
    from softbench.training.device import choose

    figure, device = snakemake.params.figure, choose(snakemake.config["device"], log)
    rows = [
        row
        for panel in figure["panels"]
        for row in case_rows.rows(panel, figure, scores.probabilities(panel.get("runs", {}), device, log))
    ]
    drawn = probability_maps.draw_probabilities(rows, case_rows.titles(figure), title=figure["title"])
    caption = probability_maps.CAPTION_OF_PROBABILITIES.format(what=figure.get("structure", case_rows.FOREGROUND_WORDS))
    pictures.save(drawn, snakemake.output, case_rows.captioned(caption, rows), **pictures.said(figure))
