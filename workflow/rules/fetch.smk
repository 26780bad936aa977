"""The target `fetch`. Reads nothing itself; asks for the manifest of every source that `run:` needs."""


rule fetch:
    """Fetch what `run:` needs; `--keep-going` goes on with the others where a person must act."""
    input:
        wanted_sources,
    localrule: True
