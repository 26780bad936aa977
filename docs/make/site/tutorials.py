"""Tutorials with what their code prints, run when the site is built.

A tutorial that takes long says in a comment which line makes it short: `<!-- short: SIZE, EPOCHS = "tiny", 3 -->`
stands in for the line that sets the same names.
"""

import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

FOLDER = "docs/tutorials/"
BLOCK = re.compile(r"^```python\n(.*?)^```$\n?", re.MULTILINE | re.DOTALL)
SHORT = re.compile(r"^<!-- short: (.+?) -->$\n?", re.MULTILINE)
SAID = "The output below each block was printed by this code when the site was built{}.\n"
MADE_SHORT = ", with `{}` so that it takes seconds; with the numbers of this page it is another"


def blocks(text: str) -> list[str]:
    """Return the code of a tutorial, block by block, made short where the tutorial says how."""
    return [_short(code, SHORT.findall(text)) for code in BLOCK.findall(text)]


def _short(code: str, lines: list[str]) -> str:
    for line in lines:
        names = line.partition(" = ")[0]
        given = re.escape(names)
        code = "\n".join(line if re.match(f"{given} = ", old) else old for old in code.split("\n"))
    return code


def run(text: str) -> list[str]:
    """Run the code of a tutorial; return what each block printed."""
    given: dict[str, Any] = {"__name__": "tutorial"}
    printed = []
    for code in blocks(text):
        with redirect_stdout(io.StringIO()) as output:
            exec(compile(code, "tutorial", "exec"), given)
        printed.append(output.getvalue())
    return printed


def page(text: str) -> str:
    """Return a tutorial with what its blocks print below them, and a sentence that says so above the first."""
    short = [MADE_SHORT.format(line) for line in SHORT.findall(text)]
    printed = iter(run(text))

    def shown(match: re.Match) -> str:
        output = next(printed)
        return f'{match[0]}\n```text title="Output"\n{output.rstrip()}\n```\n' if output.strip() else match[0]

    body = BLOCK.sub(shown, SHORT.sub("", text))
    first = body.index("\n## ")
    return f"{body[:first]}\n{SAID.format(''.join(short))}{body[first:]}"


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(*run(Path(path).read_text(encoding="utf-8")), sep="")
