"""Download and check the files of a source, or check the folder that config names."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets.fetch.fetch import fetch
    from softbench.plan.code import record

    source = snakemake.params.source
    checksums = Path("workflow", "checksums", f"{source}.csv")
    fetch(
        source,
        Path(snakemake.output.manifest).parent,
        folder=snakemake.config["folders"].get(source),
        mirror=snakemake.config["mirror"],
        committed=checksums,
        labels_alone=snakemake.params.get("labels_alone", False),
        log=log,
    )
    record.beside(Path(snakemake.output.manifest), "fetch", job=snakemake, files=[checksums], source=source)
