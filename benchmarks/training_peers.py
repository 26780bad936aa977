"""How others train: the loop of the SVLS authors, and MONAI's recipe for fast training. `training.py` times them.

Both do what users of their code would do with the same layers, patch, batch and cases as published, and less where
that is in doubt: no validation, no checkpoint, torch's own flags.
SVLS (github.com/mobarakol/SVLS, main.py, datasets.py, svls.py): each epoch reads each .nii.gz anew (SimpleITK, or
nibabel where that is missing) in two workers, normalises, cuts a random crop, hands over float16 images; fp32, torch's
own layout, one-hot by comparison in each step, flips on the batch that are undone on the logits, Adam without schedule
and clipping, the suite's class of the network. Their normalisation by fixed means is a z-score here.
MONAI (Project-MONAI/tutorials, acceleration/fast_model_training_guide.md and fast_training_tutorial.ipynb): everything
up to the first random transform is cached, on the GPU where there is one; random transforms in a thread of the process;
fp16 autocast with a GradScaler on the GPU alone; `loss.item()` each step. Cross-entropy of class indices, the part of
DiceCELoss that has the same value as the others' loss; torch's optimiser, schedule and clipping with the protocol's
settings, since Novograd or SGD would change what is learned (`training_monai.py`). `compact_unet` is made of MONAI's
blocks, as a user of MONAI would make it; other networks are the suite's, which are the papers' own.
"""

import random
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import nibabel as nib
import numpy as np
import torch
from monai import data as monai_data
from monai import transforms
from softbench.training.protocol import AXES
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from training_monai import MonaiCompactUNet, new_step
from training_work import Cost, Work, read_clock, seconds_between

try:
    import SimpleITK
except ModuleNotFoundError:  # 50 MB, too much for machines that benchmarks are carried to
    SimpleITK = None

KEYS = ["image", "label"]
Step = Callable[[dict[str, Any]], None]


class Files(Dataset):
    """Cases read from their files whenever they are asked for; `length` of them make an epoch."""

    def __init__(self, work: Work, length: int) -> None:
        """Note which files there are."""
        self.work, self.cases = work, list(islice(cycle(work.cases()), length))

    def __len__(self) -> int:
        """Return how many cases make an epoch."""
        return len(self.cases)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Read, normalise and crop one case: image (M, D, H, W) float16, label (D, H, W) int64."""
        case = self.cases[index]
        image = np.stack([zscore(read(path), self.work.settings["normalise"]) for path in case.images])
        label = read(case.labels[0])
        for published, class_id in self.work.label_ids.items():
            if published != class_id:
                label[label == published] = class_id
        image, label = crop_or_pad(image, label, self.work.protocol.patch_size)
        return {
            "image": torch.from_numpy(image.astype(np.float16)),
            "label": torch.from_numpy(label.astype(np.int64)),
        }


def read(path: Any) -> np.ndarray:
    """Read a volume, (D, H, W)."""
    if SimpleITK is None:
        return np.asarray(nib.load(path).dataobj).T
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


def zscore(volume: np.ndarray, over: str) -> np.ndarray:
    """Return the volume with mean 0 and deviation 1, over its non-zero voxels where the protocol says so."""
    volume = volume.astype(np.float32)
    inside = volume != 0 if over == "zscore_nonzero" else np.ones(volume.shape, bool)
    volume[inside] = (volume[inside] - volume[inside].mean()) / volume[inside].std()
    return volume


def crop_or_pad(image: np.ndarray, label: np.ndarray, size: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Cut a random crop, and pad with 0 what is too short."""
    room = [have - want for have, want in zip(label.shape, size, strict=True)]
    starts = [random.randint(0, max(0, more)) for more in room]
    window = tuple(slice(start, start + want) for start, want in zip(starts, size, strict=True))
    label, image = label[window], image[:, *window]
    widths = [(0, want - have) for have, want in zip(label.shape, size, strict=True)]
    return np.pad(image, [(0, 0), *widths]), np.pad(label, widths)


class SvlsLoop:
    """The SVLS authors' way; nothing happens before the first step."""

    name = "plain loop (a)"

    def __init__(self, work: Work) -> None:
        """Keep what is to be trained."""
        self.work = work

    def run(self, steps: int, warm_up: int) -> Cost:
        """Train a new network; a step is a share of its epoch, workers included."""
        return epoch_after_warm_up(self.work, self._loader, self._step, steps, warm_up)

    def _loader(self, steps: int) -> DataLoader:
        batch = self.work.protocol.batch
        return DataLoader(Files(self.work, steps * batch), batch_size=batch, shuffle=True, num_workers=2)

    def _step(self) -> Step:
        model = self.work.model().to(self.work.device)
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, eps=1e-4)
        dims = len(self.work.protocol.patch_size)
        axes = [axis - dims for axis, name in enumerate(AXES[-dims:]) if name in self.work.protocol.flips]

        def step(batch: dict[str, torch.Tensor]) -> None:
            labels = batch["label"].to(self.work.device, non_blocking=True)
            images = batch["image"].float().to(self.work.device)
            flips = [axis for axis in axes if random.random() < 0.5]
            logits = model(images.flip(flips)).flip(flips)
            with torch.no_grad():
                classes = torch.arange(logits.shape[1], device=labels.device)
                target = (labels[..., None] == classes).movedim(-1, 1).float()
            loss = (-target * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

        return step


class MonaiRecipe:
    """MONAI's way: the cache is filled before the first step."""

    name = "MONAI's recipe (b)"

    def __init__(self, work: Work) -> None:
        """Fill the cache."""
        monai_data.set_track_meta(True)  # reading needs it
        self.work = work
        files = [{"image": [str(path) for path in case.images], "label": str(case.labels[0])} for case in work.cases()]
        chain = transforms.Compose([*deterministic(work), *randomised(work)])
        self.cache = monai_data.CacheDataset(
            files, chain, cache_rate=1.0, copy_cache=False, num_workers=0, progress=False
        )
        monai_data.set_track_meta(False)  # random transforms do not

    def run(self, steps: int, warm_up: int) -> Cost:
        """Train a new network."""
        return epoch_after_warm_up(self.work, self._loader, lambda: self._step(warm_up + steps), steps, warm_up)

    def _loader(self, steps: int) -> Iterator[dict[str, Any]]:
        batch = self.work.protocol.batch
        loader = monai_data.ThreadDataLoader(self.cache, num_workers=0, batch_size=batch, shuffle=True, drop_last=True)
        return islice((one for _ in cycle([0]) for one in loader), steps)

    def _step(self, steps: int) -> Step:
        device = self.work.device
        take = new_step(network(self.work).to(device), self.work.protocol, steps, device)

        def step(batch: dict[str, Any]) -> None:
            take(batch["image"].to(device), batch["label"].to(device))

        return step


def network(work: Work) -> torch.nn.Module:
    """Return the network that a user of MONAI would train."""
    if work.network["name"] != "compact_unet":
        return work.model()
    return MonaiCompactUNet(work.channels, work.classes, work.network["widths"], len(work.protocol.patch_size))


def deterministic(work: Work) -> list[transforms.Transform]:
    """Return what is cached; MONAI's axes are (W, H, D)."""
    nonzero = work.settings["normalise"] == "zscore_nonzero"
    renamed = {published: class_id for published, class_id in work.label_ids.items() if published != class_id}
    size = work.protocol.patch_size[::-1]
    return [
        transforms.LoadImaged(KEYS, reader="NibabelReader"),
        transforms.EnsureChannelFirstd(KEYS),
        *([transforms.MapLabelValued("label", list(renamed), list(renamed.values()))] if renamed else []),
        *([transforms.CenterSpatialCropd(KEYS, size)] if "crop" in work.settings else []),
        transforms.NormalizeIntensityd("image", nonzero=nonzero, channel_wise=True),
        transforms.SpatialPadd(KEYS, size),
        transforms.EnsureTyped(KEYS, device=work.device, track_meta=False),
    ]


def randomised(work: Work) -> list[transforms.Transform]:
    """Return what is drawn anew for each sample."""
    protocol = work.protocol
    axes = [axis for axis, name in enumerate(AXES[-len(protocol.patch_size) :][::-1]) if name in protocol.flips]
    scale, shift = protocol.intensity_scale, protocol.intensity_shift
    return [
        transforms.RandSpatialCropd(KEYS, protocol.patch_size[::-1], random_size=False),
        *(transforms.RandFlipd(KEYS, prob=0.5, spatial_axis=axis) for axis in axes),
        *([transforms.RandScaleIntensityd("image", factors=scale, prob=1.0)] if scale else []),
        *([transforms.RandShiftIntensityd("image", offsets=shift, prob=1.0)] if shift else []),
    ]


def epoch_after_warm_up(
    work: Work, loader: Callable[[int], Any], new_step: Callable[[], Step], steps: int, warm_up: int
) -> Cost:
    """Make a network, take some steps, then time an epoch of `steps`, from making its loader on."""
    began = read_clock(work.device)
    step = new_step()
    for batch in loader(warm_up):
        step(batch)
    start = read_clock(work.device)
    for batch in loader(steps):
        step(batch)
    step_s = seconds_between(start, read_clock(work.device)) / steps
    return Cost(max(0.0, seconds_between(began, start) - warm_up * step_s), step_s)
