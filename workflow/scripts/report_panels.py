"""Write the table, the figure and the paragraph of the panels of simulated raters."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.rater_study.laboratory import written

    written.write(Path(snakemake.input.manifest).parent, dict(snakemake.params.titles))
