"""Draw prediction minus reference, inferred again for the cases shown."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.figures import case_rows, pictures, probability_maps
    from softbench.training import scores
    from softbench.training.device import choose

    figure, device = snakemake.params.figure, choose(snakemake.config["device"], log)
    (panel,) = figure["panels"]
    of_targets = figure.get("against") == "target"
    give = scores.differences if of_targets else scores.probabilities
    rows = case_rows.rows(panel, figure, give(panel.get("runs", {}), device, log))
    named = case_rows.titles(figure)
    how = {"title": figure["title"], "of_targets": of_targets}
    drawn = probability_maps.draw_discrepancies(rows, figure["arms"], named, **how)
    caption = probability_maps.discrepancy_caption(figure["structure"], of_targets=of_targets)
    pictures.save(drawn, snakemake.output, case_rows.captioned(caption, rows), **pictures.said(figure))
