"""Choose one of the settings that a method tries, by its validation cases."""

from pathlib import Path

from softbench.jobs import logs

with logs.job(snakemake.log[0]) as log:
    from softbench.jobs import pieces, storage
    from softbench.training import choice

    asked, criterion = snakemake.params.settings, snakemake.params.settings["criterion"]
    tried = [
        choice.read(key, setting, storage.read_json(Path(path))["seeds"], criterion)
        for (key, setting), path in zip(asked["tried"].items(), snakemake.input.tried, strict=True)
    ]
    record = choice.record(tried, criterion, asked["seeds"])
    log(f"{snakemake.wildcards.method}: {record['chosen'] or 'no setting'} chosen by {criterion}")
    pieces.write_json(Path(snakemake.output.choice), record)
