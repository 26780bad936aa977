"""Write one table in four forms."""

from pathlib import Path

from softbench import logs
from softbench.tables import assemble, formats

with logs.job(snakemake.log[0]):
    runs = assemble.read(map(Path, snakemake.input.runs), map(Path, snakemake.input.ensembles))
    table = assemble.table(runs, snakemake.params.table)
    for path in snakemake.output:
        formats.write(table, path)
