"""Write one page of tables and figures."""

from pathlib import Path

from softbench import logs, provenance
from softbench.reporting import page, reliability

with logs.job(snakemake.log[0]):
    parts = zip(snakemake.params.titles, snakemake.input.tables, snakemake.input.figures, strict=True)
    sections = [
        {"title": title, "html": Path(table).read_text(), "figures": [figure], "caption": reliability.CAPTION}
        for title, table, figure in parts
    ]
    about = {"commit": provenance.commit(), **provenance.versions()}
    page.write(snakemake.output.page, title="SoftLabelBench", sections=sections, provenance=about)
