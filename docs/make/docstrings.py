"""Docstrings as Markdown, and in the form that mkdocstrings reads. Needs nothing but Python."""

import re

MATH = re.compile(r"^\.\. math:: (.+(?:\n +.+)*)", re.MULTILINE)
RST_TABLE = re.compile(r"^=+ [= ]+\n(?:.+\n)+?=+ [= ]+\n(?:.+\n)+?=+ [= ]+$", re.MULTILINE)
ONE_LINE = re.compile(r"^(Returns|Raises): (.+(?:\n(?:    .*|(?=\n    )))*)", re.MULTILINE)
SOURCE = re.compile(r"^(Source|Departures): ", re.MULTILINE)


def markup(text: str) -> str:
    r"""Return a docstring's formulas between dollars, and its tables as blocks of text.

    >>> markup(".. math:: a +\n    b\n\nwith :math:`a` above 0")
    '$$a + b$$\n\nwith $a$ above 0'
    """
    text = MATH.sub(lambda match: f"$${' '.join(match[1].split())}$$", text)
    text = re.sub(r":math:`([^`]+)`", r"$\1$", text)
    return RST_TABLE.sub(lambda match: f"```text\n{match[0]}\n```", text)


def equations(text: str) -> list[str]:
    """Return the formulas of a docstring that stand by themselves."""
    return [" ".join(match[1].split()) for match in MATH.finditer(text)]


def google(text: str) -> str:
    """Return a docstring with `Returns: …` in two lines, examples in a section, and sources as paragraphs."""
    prose, _, example = text.partition("\n>>>")
    if text.startswith(">>>"):
        prose, example = "", text[3:]
    prose = SOURCE.sub(lambda match: f"\n**{match[1]}.** ", markup(prose))
    prose = ONE_LINE.sub(lambda match: f"\n{match[1]}:\n    {match[2]}", prose)
    if not example:
        return prose
    lines = f">>>{example}".splitlines()
    return "\n".join([prose, "", "Examples:", *(f"    {line}" if line else "" for line in lines)])
