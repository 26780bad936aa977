"""Draw the differences of one table case by case."""

from pathlib import Path

from softbench import logs
from softbench.reporting import assemble
from softbench.reporting.evidence import evidence
from softbench.reporting.figures import case_figure, pictures

with logs.job(snakemake.log[0]):
    given, table = snakemake.input, snakemake.params.table
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles))
    figure = case_figure.draw(evidence.of(runs, table), title=f"Case by case: {table['title']}")
    pictures.save(figure, snakemake.output, case_figure.CAPTION)
