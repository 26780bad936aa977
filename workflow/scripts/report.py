"""Write one page of tables and figures."""

from pathlib import Path

from softbench.jobs import logs, provenance
from softbench.page import report

with logs.job(snakemake.log[0]):
    report.write(
        snakemake.output.page,
        files=list(map(Path, snakemake.input.files)),
        **snakemake.params.shown,
        provenance={"commit": provenance.commit(), **provenance.versions()},
    )
