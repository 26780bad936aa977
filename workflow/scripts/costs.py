"""Write what each method of a table cost, in three forms."""

from pathlib import Path

from softbench import logs
from softbench.costs import table
from softbench.tables import cost_table

with logs.job(snakemake.log[0]):
    costs = table.build(snakemake.params.methods)
    for path in map(Path, snakemake.output):
        cost_table.write(costs, snakemake.params.title, path)
