"""`softbench check`: print whether this machine or a soft label is fit to train with, or the data can be fetched."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.tools.check.findings import Finding
from softbench.tools.command import Command, require_at_least

RESULTS = Path("results")
CROP = (128, 192, 192)  # voxels, D H W: the largest of the papers, SVLS and GeoLS on BraTS
NOTES = """\
One line a check: ok, warning, failed or not checked. Exit code 1 if one failed. Run it in the folder of the suite, on
the machine (on a cluster: in a job on the node) that will train.

With a name, it checks a soft label of your own instead, in seconds and before any job: the rule, then the contracts of
its module or, where it has none, what the rule's program writes for small phantoms.
  softbench check mine

With --sources, it asks the servers of the data sets instead: whether each address answers, with which size and, where
the server tells one, which checksum; and tells login pages, web pages and Git LFS pointers from files. Nothing is
downloaded (HEAD; the first 512 bytes where a server refuses that, or sends a page). `mirror` in config.yaml is asked
where it is set; proxies of the environment (https_proxy) are used. Run it where there is internet, before a fetch.
  softbench check --sources
  softbench check --sources hippocampus kits2023

The last check of a machine tries a step of the largest crop (on a CPU it is estimated); state yours:
  softbench check --network compact_unet --crop 32 48 32 --channels 1 --classes 3 --batch 2
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add = parser.add_argument
    text = "of a soft label's rule file in workflow/rules/soft_labels; without it the machine is checked"
    add("name", nargs="?", metavar="NAME", help=text)
    text = "ask the servers of these sources or datasets; without a name, of all"
    add("--sources", nargs="*", metavar="NAME", help=text)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: a GPU where there is one")
    text = "a key of `networks` in config; default: unet3d"
    add("--network", default="unet3d", metavar="NAME", help=text)
    text = "D H W or H W, voxels; default: 128 192 192"
    add("--crop", type=int, nargs="+", default=CROP, metavar="N", help=text)
    add("--channels", type=int, default=4, metavar="M", help="of the images; default: 4")
    add("--classes", type=int, default=4, metavar="C", help="with background; default: 4")
    add("--batch", type=int, default=4, metavar="B", help="images in a step; default: 4")


def run(options: argparse.Namespace) -> int:
    """Run all checks, print each finding as it is made, and return 1 if one failed."""
    if options.sources is not None:
        return _of_sources(options)
    if options.name:
        from softbench.tools.check import recipe  # here, for it reads the contracts

        made = recipe.findings(options.name)
    else:
        made = _of_machine(options)
    verdicts = _print(made)
    print(_summary(verdicts))
    return int("failed" in verdicts)


def _print(made: Iterable[Finding]) -> list[str]:
    """Print each finding as it is made, and return the verdicts."""
    verdicts: list[str] = []
    for finding in made:
        print(finding, flush=True)
        verdicts.append(finding.verdict)
    return verdicts


def _of_sources(options: argparse.Namespace) -> int:
    """Ask the servers of the data sets; return 1 if an address is wrong."""
    from softbench.plan.config import read
    from softbench.tools.check import sources  # here, so that --help needs neither

    if options.name:
        raise InputError(f"check a soft label or --sources, not both: softbench check --sources {options.name}")
    folder = config_folder()
    verdicts = _print(sources.findings(options.sources, read(folder).values, folder))
    bad, warned = verdicts.count("failed"), verdicts.count("warning")
    if bad and not verdicts.count("ok"):
        print("No address is as it should be. Is this machine without internet, or does it need a proxy (https_proxy)?")
    elif bad:
        print(f"{bad} of {len(verdicts)} lines are wrong. docs/datasets.md says how to fetch by hand or from a mirror.")
    else:
        print("Every address answers." + (f" {warned} to think about." if warned else ""))
    return int(bad > 0)


def _of_machine(options: argparse.Namespace) -> Iterator[Finding]:
    settings = network_settings(options.network, config_folder())
    _require_sizes(options)
    from softbench.tools.check import findings  # here, so that --help and refusals need no torch
    from softbench.training.device import choose
    from softbench.training.memory import Step

    device = choose(options.device, log=lambda line: None)
    step = Step(settings, options.channels, options.classes, options.batch, tuple(options.crop))
    step.require_whole()
    return findings.run(checks(device, step))


def checks(device: Any, step: Any) -> dict[str, Callable[[], Finding]]:
    """Return the checks of a machine by the names of their findings, quick ones first.

    Args:
        device: of torch.
        step: a `training.memory.Step`, the largest that will be trained.
    """
    from softbench.tools.check import convolution, largest_crop, repeat, system

    return {
        "packages": system.packages,
        "torch": lambda: system.torch_build(device),
        "device": lambda: system.hardware(device),
        "results folder": lambda: system.results_folder(RESULTS),
        "clock": lambda: system.clock(RESULTS),
        "worker processes": system.workers,
        "rerun": lambda: repeat.rerun(device),
        "stop and continue": lambda: repeat.resume(device),
        "bf16 convolutions": lambda: convolution.check(device),
        "memory": lambda: largest_crop.check(device, step),
    }


def config_folder() -> Path:
    """Return this folder, or that of the suite where it has no config."""
    from softbench.plan.modules import PACKAGE

    here = Path()
    return here if (here / "config.yaml").exists() else PACKAGE.parent.parent


def network_settings(name: str, folder: Path) -> dict[str, Any]:
    """Return `name` and settings of a network of the config in a folder.

    Raises: InputError: if config is not there or has no such network.
    """
    from softbench.plan.config import read
    from softbench.plan.places import known

    networks: dict[str, dict[str, Any]] = read(folder).values["networks"]
    if name not in networks:
        raise InputError(f"--network is {name!r}, which config does not have. {known(name, networks)}")
    return networks[name]


def _require_sizes(options: argparse.Namespace) -> None:
    if len(options.crop) not in (2, 3):
        raise InputError(f"--crop takes two or three lengths, D H W or H W, but is {options.crop}.")
    require_at_least("--crop", min(options.crop), 1)
    require_at_least("--channels", options.channels, 1)
    require_at_least("--classes", options.classes, 2)
    require_at_least("--batch", options.batch, 1)


def _summary(verdicts: list[Any]) -> str:
    """Return the last line."""
    failed, warned = verdicts.count("failed"), verdicts.count("warning")
    if failed:
        return f"Not fit: {failed} of {len(verdicts)} failed."
    return f"Fit, with {warned} to think about." if warned else "Fit."


COMMAND = Command(
    description="Say whether this machine or a soft label is fit to train with, or whether data can be had.",
    notes=NOTES,
    add_arguments=add_arguments,
    run=run,
)
