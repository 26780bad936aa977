"""The verbs of the command `softbench`: one module a verb, or one folder; `command` says what they share."""

VERSION = None  # a headline alone
