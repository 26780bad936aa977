"""Gives mkdocstrings the docstrings of this suite in the form that it reads: Google's sections, and Markdown."""

from typing import Any

from griffe import Extension, Object
from make.docstrings import google


class Google(Extension):
    """Rewrites each docstring when a package is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.docstring:
            obj.docstring.value = google(obj.docstring.value)
