"""Draw the reliability diagrams of one table's runs."""

from pathlib import Path

from softbench import logs
from softbench.reporting import assemble, reliability

with logs.job(snakemake.log[0]):
    given, table = snakemake.input, snakemake.params.table
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles), table.get("prediction", assemble.RAW))
    title = f"Reliability: {table['title']}"
    methods = [method for method in table["methods"] if method["trained"]]
    reliability.draw(runs.reliability, snakemake.output.png, snakemake.output.pdf, title=title, methods=methods)
