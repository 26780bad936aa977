"""`softbench explain`: print which runs, cases, settings and data stand behind a cell of a table."""

import argparse
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.plan.plan import Plan
from softbench.tools.command import Command, add_config, add_json, print_json
from softbench.tools.explain import chain, made_with

EXAMPLES = """\
examples, in the folder of the suite:
  softbench explain hippocampus/svls/average/dsc
  softbench explain hippocampus svls ece band      in any order; what is the same for all cells may be left out
  softbench explain svls_1/geols/ET/dsc            a paper's table: the printed number, ours, and where ours comes from
  softbench explain grid_field_hippocampus/one_hot/temperature/ece/band    calibrated and decoded after training
  softbench explain hippocampus/svls/dsc --json    the same for programs
  softbench explain results/runs/hippocampus/unet/svls/seed-0    what is recorded of a run, a data set, a soft label
  softbench explain hippocampus/svls/dsc --write-sources found   also write what no commit holds: own, changed files

It reads config and results/ as they are now and starts nothing. Whether results still are what config asks for
says `snakemake -n results/tables/<table>.csv`.
"""
WIDTH, INDENT = 120, 22  # of a line, and of the names at its left
MANY = 12  # changed files shown
HASH, SHOWN = re.compile("[0-9a-f]{64}"), 12  # digits shown of a hash; --json has them all
TITLES = {
    "code": "Code, as it was when this was made",
    "method": "Method, as config has it now",
    "cases": "Cases, mean over runs",
    "commands": "Make it again",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    text = "table/method/structure/metric/region, in one word or in several; or a folder of results"
    parser.add_argument("address", nargs="+", help=text)
    text = "write the files that no commit holds as they decided it into a new folder"
    parser.add_argument("--write-sources", type=Path, metavar="FOLDER", help=text)
    add_json(parser)
    add_config(parser)


def run(options: argparse.Namespace) -> None:
    """Print the chain behind a cell, or what is recorded of a file or folder of results; write its sources."""
    if made_with.is_place(options.address):
        found = made_with.records(Path(options.address[0]))
        told = {path.name: made_with.of_record(path) for path in found}
        print_json(told) if options.json else print(_of_place(told))
        _write_sources(found, options)
        return
    plan = Plan.read(Path(), options.configfile, options.config)
    traced = chain.trace(plan, options.address)
    traced["commands"] = {name: command + given(options) for name, command in traced["commands"].items()}
    print_json(traced) if options.json else print(render(traced))
    _write_sources(made_with.behind(traced), options)


def given(options: argparse.Namespace) -> str:
    """Return `--configfile` and `--config` as they were given, to stand behind a command; "" where there are none."""
    files = ["--configfile", *map(str, options.configfile)] if options.configfile else []
    values = ["--config", *options.config] if options.config else []
    return " " + shlex.join([*files, *values]) if files or values else ""


def _write_sources(found: Sequence[Path], options: argparse.Namespace) -> None:
    if options.write_sources:
        for line in made_with.write(found, options.write_sources):
            print(line, file=sys.stderr)


def _of_place(told: Mapping[str, Any]) -> str:
    return "\n\n".join("\n".join([name, *_lines(part)]) for name, part in told.items())


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
    if name == "changed_files" and isinstance(value, list):
        more = [f"… {len(value) - MANY} more, see --json"] if len(value) > MANY else []
        lines = [f"{len(value)} that no commit holds like this:", *value[:MANY], *more]
        return _with_heads(name, lines)
    said = _said(value)
    lines = [said] if isinstance(value, str) else textwrap.wrap(said, WIDTH - INDENT, break_on_hyphens=False)
    return _with_heads(name, lines)


def _with_heads(name: str, lines: Sequence[str]) -> list[str]:
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
