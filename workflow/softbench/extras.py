"""Libraries that a plain `pip install softlabelbench` leaves out, and the extra that brings each; said in one line."""

VERSION = None  # messages
DISTRIBUTION = "softlabelbench"
EXTRAS = {  # a library's name in `import` -> the extra of pyproject.toml that installs it
    "matplotlib": "figures",
    "seaborn": "figures",
    "torch": "train",
    "monai": "monai",
    "nnunetv2": "nnunet",
    "batchgenerators": "nnunet",
    "batchgeneratorsv2": "nnunet",
    "blosc2": "nnunet",
    "snakemake": "workflow",
    "jsonschema": "workflow",
    "psutil": "workflow",
    "PIL": "workflow",
    "pydicom": "workflow",
    "py7zr": "workflow",
    "SimpleITK": "workflow",
    "rankseg": "workflow",
    "netcal": "workflow",
    "GeodisTK": "workflow",
    "medpy": "workflow",
}


def explained(error: ModuleNotFoundError, what: str) -> ModuleNotFoundError:
    """Return the error of an import with the command that installs what is missing; that error itself for no extra.

    Args:
        error: what `import` raised.
        what: needs the library, e.g. "softbench.losses.build".

    >>> print(explained(ModuleNotFoundError("No module named 'torch'", name="torch"), "softbench.losses.build"))
    softbench.losses.build needs torch, which is not installed: pip install 'softlabelbench[train]'
    """
    library = (error.name or "").partition(".")[0]
    if library not in EXTRAS:
        return error
    command = f"pip install '{DISTRIBUTION}[{EXTRAS[library]}]'"
    return ModuleNotFoundError(f"{what} needs {library}, which is not installed: {command}", name=library)
