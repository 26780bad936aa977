"""Ways to damage a file, for tests of what is said of it and of how it is made again."""

from collections.abc import Callable
from pathlib import Path


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def instead(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return a function that deletes a file, and makes something else in its place."""

    def harm(path: Path) -> None:
        path.unlink()
        make(path)

    return harm
