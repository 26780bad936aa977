"""Write the table, the figure and the paragraph of the panels of simulated raters."""

from pathlib import Path

from softbench.jobs import logs
from softbench.rater_study.laboratory import written

with logs.job(snakemake.log[0]):
    written.write(Path(snakemake.input.manifest).parent, dict(snakemake.params.titles))
