"""The trainer of nnU-Net that learns from soft labels: `softbench nnunet prepare` writes a class of it a target."""

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from torch import nn

from softbench.errors import InputError
from softbench.for_nnunet import loading, loss, targets
from softbench.for_nnunet.data_set import RAW, DataSet, Place
from softbench.for_nnunet.recipe import Recipe
from softbench.jobs import pieces, storage

VERSION = 1
RECORD = "soft_label.json"


class nnUNetTrainerSoft(nnUNetTrainer):  # type: ignore[misc] # noqa: N801  (nnU-Net's way to name trainers)
    """nnU-Net's trainer with soft targets: its network, patches, augmentation, optimiser and validation are untouched.

    A class of its own says what it learns from, for nnU-Net names the folder of results by the class alone:

    target: name of the targets' folder. recipe, settings: the soft label. loss_expression: "nnunet", cross-entropy and
    Dice as nnU-Net sums them, or a loss of `softbench.losses`. epochs, iterations: in place of nnU-Net's 1000 epochs of
    250 steps (and a fifth as many of validation). seed: of the network's weights, patches and augmentation; None:
    nnU-Net's own way, no seed.
    """

    target: str = ""
    recipe: str = ""
    settings: Mapping[str, Any] = {}
    stored: bool = False
    loss_expression: str = loss.AS_NNUNET
    epochs: int | None = None
    iterations: int | None = None
    seed: int | None = None

    def __init__(
        self,
        plans: dict[str, Any],
        configuration: str,
        fold: int,
        dataset_json: dict[str, Any],
        device: torch.device = torch.device("cuda"),  # noqa: B008  (nnU-Net's signature)
    ) -> None:
        """As nnU-Net's.

        Raises: InputError: if this class names no target, or the configuration or the loss cannot be trained.
        """
        if not self.recipe:
            raise InputError(
                "nnUNetTrainerSoft itself learns from no target. Write the trainer of one, and train with that: "
                "softbench nnunet prepare DATASET --recipe svls"
            )
        super().__init__(plans, configuration, fold, dataset_json, device)
        self.soft_label = Recipe.of(self.recipe, self.settings, stored=self.stored)
        name, raw = self.plans_manager.dataset_name, os.environ.get(RAW)
        place = Place(
            Path(self.preprocessed_dataset_folder_base), self.plans_manager.plans_name, configuration,
            Path(raw) / name if raw else None,
        )  # fmt: skip
        self.data_set = DataSet(place)
        loss.require_loss(self.loss_expression, regions=self.label_manager.has_regions)
        if self.epochs is not None:
            self.num_epochs = self.epochs
        if self.iterations is not None:
            self.num_iterations_per_epoch = self.iterations
            self.num_val_iterations_per_epoch = max(1, self.iterations // 5)

    def initialize(self) -> None:
        """As nnU-Net's; with a seed, the weights are drawn from it."""
        if self.seed is not None:
            set_seed(self.seed)
        super().initialize()

    def on_train_start(self) -> None:
        """As nnU-Net's; notes what is learned from beside the checkpoints.

        Raises: InputError: if a run that is continued had learned from anything else.
        """
        if not self.was_initialized:
            self.initialize()
        self._note()
        if self.seed is not None:  # a run that was continued draws other patches than it has seen
            set_seed(self.seed + 100_003 * self.current_epoch)
        super().on_train_start()

    def _note(self) -> None:
        path = Path(self.output_folder) / RECORD
        facts = {**targets.facts(self.data_set, self.soft_label), "stored": self.soft_label.stored}
        facts |= {"loss": self.loss_expression, "seed": self.seed}
        if self.current_epoch and path.is_file():
            found = storage.read_json(path)
            if names := targets.differing(found, facts):
                said = "; ".join(f"{name} was {found.get(name)}, and is {facts[name]}" for name in names)
                raise InputError(f"this run cannot be continued: {said}. Train anew, without --c.")
        if self.local_rank == 0:
            pieces.write_json(path, facts)

    def get_tr_and_val_datasets(self) -> tuple[Any, Any]:
        """As nnU-Net's; cases to train with have their targets beside the image.

        Raises: InputError: if targets are missing, were made of something else, or their label maps have changed.
        """
        training, validation = super().get_tr_and_val_datasets()
        if not self.soft_label.stored:
            return training, validation
        folder = targets.folder_of(self.data_set, self.target)
        targets.require_complete(folder, self.data_set, self.soft_label, training.identifiers)
        return loading.WithTargets(training, folder), validation

    def get_training_transforms(
        self,
        patch_size: Any,
        rotation_for_DA: Any,  # noqa: N803  (nnU-Net's name)
        deep_supervision_scales: Any,
        *rest: Any,
        **named: Any,
    ) -> Any:
        """As nnU-Net's; regions stay classes until the loss, and soft channels are carried along."""
        named["regions"] = None
        theirs = super().get_training_transforms
        if not self.soft_label.stored:
            return theirs(patch_size, rotation_for_DA, deep_supervision_scales, *rest, **named)
        inner = theirs(patch_size, rotation_for_DA, None, *rest, **named)
        channels = len(self.dataset_json.get("channel_names") or self.dataset_json["modality"])
        return loading.transforms(inner, channels, deep_supervision_scales)

    def _build_loss(self) -> nn.Module:
        regions = self.label_manager.foreground_regions if self.label_manager.has_regions else None
        labels = loss.Labels(
            self.data_set.classes,
            self.label_manager.ignore_label,
            None if regions is None else tuple(_ids(region) for region in regions),
        )
        table = None if self.soft_label.stored else self.soft_label.table(self.data_set.classes).tolist()
        batch_dice = bool(self.configuration_manager.batch_dice)
        ours = loss.build(self.loss_expression, labels, batch_dice=batch_dice, ddp=self.is_ddp, table=table)
        if not self.enable_deep_supervision:
            return ours
        wrapped: nn.Module = super()._build_loss()  # with nnU-Net's weights of the coarser outputs
        wrapped.loss = ours
        return wrapped

    def on_train_epoch_start(self) -> None:
        """As nnU-Net's."""
        super().on_train_epoch_start()
        self.loss.train()

    def on_validation_epoch_start(self) -> None:
        """As nnU-Net's: validation is against the label map."""
        super().on_validation_epoch_start()
        self.loss.eval()


def set_seed(seed: int) -> None:
    """Set the seeds of all generators that nnU-Net draws from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _ids(region: Any) -> tuple[int, ...]:
    return tuple(int(label) for label in region) if isinstance(region, list | tuple) else (int(region),)
