"""Heads over columns of one group."""

from collections.abc import Iterable
from html import escape
from itertools import groupby

from softbench.tables.sheet import Head


def groups(columns: Iterable[Head]) -> str:
    """Return the heads over columns of one group."""
    runs = [(name, len(list(members))) for name, members in groupby(head.group for head in columns)]
    return "".join(f'<th scope="colgroup" colspan="{width}" class="group">{escape(name)}</th>' for name, width in runs)
