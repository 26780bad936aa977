"""Write all that statistics can say of the differences of one table, in three forms."""

from pathlib import Path

from softbench import logs
from softbench.datasets import splits
from softbench.tables import assemble, evidence, evidence_forms, findings

with logs.job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles))
    shown = evidence.of(runs, params.table)
    patients = evidence.patients_of(splits.read(given.split))
    found = findings.findings(shown, margins=params.margins, groups=patients)
    for path in map(Path, snakemake.output):
        evidence_forms.write(shown, found, path, margins=params.margins)
