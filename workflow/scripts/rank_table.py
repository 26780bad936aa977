"""Write the ranks of one table's methods in three forms, and how far its columns agree."""

from pathlib import Path

from softbench import logs, pieces
from softbench.tables import assemble, evidence, rank_csv, rank_table, rankings

with logs.job(snakemake.log[0]):
    given, output = snakemake.input, snakemake.output
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles))
    shown = evidence.of(runs, snakemake.params.table)
    found = rankings.rankings(shown)
    for path in (output.csv, output.md, output.html):
        rank_table.write(shown, found, Path(path))
    pieces.write_text(Path(output.agreement), rank_csv.agreement_csv(shown, found))
