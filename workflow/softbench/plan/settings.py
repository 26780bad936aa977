"""The settings in config.yaml, checked against their schema. Imported by the Snakefile, so without torch."""

import re
from typing import Any

import yaml

from softbench.errors import InputError
from softbench.plan.modules import PACKAGE

SCHEMA = PACKAGE.parent / "schemas" / "config.schema.yaml"


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


def check(config: dict[str, Any]) -> None:
    """Raise one InputError that names the first key or value of the config that the schema does not allow."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is not None:
        raise InputError(f"config.yaml: {_explain(error)}")


def _explain(error: Any) -> str:
    """Say what a schema violation means to the person who wrote the line."""
    place = ".".join(map(str, error.absolute_path)) or "top level"
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(allowed))
        return f"unknown key {', '.join(map(repr, unknown))} at {place}; known keys: {', '.join(allowed)}."
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{place} lacks {', '.join(map(repr, missing))}."
    if error.validator == "enum":
        return f"{place} is {error.instance!r}; allowed: {', '.join(map(str, error.validator_value))}."
    meaning = error.schema.get("description", "")
    return f"{place} is {error.instance!r}: {error.message}{f' ({meaning})' if meaning else ''}."
