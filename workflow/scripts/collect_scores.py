"""Put the scores of all runs into one file."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]):
    from softbench.jobs import pieces
    from softbench.tables import assemble

    scores = assemble.read(map(Path, snakemake.input.runs), map(Path, snakemake.input.ensembles)).scores
    pieces.write_file(Path(snakemake.output.scores), lambda part: scores.to_parquet(part, index=False))
