"""Write the verdicts on the papers' claims in three forms."""

from softbench import logs
from softbench.papers import published
from softbench.papers.claims import forms as claims_forms
from softbench.papers.claims import judged as claims
from softbench.papers.comparison import blocks as paper_blocks

with logs.job(snakemake.log[0]):
    tables = {one["published"]: one for one in snakemake.params.tables}
    blocks = {name: paper_blocks.read(published.read(name), one) for name, one in tables.items()}
    judged = claims.build(blocks)
    for path in snakemake.output:
        claims_forms.write(judged, path)
