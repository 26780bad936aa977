"""Write how far the rankings of several tables agree, in its forms."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.tables import forms, rankings

    ranks = map(Path, snakemake.input.ranks)
    sheet = rankings.sheet_between(dict(zip(snakemake.params.titles, map(rankings.read_orders, ranks), strict=True)))
    for path in snakemake.output:
        forms.write(sheet, path)
