"""Why there is no number: each reason stands once under a table, and its letter in the cells."""

from collections.abc import Iterator
from string import ascii_lowercase

from softbench.statistics.intervals import MARK


class Reasons:
    """The reasons that cells of one table gave, in the order in which they came."""

    def __init__(self) -> None:
        """Start without any."""
        self._letters: dict[str, str] = {}

    def mark(self, text: str, reason: str) -> str:
        """Return the text with the letter of its reason."""
        number = len(self._letters)
        letter = self._letters.setdefault(reason, ascii_lowercase[number] if number < 26 else str(number + 1))
        return f"{text} ({letter})"

    def mark_invalid(self, reason: str) -> str:
        """Return the mark "no valid CI" with the letter of what follows it in the reason."""
        return self.mark(MARK, reason.removeprefix(f"{MARK}: "))

    @property
    def letters(self) -> list[str]:
        """The letters so far, as they stand in cells."""
        return [f"({letter})" for letter in self._letters.values()]

    def lines(self) -> Iterator[str]:
        """Give a line for each reason, its letter first."""
        for reason, letter in self._letters.items():
            yield f"({letter}) {reason}."
