"""Write a paper's table with our numbers beside its own, in four forms."""

from softbench import logs
from softbench.papers import published
from softbench.papers.comparison import blocks as paper_blocks
from softbench.papers.comparison import formats as beside_formats
from softbench.papers.comparison import table as beside

with logs.job(snakemake.log[0]):
    settings = snakemake.params.table
    printed = published.read(settings["published"])
    blocks = paper_blocks.read(printed, settings)
    said = {"titles": settings["titles"], "policy": settings["policy"], "notes": settings["notes"]}
    table = beside.build(printed, blocks, **said)
    for path in snakemake.output:
        beside_formats.write(table, path)
