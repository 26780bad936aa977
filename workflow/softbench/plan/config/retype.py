"""Values of the command line, with their types."""

import re
from typing import Any


def retype(value: Any) -> Any:
    """Give values of the command line their types: within `--config 'seeds=[0,1]'` Snakemake leaves texts."""
    if isinstance(value, dict):
        return {key: retype(one) for key, one in value.items()}
    if isinstance(value, list):
        return [retype(one) for one in value]
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", value):
        return float(value) if set(value) & set(".eE") else int(value)
    return {"true": True, "false": False, "null": None}.get(value, value)
