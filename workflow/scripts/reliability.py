"""Draw the reliability diagrams of one table's runs."""

from pathlib import Path

from softbench import logs
from softbench.figures import reliability
from softbench.tables import assemble, scaled

with logs.job(snakemake.log[0]):
    given, table = snakemake.input, snakemake.params.table
    prediction, rows = table.get("prediction", assemble.RAW), scaled.scaled_rows(table)
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles), prediction, rows)
    title = f"Reliability: {table['title']}"
    methods = [method for method in table["methods"] if method["trained"]]
    reliability.draw(runs.reliability, snakemake.output.png, snakemake.output.pdf, title=title, methods=methods)
