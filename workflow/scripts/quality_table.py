"""Write the quality of the soft labels of a table in three forms."""

from pathlib import Path

from softbench import logs
from softbench.tables import quality

with logs.job(snakemake.log[0]):
    folders = [Path(manifest).parent for manifest in snakemake.input.soft_labels]
    table = quality.summarise(dict(zip(snakemake.params.rows, folders, strict=True)))
    for path in snakemake.output:
        quality.write(table, snakemake.params.title, Path(path))
