"""Write how far soft labels are from the truth beside the calibration of networks, in three forms."""

from pathlib import Path

from softbench import logs
from softbench.tables import assemble, truth, truth_forms

with logs.job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    runs = assemble.read(map(Path, given.runs), map(Path, given.ensembles))
    folders = [Path(manifest).parent for manifest in given.soft_labels]
    found = truth.build(runs, params.table, params.rows, {folder.name: folder for folder in folders})
    for path in snakemake.output:
        truth_forms.write(found, Path(path))
