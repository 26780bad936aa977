"""Write how far the rankings of several tables agree, in its forms."""

from pathlib import Path

from softbench import logs
from softbench.tables import assemble, between, evidence, forms, rankings

with logs.job(snakemake.log[0]):
    tables = {}
    for one in snakemake.params.tables:
        runs = assemble.read(map(Path, one["batches"]), map(Path, one["ensembles"]))
        tables[one["table"]["title"]] = rankings.rankings(evidence.of(runs, one["table"]), draws=1)
    sheet = between.sheet(tables)
    for path in snakemake.output:
        forms.write(sheet, path)
