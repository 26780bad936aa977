"""Makes .venv with all pinned packages, for `make setup`: `python envs/install.py .venv`.

uv installs them, itself installed by pip first, since it is faster. Where pip is set in a way that uv
cannot be told, or uv fails, pip installs them. Where this stops in between, the environment holds the file
`unfinished`, and the next call makes it anew.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ENVS = Path(__file__).resolve().parent
RESULTS, SETUP = ENVS.parent / "benchmarks" / "results", "make setup, time on the clock"  # a row of demo.py
PINS = ("build.txt", "requirements.txt", "development.txt", "source-builds.txt")
# GeodisTK's C++ uses a name that numpy 2 dropped.
SOURCE_BUILD = {name: "-DNPY_IN_ARRAY=NPY_ARRAY_IN_ARRAY" for name in ("CFLAGS", "CXXFLAGS")}
# Shows that the environment works; compiles and writes as byte code what the first run would wait for.
FIRST_USES = (
    "from softbench.tools import compiled; compiled.main()",
    "import GeodisTK, medpy.metric, netcal.metrics, torch.utils.data, monai.networks.nets, monai.transforms",
    "import snakemake.cli, numba, pandas, pyarrow.parquet, matplotlib.pyplot, seaborn, skimage.segmentation, nibabel",
)
# uv reads neither the settings nor the variables of pip; each of these is handed on.
TO_UV = {
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "constraint": "UV_CONSTRAINT",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "no-cache-dir": "UV_NO_CACHE",
}
# Settings of pip that uv does not need.
WITHOUT_MEANING = {
    "break-system-packages", "cache-dir", "default-timeout", "disable-pip-version-check", "no-color", "no-input",
    "no-warn-script-location", "prefer-binary", "progress-bar", "quiet", "require-virtualenv", "retries",
    "root-user-action", "timeout", "upgrade", "user", "verbose",
}  # fmt: skip


def main(venv: Path) -> None:
    """Make or update the environment; stops with a message where a step fails."""
    began = time.monotonic()
    if not shutil.which("c++"):
        sys.exit("A C++ compiler is needed to build GeodisTK (Debian: apt-get install g++).")
    say(
        f"Installing the packages of envs/*.txt into {venv}{measured()}. The download (torch is most of it: 0.2 GB for "
        "CPUs, 3 GB with CUDA) is kept for a next time."
    )
    unfinished = venv / "unfinished"
    anew = ["--clear"] if unfinished.exists() else []
    run([sys.executable, "-m", "venv", *anew, str(venv)])
    unfinished.write_text("`make setup` has not finished here. It makes this environment anew.\n")
    (venv / "ready").unlink(missing_ok=True)
    install(venv / "bin" / "python")
    run_together([[str(venv / "bin" / "python"), "-c", code] for code in FIRST_USES])
    unfinished.unlink()
    (venv / "ready").touch()
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def measured(results: Path = RESULTS) -> str:
    """Return how long this took where it was measured last, for the first line; nothing where no benchmark has it."""
    machines = [json.loads(file.read_text(encoding="utf-8")) for file in results.glob("*.json")]
    took = [(row["date"], row["ours"], machine["machine"]) for machine in machines for row in machine["rows"]
            if row["what"] == SETUP]  # fmt: skip
    if not took:
        return ""
    _, seconds, machine = max(took, key=lambda one: one[0])
    return f": {seconds:.0f} s on {machine['processor']}, {machine['cores']} cores"


def install(python: Path) -> None:
    """Install all pins and the suite itself, with uv if it can be, else with pip."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    source = ["--no-build-isolation", "--no-deps"]
    settings = uv_settings(printed([str(python), "-m", "pip", "config", "list"]))
    if isinstance(settings, str):
        say(f"With pip, which takes longer, for its setting `{settings}` has no counterpart in uv.")
    else:
        uv = [str(python.parent / "uv"), "pip", "install", "--quiet", "--no-build-isolation", "--python", str(python)]
        steps = ([*pip, *files(["build.txt", "uv.txt"])], [*uv, *files(PINS), "--editable", str(ENVS.parent)])
        if all(run(step, settings, may_fail=True) for step in steps):
            return
        say("uv failed: see the message above. Now pip tries, which takes longer.")
    run([*pip, *files(["build.txt"])])
    run([*pip, *files(["requirements.txt", "development.txt"])])
    run([*pip, *source, *files(["source-builds.txt"])])
    run([*pip, *source, "--editable", str(ENVS.parent)])


def uv_settings(pip_config: str) -> dict[str, str] | str:
    """Return variables for uv that say what `pip config list` says, or the name of the first setting that it lacks.

    pip takes the best version that any index has; so does uv then. All pins are exact.
    """
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for line in reversed(pip_config.splitlines()):  # variables are listed first, and go before files
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section not in (":env:", "global", "install") or name in WITHOUT_MEANING:
            continue
        if name not in TO_UV:
            return name
        places = value.strip("'\"").replace("\\n", " ").split()
        found[TO_UV[name]] = ("," if name == "find-links" else " ").join(places)
    return found


def tools(folder: Path, pins: str) -> Path:
    """Return the Python of an environment with the packages of a file of pins, made where it is not there."""
    python = folder / "bin" / "python"
    run([sys.executable, "-m", "venv", str(folder)])
    run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *files([pins])])
    return python


def files(names: Iterable[str]) -> list[str]:
    """Return the arguments for files of pins."""
    return [word for name in names for word in ("-r", str(ENVS / name))]


def run(command: list[str], settings: dict[str, str] | None = None, *, may_fail: bool = False) -> bool:
    """Run a command; return whether it succeeded.

    Raises: SystemExit: if it fails and may not, after its output.
    """
    succeeded = subprocess.run(command, env=environment(settings), check=False).returncode == 0
    if not (succeeded or may_fail):
        sys.exit(f"This step failed; its message is above: {' '.join(command)}\nThen give the same command again.")
    return succeeded


def run_together(commands: list[list[str]]) -> None:
    """Run commands side by side.

    Raises: SystemExit: if one fails, after its output.
    """
    running = [subprocess.Popen(command, env=environment()) for command in commands]
    for command, process in zip(commands, running, strict=True):
        if process.wait():
            sys.exit(f"What was installed does not work; the message is above: {' '.join(command)}")


def environment(settings: dict[str, str] | None = None) -> dict[str, str]:
    """Return the variables for a command: those here, more settings, and what source builds need."""
    variables = {**os.environ, **(settings or {})}
    variables |= {name: f"{os.environ.get(name, '')} {flag}".strip() for name, flag in SOURCE_BUILD.items()}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # byte code saves five seconds at each start of Snakemake
    return variables


def printed(command: list[str]) -> str:
    """Return what a command prints; empty where it fails."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
