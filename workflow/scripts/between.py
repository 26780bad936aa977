"""Write how far the rankings of several tables agree, in its forms."""

from pathlib import Path

from softbench.jobs import logs
from softbench.tables import between, forms

with logs.job(snakemake.log[0]):
    ranks = map(Path, snakemake.input.ranks)
    sheet = between.sheet(dict(zip(snakemake.params.titles, map(between.read, ranks), strict=True)))
    for path in snakemake.output:
        forms.write(sheet, path)
