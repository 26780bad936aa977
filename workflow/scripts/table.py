"""Make the views of a table, and write the page anew with them."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.page import report
    from softbench.tables import making
    from softbench.tables.view import Given

    params, (*_, record, mark) = snakemake.params, map(Path, snakemake.output)
    making.make(Given(**params.given), params.code, params.files, record, log, attempt=params.attempt)
    report.write_growing(snakemake.wildcards.table, log)
    mark.touch()
