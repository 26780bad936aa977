"""Draw the differences of one table case by case."""

from pathlib import Path

from softbench import logs
from softbench.figures import case_figure, pictures
from softbench.tables import assemble, evidence

with logs.job(snakemake.log[0]):
    given, table = snakemake.input, snakemake.params.table
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles))
    figure = case_figure.draw(evidence.of(runs, table), title=f"Case by case: {table['title']}")
    pictures.save(figure, snakemake.output, case_figure.CAPTION)
