"""Your own soft label: made from a template, checked before any job, in Python or in any other language."""

VERSION = None  # names alone
