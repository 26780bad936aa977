"""Write the verdicts on the papers' claims in three forms."""

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.papers import published
    from softbench.papers.claims import claims, judged, reported, unprinted
    from softbench.papers.claims.judged import sheet
    from softbench.papers.comparison import blocks
    from softbench.papers.published.reports import reports
    from softbench.tables import forms

    tables = {settings["published"]: settings for settings in snakemake.params.tables}
    ours = {name: blocks.read(published.read(name), settings) for name, settings in tables.items()}
    titles: dict[str, dict[str, str]] = {}
    for name, settings in tables.items():
        titles.setdefault(published.read(name).paper, {}).update(settings["titles"])
    beyond = unprinted.means(claims(), tables)
    found = sheet(
        judged.build(ours, unprinted=beyond, command=snakemake.params.tables[0]["claims"]),
        titles,
        is_rehearsal=any(settings["is_rehearsal"] for settings in tables.values()),
    )
    found = reported.added(found, reported.build(reports(), snakemake.params.get("reports", {})))
    for path in snakemake.output:
        forms.write(found, path)
