"""Prepare the cases of a dataset, from the files of its source or from a phantom's seed."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.datasets.fetch import fetch
    from softbench.datasets.prepare import prepare
    from softbench.jobs import provenance
    from softbench.plan.code import record

    watch = provenance.Watch()
    source, output = snakemake.params.source, Path(snakemake.output.manifest).parent
    folder = snakemake.config["folders"].get(source)
    manifest = next(iter(snakemake.input), None)
    raw = fetch.location(Path(manifest).parent, folder) if manifest else None
    if raw is not None:
        fetch.require_unchanged(Path(manifest).parent, folder, log)
    record.note("prepare", job=snakemake, source=source)
    cases = prepare.run(
        source,
        raw,
        output,
        settings=snakemake.params.settings,
        versions=snakemake.params.version,
        workers=snakemake.threads,
        log=log,
    )
    watch.write(output / "provenance.json", source=source, raw=str(raw), **provenance.code_of(cases))
