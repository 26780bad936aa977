"""Draw the ranks of one table's methods."""

from pathlib import Path

from softbench import logs
from softbench.figures import pictures, rank_figure
from softbench.tables import assemble, evidence, rankings

with logs.job(snakemake.log[0]):
    given, table = snakemake.input, snakemake.params.table
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles))
    shown = evidence.of(runs, table)
    found = rankings.rankings(shown, draws=1)
    titles = {method.key: method.title for method in shown.table.methods}
    figure = rank_figure.draw(found, shown.names, titles, title=f"Ranks: {table['title']}")
    pictures.save(figure, snakemake.output, rank_figure.CAPTION)
