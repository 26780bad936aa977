"""`softbench explain`: its arguments, and what it prints."""

import argparse
import json
from pathlib import Path
from typing import Any

EXAMPLES = """\
examples, in the folder of the suite:
  softbench explain hippocampus/svls/average/dsc
  softbench explain hippocampus svls ece band      in any order; what is the same for all cells may be left out
  softbench explain svls_1/geols/ET/dsc            a paper's table: the printed number, ours, and where ours comes from
  softbench explain hippocampus/svls/dsc --json    the same for programs

It reads config and results/ as they are now and starts nothing. Whether results still are what config asks for
says `snakemake -n results/tables/<table>.csv`.
"""


def add_to(commands: Any) -> None:
    """Add `explain` to the commands of a parser."""
    parser = commands.add_parser(
        "explain",
        help="the chain behind a cell of a table: runs, cases, settings, data and commit",
        description="Print where a number of a table comes from.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("address", nargs="+", help="table/method/structure/metric/region; in one word or in several")
    add("--json", action="store_true", help="print JSON")
    add("--configfile", nargs="+", default=[], metavar="FILE", help="as given to snakemake, merged over config.yaml")
    add("--config", nargs="+", default=[], metavar="KEY=VALUE", help="as given to snakemake")


def run(options: argparse.Namespace) -> None:
    """Print the chain."""
    from softbench.explain import chain, text
    from softbench.plan import folder  # here, so that `softbench --help` need not wait

    plan = folder.read(Path(), options.configfile, options.config)
    found = chain.trace(plan, options.address)
    print(json.dumps(found, indent=1, ensure_ascii=False) if options.json else text.render(found))
