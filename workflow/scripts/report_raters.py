"""Write the table, the figures and the paragraph of a study of soft labels against raters."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.rater_study import shown

    shown.write(Path(snakemake.input.manifest).parent, dict(snakemake.params.titles), snakemake.params.note)
