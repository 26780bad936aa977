"""Write the verdicts on the papers' claims in three forms."""

from softbench import logs, published
from softbench.reporting.beside import blocks as paper_blocks
from softbench.reporting.claims import forms as claims_forms
from softbench.reporting.claims import judged as claims

with logs.job(snakemake.log[0]):
    tables = {one["published"]: one for one in snakemake.params.tables}
    blocks = {name: paper_blocks.read(published.read(name), one) for name, one in tables.items()}
    judged = claims.build(blocks)
    for path in snakemake.output:
        claims_forms.write(judged, path)
