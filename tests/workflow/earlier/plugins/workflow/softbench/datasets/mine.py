"""mine: own data, read from a folder in nnU-Net's layout.

Written by `make dataset` from the folder's dataset.json. What a source may say stands in datasets/__init__.py.
"""

from pathlib import Path

from softbench.datasets import nnunet
from softbench.datasets.case import RawCase

VERSION = 1  # raise it when this module gives other cases from the same files
TITLE = "Dataset001_Zones"
LICENCE = "not stated: see who gave you the data"
CITATION = "own data"
ACCESS = "own"  # files of yours: nothing is downloaded
LAYOUT = nnunet.LAYOUT
MODALITIES = ("t2", "adc_map")
CLASSES = ("background", "zone_a", "zone_b")
STRUCTURES = {"zone_a": (1,), "zone_b": (2,)}
SPLITS = {"main": {"train": 0.7, "val": 0.1, "test": 0.2}}  # shares of the patients
PARTS = (nnunet,)


def patient_of(case: str) -> str:
    """Return the patient of a case. With several scans of one, say e.g. case.split("_")[0]: no split parts them."""
    return case


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder, sorted by id; none found is an empty list."""
    return nnunet.find_cases(folder, len(MODALITIES), patient_of=patient_of)
