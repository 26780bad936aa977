"""What a document tells its reader to type: commands in their order, and files whose text it gives.

In a fenced block of the language `sh`, or of none, each line is a command; a block of `console` shows commands after
`$` and what they print; every other language is no command. A block whose first line is a comment with a path is that
file.
Beside blocks, code in the first column of a table, and code in a sentence, that begins with one of `PROGRAMS`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("make", "snakemake", "softbench", "source", "python", "sbatch")
SHELL = ("", "sh", "bash", "shell")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w./-]+\.(?:py|smk|yaml|csv|R|sh))\b[^\n]*\n")
CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Step:
    """One thing that a reader does.

    Attributes:
        document: its name, e.g. README.md.
        line: where it stands, from 1.
        text: the command, its comment taken off; or the text of the file.
        kind: block | table | sentence | file.
        path: of the file, "" for a command.
    """

    document: str
    line: int
    text: str
    kind: str
    path: str = ""


def steps(path: Path) -> list[Step]:
    """Return what a document tells its reader to do, in order."""
    text = path.read_text(encoding="utf-8")
    found = [step for match in FENCE.finditer(text) for step in _of_block(path.name, text, match)]
    rest = FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    found += [step for number, line in enumerate(rest.splitlines(), 1) for step in _of_line(path.name, number, line)]
    return sorted(found, key=lambda step: step.line)


def _of_block(document: str, text: str, match: re.Match) -> list[Step]:
    language, body = match[1], match[2]
    line = text[: match.start()].count("\n") + 2
    file = FILE.match(body)
    if file:
        return [Step(document, line, body[file.end() :], "file", file[1])]
    if language not in (*SHELL, "console"):
        return []
    shown = language == "console" or re.search(r"^\$ ", body, re.MULTILINE)
    whole = re.sub(r"\\\n\s*", lambda broken: "\0" * broken[0].count("\n"), body)  # a command over several lines is one
    commands, number = [], line
    for one in whole.splitlines():
        command = _bare(one.replace("\0", ""))
        if shown:
            command = command.removeprefix("$ ") if command.startswith("$ ") else ""
        if command:
            commands.append(Step(document, number, command, "block"))
        number += 1 + one.count("\0")
    return commands


def _of_line(document: str, number: int, line: str) -> list[Step]:
    """Return the commands of a line of prose, or of a row's first cell."""
    row = line.startswith("|")
    within = re.split(r"(?<!\\)\|", line)[1] if row else line
    kind = "table" if row else "sentence"
    return [Step(document, number, _bare(code), kind) for code in CODE.findall(within) if _is_command(code)]


def _is_command(code: str) -> bool:
    """Return whether code in a sentence is one to type: `make demo`, but not the word `softbench` or a placeholder."""
    first, _, rest = code.removeprefix(".venv/bin/").partition(" ")
    return first in PROGRAMS and bool(rest) and not re.search(r"…|[<>]|COMMAND|\.\.\.", rest)


def _bare(line: str) -> str:
    """Take the comment and the spaces off a command; a # within quotes begins none."""
    for mark in re.finditer(r"(^|\s)#\s", line):
        before = line[: mark.start()]
        if before.count("'") % 2 == before.count('"') % 2 == 0:
            return before.strip()
    return line.strip()
