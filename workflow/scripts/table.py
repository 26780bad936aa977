"""Make the views of a table, and write the page anew with them."""

from pathlib import Path

from softbench import logs
from softbench.page import growing
from softbench.tables import making
from softbench.tables.given import Given

with logs.job(snakemake.log[0]) as log:
    params, output = snakemake.params, snakemake.output
    making.make(Given(**params.given), params.code, params.files, Path(output[-1]), log, attempt=params.attempt)
    growing.write(log)
