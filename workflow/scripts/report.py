"""Write one page of tables and figures."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.jobs import provenance
    from softbench.page import report

    report.write(
        snakemake.output.page,
        files=list(map(Path, snakemake.input.files)),
        **snakemake.params.shown,
        provenance={"commit": provenance.commit(), **provenance.versions()},
    )
