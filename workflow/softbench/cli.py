"""The command `softbench`: its verbs, and what becomes of their errors."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from softbench import __version__
from softbench.errors import InputError, in_words
from softbench.extras import explained
from softbench.jobs import bytecode
from softbench.tools.command import Command

VERBS = {
    "score": "score the predictions of any tool: NIfTI or npz in; tables, reliability diagrams and a page out",
    "check": "say whether this machine is fit to train, a soft label is, or each source of data can be reached",
    "costs": "time, memory and energy of trained methods, a line each",
    "explain": "the chain behind a cell of a table: runs, cases, settings, data and commit",
    "code": "say which code changed though its VERSION did not, and which results that touches",
    "plan": "jobs, runs, CPU- or GPU-hours, memory, disk and downloads of a target, before launch",
    "soften": "turn one label map (NIfTI) into a soft label, and say how soft it is",
    "export": "write the cases of a prepared dataset as NIfTI, for a program in any language",
    "nnunet": "soft labels in nnU-Net: targets and trainers for its own training",
    "pack": "check the probabilities that a program writes, and store them as a soft label",
    "new": "write the first files of an own data set, network or method",
}  # each is a module of `tools`, which is imported when it is typed
ALONE = ("nnunet", "score", "soften")  # work with the package alone; the others need rules and config of a checkout
PACKAGE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where the input cannot be used or a check failed, 130 where it was interrupted."""
    bytecode.keep()
    try:
        options = _parsed(sys.argv[1:] if arguments is None else list(arguments))
        code: int | None = options.run(options)
        sys.stdout.flush()
    except InputError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        said = explained(error, "this command")
        if said is error:
            raise
        print(f"ERROR: {said}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped. What is finished is kept; the same command goes on.", file=sys.stderr)
        return 130
    return code or 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """Return the options; what follows `--` is for Snakemake, or the program that a verb runs."""
    verb = _verb(arguments[0]) if arguments and arguments[0] in VERBS else None
    end = arguments.index("--") if verb and verb.takes_program and "--" in arguments else len(arguments)
    options = _parser(verb, arguments[:1]).parse_args(arguments[:end])
    if end < len(arguments):
        options.passed = arguments[end + 1 :]
    return options


def _verb(name: str) -> Command:
    if name not in ALONE and not (PACKAGE.parent / "plan.smk").is_file():
        raise InputError(
            f"`softbench {name}` reads the rules and config of a checkout of the suite, but this is the package alone "
            f"({PACKAGE}), with which {in_words(ALONE)} work. Clone the repository, and there `make setup`."
        )
    command: Command = importlib.import_module(f"softbench.tools.{name}").COMMAND
    return command


def _parser(verb: Command | None, typed: list[str]) -> argparse.ArgumentParser:
    """Return the parser, with the options of the verb that was typed alone."""
    parser = argparse.ArgumentParser(
        prog="softbench",
        description="Beside the workflow: scores, checks, costs, plans, soft labels, and where a number comes from.",
        epilog="`softbench COMMAND --help` has examples. The workflow itself is started with `snakemake`.",
    )
    parser.add_argument("--version", action="version", version=f"softbench {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, text in VERBS.items():
        of_verb = commands.add_parser(name, help=text)
        if verb and [name] == typed:
            verb.fill(of_verb)
    return parser
