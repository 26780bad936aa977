"""Is this build of torch one whose 3-D convolutions are right."""

import torch

from softbench.machine.finding import Finding

NAME = "torch"
RIGHT_CUDNN = 91500  # 9.15: mends bf16 conv3d, pytorch#163539 (silently wrong) and #166122 (slow)


def check(device: torch.device) -> Finding:
    """Refuse torch 2.9 and doubt an old cuDNN."""
    return judge(torch.__version__, _cudnn() if device.type == "cuda" else None)


def _cudnn() -> int | None:
    number: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return number


def judge(version: str, cudnn: int | None) -> Finding:
    """Judge a version of torch and of the cuDNN that it will use; None where it will use none."""
    found = f"torch {version}, {'no cuDNN' if cudnn is None else f'cuDNN {readable(cudnn)}'}"
    if version.split(".")[:2] == ["2", "9"]:
        why = "torch 2.9 came with a cuDNN whose bf16 3-D convolutions are slow and, on large crops, silently wrong"
        return Finding(NAME, "failed", f"{found}: {why}. Install the torch of envs/requirements.txt: `make setup`.")
    if cudnn is not None and cudnn < RIGHT_CUDNN:
        why = "before 9.15, bf16 3-D convolutions can be slow or wrong"
        return Finding(NAME, "warning", f"{found}: {why}. The check of convolutions decides; else install a newer one.")
    return Finding(NAME, "ok", f"{found}.")


def readable(cudnn: int) -> str:
    """Return cuDNN's number as people write it: 91002 is 9.10.2, and before version 9, 8902 was 8.9.2."""
    base = 10000 if cudnn >= 90000 else 1000
    return f"{cudnn // base}.{cudnn % base // 100}.{cudnn % 100}"
