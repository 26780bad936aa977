"""`softbench explain`: print which runs, cases, settings and data stand behind a cell of a table."""

import argparse
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.plan.plan import Plan
from softbench.tools.command import Command, add_config, add_json, print_json
from softbench.tools.explain import chain

EXAMPLES = """\
examples, in the folder of the suite:
  softbench explain hippocampus/svls/average/dsc
  softbench explain hippocampus svls ece band      in any order; what is the same for all cells may be left out
  softbench explain svls_1/geols/ET/dsc            a paper's table: the printed number, ours, and where ours comes from
  softbench explain hippocampus/svls/dsc --json    the same for programs

It reads config and results/ as they are now and starts nothing. Whether results still are what config asks for
says `snakemake -n results/tables/<table>.csv`.
"""
WIDTH, INDENT = 120, 22  # of a line, and of the names at its left
HASH, SHOWN = re.compile("[0-9a-f]{64}"), 12  # digits shown of a hash; --json has them all
TITLES = {"method": "Method, as config has it now", "cases": "Cases, mean over runs", "commands": "Make it again"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    text = "table/method/structure/metric/region; in one word or in several"
    parser.add_argument("address", nargs="+", help=text)
    add_json(parser)
    add_config(parser)


def run(options: argparse.Namespace) -> None:
    """Print the chain."""
    plan = Plan.read(Path(), options.configfile, options.config)
    traced = chain.trace(plan, options.address)
    print_json(traced) if options.json else print(render(traced))


def render(chain: Mapping[str, Any]) -> str:
    """Return `chain.trace`'s data as text, a chapter for each part of it; what all runs have alike is said once."""
    about = {name: part for name, part in chain.items() if isinstance(part, str) and name != "address"}
    head = [chain["address"], f"  {chain['table']['title']}; {chain['table']['path']}", *_lines(about)]
    chapters = [
        [TITLES.get(name, name.replace("_", " ").capitalize()), *_lines(part)]
        for name, part in chain.items()
        if part and name != "table" and not isinstance(part, str)
    ]
    return "\n\n".join("\n".join(lines) for lines in [head, *chapters])


def _lines(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        yield from (line for name, value in part.items() if value is not None for line in _entry(name, value))
    elif isinstance(part[0], Mapping):
        yield from _runs(part)
    else:
        yield from _entry("", part)


def _runs(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    alike = {name: value for name, value in runs[0].items() if all(run.get(name) == value for run in runs[1:])}
    alike = alike if len(runs) > 1 else {}
    for run in runs:
        first = {name: run[name] for name in ("status", "value") if name in run}
        own = {name: value for name, value in {**first, **run}.items() if name != "seed" and name not in alike}
        yield from _entry("ensemble" if run["seed"] is None else f"seed {run['seed']}", own)
    yield from _entry("all of them", alike) if alike else ()


def _entry(name: str, value: Any) -> list[str]:
    """Return a name and its value in lines; a text, such as a command, stays in one."""
    said = _said(value)
    lines = [said] if isinstance(value, str) else textwrap.wrap(said, WIDTH - INDENT, break_on_hyphens=False)
    heads = [f"  {name.replace('_', ' '):<{INDENT - 2}}", *[" " * INDENT] * len(lines)]
    return [head + line for head, line in zip(heads, lines, strict=False)]


def _said(value: Any) -> str:
    """Return a value in words: settings as `name value`, numbers with six digits that count, hashes cut."""
    if isinstance(value, Mapping):
        there = {name: part for name, part in value.items() if part not in (None, "", {})}
        return ", ".join(
            f"{name} ({_said(part)})" if isinstance(part, Mapping) else f"{name} {_said(part)}"
            for name, part in there.items()
        )
    if isinstance(value, list):
        of_mappings = bool(value) and isinstance(value[0], Mapping)
        return "; ".join(map(_said, value)) if of_mappings else f"[{', '.join(map(_said, value))}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if HASH.fullmatch(str(value)):
        return str(value)[:SHOWN]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


COMMAND = Command(
    description="Print where a number of a table comes from.",
    notes=EXAMPLES,
    add_arguments=add_arguments,
    run=run,
)
