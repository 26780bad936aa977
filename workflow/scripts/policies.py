"""Write one table under two empty-mask policies, in three forms."""

from pathlib import Path

from softbench import logs
from softbench.tables import assemble, policies

with logs.job(snakemake.log[0]):
    runs = assemble.read(map(Path, snakemake.input.runs), map(Path, snakemake.input.ensembles))
    both = policies.build(runs, snakemake.params.table)
    for path in snakemake.output:
        policies.write(both, Path(path))
