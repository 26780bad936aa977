"""What raters are called where a rater's label maps are not one person's: pseudo-raters, in every printed text.

A source says so by `PSEUDO_RATERS`: annotation k of one object and annotation k of the next are by different people.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

VERSION = None  # words
WORD = re.compile(r"(?<![\w-])([Rr])ater(?=s?\b)(?!s?_)")
Said = TypeVar("Said")


def say_pseudo(text: str) -> str:
    """Return a text that calls each rater a pseudo-rater; keys, such as one_hot_rater_1, stay.

    >>> say_pseudo("Raters' mean, one_hot_rater_1, rater 1 and pseudo-rater 2")
    "Pseudo-raters' mean, one_hot_rater_1, pseudo-rater 1 and pseudo-rater 2"
    """
    return WORD.sub(lambda found: "Pseudo-rater" if found[1] == "R" else "pseudo-rater", text)


def say_pseudo_everywhere(said: Said) -> Said:
    """Return the same with pseudo-raters in all texts within it: of dataclasses, lists, mappings, and cells of tables.

    Keys of mappings and names of columns stay.
    """
    changed: Any = said
    if isinstance(said, str):
        changed = say_pseudo(said)
    elif hasattr(said, "columns"):  # a DataFrame; the plan reads this module and has no need of pandas
        changed = changed.map(say_pseudo_everywhere)
    elif isinstance(said, Mapping):
        changed = {key: say_pseudo_everywhere(value) for key, value in said.items()}
    elif isinstance(said, list | tuple):
        changed = type(said)(map(say_pseudo_everywhere, said))
    elif is_dataclass(said) and not isinstance(said, type):
        parts = {part.name: say_pseudo_everywhere(getattr(said, part.name)) for part in fields(said) if part.init}
        changed = replace(said, **parts)
    return changed
