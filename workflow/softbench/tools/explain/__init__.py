"""`softbench explain`: print which runs, cases, settings and data stand behind a cell of a table."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
WIDTH = 24  # of the names at the left
HASH = 12  # digits shown of a hash; --json has them all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    text = "table/method/structure/metric/region; in one word or in several"
    parser.add_argument("address", nargs="+", help=text)
    add_json(parser)
    add_config(parser)


def run(options: argparse.Namespace) -> None:
    """Print the chain."""
    plan = Plan.read(Path(), options.configfile, options.config)
    found = chain.trace(plan, options.address)
    print_json(found) if options.json else print(render(found))


def render(chain: Mapping[str, Any]) -> str:
    """Return `chain.trace`'s data as chapters: cell, method, data, runs, cases, commands."""
    chapters = [("", _head(chain)), ("Cell", _lines(_without(chain["cell"], "table")))]
    if "method" in chain:
        chapters += [
            ("Method, as config has it now", [_line("experiment", chain["experiment"]), *_method(chain["method"])]),
            ("Data", [*_data(chain)]),
            ("Runs", [*_runs(chain)]),
            ("Cases, mean over runs", [*_cases(chain["cases"])]),
        ]
    else:
        chapters.append(("Ours", [_line("experiment", chain["experiment"]), _line("none", chain["no_number"])]))
    chapters.append(("Make it again", [_line(name, command) for name, command in chain["commands"].items()]))
    return "\n\n".join("\n".join([title, *lines] if title else lines) for title, lines in chapters if lines)


def _head(chain: Mapping[str, Any]) -> list[str]:
    table = chain["table"]
    return [chain["address"], f"  {table['title']}; {table['path']}"]


def _without(content: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


def _lines(content: Mapping[str, Any]) -> list[str]:
    return [_line(name.replace("_", " "), value) for name, value in content.items() if value is not None]


def _method(method: Mapping[str, Any]) -> Iterator[str]:
    for name, value in method.items():
        if not (isinstance(value, Mapping) and "name" in value):
            yield from _lines({name: value})
            continue
        rest = value.get("settings", _without(value, "name", "path", "key"))
        of_recipe = f", recipe {value['recipe']}" if "recipe" in value else ""
        yield _line(name.replace("_", " "), f"{value['name']}{of_recipe}: {_said(rest) or 'no settings'}")
        if "path" in value:
            yield _line("", f"{value['path']}; key {value.get('key', 'unknown: it was not made here')}")


def _line(name: str, value: Any) -> str:
    return f"  {name:<{WIDTH}}{_said(value)}"


def _said(value: Any) -> str:
    """Return a value in words: settings as `name value`, numbers with six digits that count."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(part)}" for name, part in value.items() if part not in (None, "", {}))
    if isinstance(value, list):
        return f"[{', '.join(map(_said, value))}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _data(chain: Mapping[str, Any]) -> Iterator[str]:
    split, source = chain["split"], chain["source"]
    if split["path"] is None:
        yield _line("split", f"{split['name']}, not made yet")
    else:
        yield _line("split", f"{split['name']}: {_said(split['cases'])} cases; {split['path']}")
        yield _line("", f"sha256 {split['sha256']}")
    dataset = chain["dataset"]
    yield _line("data set", f"{dataset['name']}: {dataset['cases']} cases; {dataset['path']}")
    yield _line("", f"key {dataset.get('key', 'unknown: it is not prepared here')}")
    yield _line("", f"settings {_said(dataset.get('settings', {}))}")
    yield _line("source", f"{source['name']}: {source.get('title', 'not here')}")
    yield from (_line("", f"{name} {source[name]}") for name in ("licence", "citation") if name in source)
    if "sha256" in source:
        yield _line("", f"{source['files']} files, sha256 {source['sha256']}; {source['path']}")


def _runs(chain: Mapping[str, Any]) -> Iterator[str]:
    for run in chain["runs"]:
        yield from _run(run)
    yield from _software(chain["runs"])
    if chain["seeds_not_run"]:
        yield _line("not run", f"seeds {', '.join(map(str, chain['seeds_not_run']))}")
    check = chain["check"]
    if not chain["runs"]:
        yield _line("none", "no batch of this method lies in results/runs")
    elif check["agrees"]:
        yield _line("check", f"the mean of these runs, {_said(check['mean_of_the_runs'])}, is the number of the table")
    else:
        mean = _said(check["mean_of_the_runs"])
        yield _line("CHECK", f"the mean of these runs is {mean}, not the number of the table. Make the table again.")


def _run(run: Mapping[str, Any]) -> Iterator[str]:
    name = "ensemble" if run["seed"] is None else f"seed {run['seed']}"
    if run["status"] != "done":
        yield _line(name, f"{run['status']}: {run.get('reason', 'no reason is recorded')}")
        return
    value = f"{_said(run['value'])}, mean over {run['defined_cases']} cases" if "value" in run else "no such score"
    of_seeds = f", of the seeds {_said(run['seeds'])}" if "seeds" in run else ""
    scale = f", temperature {_said(run['temperature'])}" if "temperature" in run else ""
    yield _line(name, value + of_seeds + scale)
    hashes = [f"{key} {str(run[key])[:HASH]}" for key in ("weights", "scores", "key") if run.get(key)]
    yield _line("", "; ".join(hashes))
    yield from _circumstances(run)
    yield _line("", run["path"])


def _circumstances(run: Mapping[str, Any]) -> Iterator[str]:
    if "began" not in run:
        return
    on = run["device"] if run["device"] != "cpu" else run.get("processor", "cpu")
    threads = f", {run['threads']} thread{'s' if run['threads'] > 1 else ''}" if "threads" in run else ""
    steps = f" for {run['steps']} steps" if "steps" in run else ""
    taken = f"{_said(run['seconds'])} s ({_said(run['cpu_seconds'])} CPU-s){steps}"
    yield _line("", f"{run['began']} on {run['host']}, {on}{threads}; {taken}; {_said(run['peak_memory_mib'])} MiB")


def _software(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Give commit and versions, once for all runs that have the same."""
    of_seeds: dict[str, list[str]] = {}
    for run in runs:
        if "commit" in run:
            text = f"commit {run['commit']}; {_said(run['versions'])}"
            of_seeds.setdefault(text, []).append(str(run["seed"]))
    for text, seeds in of_seeds.items():
        yield _line("made by" if len(of_seeds) == 1 else f"seeds {', '.join(seeds)} by", text)


def _cases(cases: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterable[str]:
    for end, of_end in cases.items():
        yield _line(end, ", ".join(f"{case['case']} {_said(case['value'])}" for case in of_end))


COMMAND = Command(
    description="Print where a number of a table comes from.",
    notes=EXAMPLES,
    add_arguments=add_arguments,
    run=run,
)
