"""Turns the formulas of a page into MathML, which browsers draw by themselves: no script, no font, no request."""

import html
import re

from latex2mathml.converter import convert

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(html: str, **_: object) -> str:
    """Return a page with its formulas replaced; called by MkDocs."""
    return FORMULA.sub(drawn, html)


def drawn(match: re.Match) -> str:
    """Return a formula as MathML, in a box of its own that scrolls where it stands alone."""
    block = match[2] == "["
    formula = convert(html.unescape(match[3]).strip(), display="block" if block else "inline")
    return f'<div class="formula">{formula}</div>' if block else formula
