"""The errors that a user can mend."""

VERSION = None  # messages


class InputError(ValueError):
    """Input that cannot be used; the message names it, says what was found and what to do next."""


class DivergedError(RuntimeError):
    """A training run whose loss is no longer finite; the message names the step and the cases of that step."""


class TimeLimitError(RuntimeError):
    """A job that would outlive its time limit; what it has done is saved, and its next attempt goes on from there."""
