"""Makes the wheel and the source archive of the package, for `make dist`: `python envs/distribution.py dist`.

They are made of the commit that is checked out, so that they hold no file of one's own and say which commit they are;
changes that are not committed are not in them. Without a checkout of git they are made of the files that are here.
"""

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import install

ROOT = install.ENVS.parent
TOOLS = ROOT / "build" / "distribution"  # the environment of `build` and twine


def main(output: Path) -> None:
    """Make both files in a folder, check them with twine, and print where they are."""
    python = install.tools(TOOLS, "distribution.txt")
    with source() as folder:
        made = build(python, folder, output)
    install.run([str(python), "-m", "twine", "check", "--strict", *map(str, made)])
    install.say("\n".join(f"{path} ({path.stat().st_size / 1e6:.1f} MB)" for path in made))


@contextmanager
def source() -> Iterator[Path]:
    """Give a folder with the files of the commit; the suite's own folder where git holds none."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "commit.tar")
        command = ["git", "-C", str(ROOT), "archive", "--output", str(archive), "HEAD"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            yield ROOT
            return
        if changed := install.printed(["git", "-C", str(ROOT), "status", "--porcelain"]):
            install.say(f"{len(changed.splitlines())} changed files are not committed, and so not in what is made.")
        with tarfile.open(archive) as tar:
            tar.extractall(Path(folder, "commit"), filter="data")
        yield Path(folder, "commit")


def build(python: Path, folder: Path, output: Path) -> list[Path]:
    """Make the source archive of a folder and the wheel of that archive, in place of older ones; return both."""
    for old in output.glob("softlabelbench-*"):
        old.unlink()
    install.run([str(python), "-m", "build", "--no-isolation", "--outdir", str(output), str(folder)])
    return sorted(output.glob("softlabelbench-*"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
