"""Write what costs no further training, for one table, in three forms."""

from pathlib import Path

from softbench import logs
from softbench.tables import assemble, free_rows

with logs.job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles))
    free = free_rows.build(runs, params.table, params.predictions)
    for path in snakemake.output:
        free_rows.write(free, Path(path))
