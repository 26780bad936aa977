"""Draw a metric against a parameter of a method."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.figures import pictures, sweep

    figure = snakemake.params.figure
    panels = [sweep.read(panel, figure) for panel in figure["panels"]]
    what = {"x": figure["x"], "metrics": figure["metrics"]}
    points = sorted(map(float, figure["points"]))
    drawn = sweep.draw(panels, points=points, title=figure["title"], log=figure.get("log", False), **what)
    caption = sweep.caption(panels, structure=figure["structure"], note=figure.get("note", ""), **what)
    pictures.save(drawn, snakemake.output, caption, **pictures.said(figure))
