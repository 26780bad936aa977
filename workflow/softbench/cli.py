"""The command `softbench`: what can be had without the workflow."""

import argparse
import os
import sys
from collections.abc import Sequence

from softbench import __version__, costs
from softbench.errors import InputError
from softbench.explain import command as explain
from softbench.forecast import command as forecast
from softbench.machine import command as check
from softbench.own_predictions import command as score
from softbench.plan.code import command as code_command
from softbench.plugin import pack_command, soften_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where the input cannot be used or a check failed, 130 where it was interrupted."""
    options = _parsed(sys.argv[1:] if arguments is None else list(arguments))
    try:
        code: int | None = options.run(options)
        sys.stdout.flush()
    except InputError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped. What is finished is kept; the same command goes on.", file=sys.stderr)
        return 130
    return code or 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """Return the options; what follows `--` is for Snakemake, or the program that a command runs."""
    if arguments[:1] not in (["plan"], ["pack"]) or "--" not in arguments:
        return _parser().parse_args(arguments)
    end = arguments.index("--")
    options = _parser().parse_args(arguments[:end])
    options.passed = arguments[end + 1 :]
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="softbench",
        description="Beside the workflow: scores, checks, costs, plans, soft labels, and where a number comes from.",
        epilog="`softbench COMMAND --help` has examples. The workflow itself is started with `snakemake`.",
    )
    parser.add_argument("--version", action="version", version=f"softbench {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    score.add_to(commands)
    check.add_to(commands)
    costs.add_to(commands)
    explain.add_to(commands)
    code_command.add_to(commands)
    forecast.add_to(commands)
    soften_command.add_to(commands)
    pack_command.add_to(commands)
    return parser
