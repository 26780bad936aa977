"""Write one page of tables and figures."""

from pathlib import Path

from softbench import logs, provenance
from softbench.reporting import gallery, page, reliability

with logs.job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    sections = [
        {"title": title, "html": Path(table).read_text(), "figures": [figure], "caption": reliability.CAPTION}
        for title, table, figure in zip(params.titles, given.tables, given.figures, strict=True)
    ]
    sections += [
        {
            "title": f"Soft labels of: {title}",
            "html": Path(html).read_text(),
            "figures": [figure],
            "caption": gallery.CAPTION,
        }
        for title, html, figure in zip(params.titles, given.quality, given.pictures, strict=True)
    ]
    about = {"commit": provenance.commit(), **provenance.versions()}
    page.write(snakemake.output.page, title="SoftLabelBench", sections=sections, provenance=about)
