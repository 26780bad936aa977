"""Write a paper's table with our numbers beside its own, in four forms."""

from softbench import logs
from softbench.papers import published
from softbench.papers.comparison import blocks, table
from softbench.papers.comparison.sheet import sheet
from softbench.tables import forms

with logs.job(snakemake.log[0]):
    settings = snakemake.params.table
    printed = published.read(settings["published"])
    said = {name: settings[name] for name in ("titles", "policy", "notes", "is_rehearsal")}
    found = sheet(table.build(printed, blocks.read(printed, settings), **said))
    for path in snakemake.output:
        forms.write(found, path)
