"""Draw the soft labels of a table on one slice of the first case that has every class, or else of the first."""

from pathlib import Path

from softbench import datasets, logs
from softbench.figures import gallery, pictures
from softbench.soft_labels import open_store

with logs.job(snakemake.log[0]):
    dataset = datasets.open(Path(snakemake.input.data).parent)
    case = dataset.load(gallery.choose_case(dataset.cases))
    stores = [open_store(Path(manifest).parent) for manifest in snakemake.input.soft_labels]
    softs = {title: store.read(case) for title, store in zip(snakemake.params.titles, stores, strict=True)}
    figure = gallery.draw(case, softs, dataset.classes, title=f"Soft labels of {case.id}")
    pictures.save(figure, [snakemake.output.png, snakemake.output.pdf], gallery.CAPTION)
