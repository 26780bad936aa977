"""Write one page of tables and figures."""

from pathlib import Path

from softbench import logs, provenance
from softbench.reporting.page import report

with logs.job(snakemake.log[0]):
    report.write(
        snakemake.output.page,
        files=[Path(path) for name, paths in snakemake.input.items() if name != "runs" for path in paths],
        **snakemake.params.shown,
        provenance={"commit": provenance.commit(), **provenance.versions()},
    )
