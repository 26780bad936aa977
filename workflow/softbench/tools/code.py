"""`softbench code`: list modules that changed since results were made; keep these results, or raise the VERSION."""

import argparse
from pathlib import Path

from softbench.plan.code import record
from softbench.plan.code.graph import Code
from softbench.tools.command import Command

NOTES = """\
  softbench code         says it, as every run of snakemake does when it begins
  softbench code raise   raises the VERSION of each of these modules; snakemake then makes anew what they decide
  softbench code keep    notes that these changes move no number; nothing is made anew, and nothing said again
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("what", nargs="?", choices=("show", "raise", "keep"), default="show", metavar="raise | keep")


def run(options: argparse.Namespace) -> None:
    """Show, raise or keep, for the results of this folder."""
    results, code = Path("results"), Code(record.WORKFLOW, record.CACHE)
    if options.what == "show":
        told = record.lines(results, code)
        print("\n".join(told) if told else "All results that say which code made them were made by the present code.")
        return
    done = {"raise": record.raise_versions, "keep": record.keep}[options.what](results, code)
    word = {"raise": "VERSION raised", "keep": "kept as it is"}[options.what]
    print("\n".join(f"{word}: {path}" for path in done) if done else "No module changed under results: nothing to do.")


COMMAND = Command(
    description="Say which code changed though its VERSION did not, and which results that touches.",
    notes=NOTES,
    add_arguments=add_arguments,
    run=run,
)
