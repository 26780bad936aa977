"""Is the machine as a campaign needs it: packages, torch, device, results folder, clock and worker processes."""

import os
import shutil
import tempfile
import threading
import time
from importlib import metadata
from pathlib import Path

import torch

from softbench.errors import InputError
from softbench.jobs import pieces, progress, provenance
from softbench.jobs.available import available_bytes
from softbench.jobs.progress import gib
from softbench.plan.modules import PACKAGE
from softbench.tools.check.findings import Finding, failed, not_checked, ok, warning

PINS = tuple(PACKAGE.parent.parent / "envs" / name for name in ("requirements.txt", "source-builds.txt"))
SHOWN = 5  # differences that a line names
TEXTS = ("a" * 100_000, "b" * 100_000)
RENAMES = 30
LITTLE, FEW = 10 * 2**30, 100_000  # bytes and files left: below, a campaign on real data soon stops
NONE = 2**30  # bytes: not even the demo
APART_S = 5.0  # seconds that do not matter


def packages(pins: tuple[Path, ...] = PINS) -> Finding:
    """Compare installed packages with the pins; a build tag such as +cpu or +cu130 is no difference."""
    if not all(path.exists() for path in pins):
        return not_checked("packages", "the pins, envs/requirements.txt, are not beside the package.")
    lines = [line.partition("#")[0].strip() for path in pins for line in path.read_text(encoding="utf-8").splitlines()]
    pinned = {name: version for name, equals, version in (line.partition("==") for line in lines) if equals}
    other = [f"{name} {own}, not {pinned[name]}" for name in pinned if (own := _installed(name)) != pinned[name]]
    if not other:
        return ok("packages", f"all {len(pinned)} as pinned in envs/.")
    shown = "; ".join(other[:SHOWN]) + (f"; and {len(other) - SHOWN} more" if len(other) > SHOWN else "")
    return warning("packages", f"{shown}. Numbers may differ from those of the pins: `make setup` installs them.")


def _installed(name: str) -> str:
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return "missing"


def results_folder(folder: Path) -> Finding:
    """Write, rename and count; a folder that is not there yet stands for the one above it."""
    above = existing(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".check.", dir=above) as scratch:
            seen = _seen_while_renaming(Path(scratch) / "file.txt")
    except OSError as error:
        what = f"`{folder}` cannot be written ({error.strerror or error})."
        return failed("results folder", f"{what} Start where you may write, or make `{folder}` a link to such a place.")
    if seen - set(TEXTS):
        what = "a file that a rename replaced was for a moment missing or half there"
        return failed("results folder", f"{what}: use another file system, a kill could leave half a result here.")
    return _room(above)


def existing(folder: Path) -> Path:
    """Return the folder, or the lowest one above it that exists."""
    return next(path for path in [folder.absolute(), *folder.absolute().parents] if path.is_dir())


def _seen_while_renaming(path: Path) -> set[str]:
    """Return all contents that a reader met while a file was replaced again and again; "" where it met none."""
    seen: set[str] = set()
    done = threading.Event()
    pieces.write_text(path, TEXTS[0])

    def read() -> None:
        while not done.is_set():
            try:
                seen.add(path.read_text(encoding="utf-8"))
            except FileNotFoundError:
                seen.add("")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(RENAMES):
            pieces.write_text(path, TEXTS[number % 2])
    finally:
        done.set()
        reader.join()
    return seen | {path.read_text(encoding="utf-8")}


def _room(folder: Path) -> Finding:
    room, files = shutil.disk_usage(folder).free, _files_left(folder)
    text = f"writable, a rename replaces a file at once, {gib(room)} free"
    if room < NONE:
        return failed("results folder", f"{text}: too little even for the demo. Free space.")
    if room < LITTLE or (files is not None and files < FEW):
        why = f"{text}" if room < LITTLE else f"{text}, but room for {files} more files only"
        return warning("results folder", f"{why}: enough for the demo; prepared data of the papers need more.")
    return ok("results folder", f"{text}.")


def _files_left(folder: Path) -> int | None:
    """Return how many files more there may be; None where the file system does not count them."""
    of = os.statvfs(folder)
    return of.f_favail if of.f_files else None


def clock(results: Path, suite: Path = PACKAGE.parent.parent) -> Finding:
    """Compare the clock with the newest file of the suite, and with the time that the file system gives a new one."""
    files = [*(suite / "workflow").rglob("*.py"), *suite.glob("*"), *results.glob("*")]  # all results would be too many
    ahead = max((file.stat().st_mtime for file in files if file.is_file()), default=0.0) - time.time()
    if ahead > APART_S:
        what = f"the newest file here is {ahead:.0f} s in the future: what depends on it would be made at every call"
        return failed("clock", f"{what}. Set the clock, or, where it is right, `touch` the files.")
    apart = _of_new_file(existing(results)) - time.time()
    if abs(apart) > APART_S:
        what = f"a file written now is dated {apart:+.0f} s from this machine's clock"
        return warning("clock", f"{what}: on several machines, results may be made twice. Set the clocks (NTP).")
    return ok("clock", "not before the newest file here, and that of the file system agrees.")


def _of_new_file(folder: Path) -> float:
    path = folder / f".check.{time.time_ns()}"
    path.touch()
    try:
        return path.stat().st_mtime
    finally:
        path.unlink()


def workers() -> Finding:
    """Let two processes each compute a number; they need semaphores, on Linux in /dev/shm, and no room there."""
    try:
        sizes = progress.each(abs, [(-1,), (-2,)], workers=2, what="", log=lambda line: None)
    except (OSError, ImportError, InputError) as error:
        what = f"they cannot be started ({error}). Is /dev/shm mounted and writable, and are processes limited?"
        return failed("worker processes", f"{what} Until then: `--cores 1`.")
    if sizes != [1, 2]:
        return failed("worker processes", f"two of them gave {sizes} for |-1| and |-2|: do not trust this machine.")
    return ok("worker processes", "two were started, gave what they should and ended.")


RIGHT_CUDNN = 91500  # 9.15: fixes bf16 conv3d, pytorch#163539 (silently wrong) and #166122 (slow)
NVIDIA = Path("/dev/nvidiactl")  # there where the driver of a GPU is loaded


def torch_build(device: torch.device) -> Finding:
    """Refuse torch 2.9 and doubt an old cuDNN."""
    return judge(torch.__version__, _cudnn() if device.type == "cuda" else None)


def _cudnn() -> int | None:
    number: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return number


def judge(version: str, cudnn: int | None) -> Finding:
    """Judge a version of torch and of the cuDNN that it will use; None where it will use none."""
    text = f"torch {version}, {'no cuDNN' if cudnn is None else f'cuDNN {readable(cudnn)}'}"
    if version.split(".")[:2] == ["2", "9"]:
        why = "torch 2.9 came with a cuDNN whose bf16 3-D convolutions are slow and, on large crops, silently wrong"
        return failed("torch", f"{text}: {why}. Install the torch of envs/requirements.txt: `make setup`.")
    if cudnn is not None and cudnn < RIGHT_CUDNN:
        why = "before 9.15, bf16 3-D convolutions can be slow or wrong"
        return warning("torch", f"{text}: {why}. The check of convolutions decides; else install a newer one.")
    return ok("torch", f"{text}.")


def readable(cudnn: int) -> str:
    """Return cuDNN's number as people write it: 91002 is 9.10.2, and before version 9, 8902 was 8.9.2."""
    base = 10000 if cudnn >= 90000 else 1000
    return f"{cudnn // base}.{cudnn % base // 100}.{cudnn % 100}"


def hardware(device: torch.device, nvidia: Path = NVIDIA) -> Finding:
    """Name the device, and say where a GPU stays unused or does not compute in bf16."""
    if device.type == "cuda":
        return _gpu(device)
    text = f"cpu: {provenance.processor()}, {len(os.sched_getaffinity(0))} cores, {gib(available_bytes())} free"
    if nvidia.exists() and not torch.cuda.is_available():
        why = "a GPU is there, but torch does not see it" + ("" if torch.version.cuda else ": this is its CPU build")
        return warning("device", f"{text}; {why}. Install the CUDA build, and see that the driver is newer.")
    return ok("device", f"{text}.")


def _gpu(device: torch.device) -> Finding:
    name, memory, capability, in_bf16 = _facts(device)
    nvml = provenance.nvml()
    driver = nvml.driver() if nvml else "unknown"
    cores = len(os.sched_getaffinity(0))
    text = f"{name}, {gib(memory)}, compute capability {capability}, driver {driver}, CUDA {torch.version.cuda}; "
    text += f"{cores} CPU cores, {gib(available_bytes())} free"
    if not in_bf16:
        return warning("device", f"{text}. It does not compute in bf16: training is slower, in fp32.")
    return ok("device", f"{text}.")


def _facts(device: torch.device) -> tuple[str, int, str, bool]:
    """Return name, bytes of memory, compute capability and whether it computes in bf16 itself."""
    of = torch.cuda.get_device_properties(device)
    return of.name, of.total_memory, f"{of.major}.{of.minor}", torch.cuda.is_bf16_supported(False)
