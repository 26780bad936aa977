"""Maps keep their numbers to 16 bits, and cases of another shard are another job's."""

from pathlib import Path

import numpy as np
from softbench.soft_labels import maps


def test_floats_come_back_to_sixteen_bits_and_integers_exactly() -> None:
    rng = np.random.default_rng(0)
    floats = np.concatenate([rng.lognormal(0, 8, 5000), [0, np.inf, 1e30]]).astype(np.float32)
    whole = rng.integers(0, 60000, 100).astype(np.uint16)
    back = maps.unpack(maps.pack({"distance": floats, "segments": whole}))
    np.testing.assert_allclose(back["distance"], floats, rtol=2.0**-16)
    assert back["distance"].dtype == np.float32
    np.testing.assert_array_equal(back["segments"], whole)


def test_packed_distances_compress(tmp_path: Path) -> None:
    smooth = np.cumsum(np.ones((40, 50, 60), np.float32) * 0.37, axis=0)
    np.savez_compressed(tmp_path / "plain.npz", distance=smooth)
    np.savez_compressed(tmp_path / "packed.npz", **maps.pack({"distance": smooth}))
    assert (tmp_path / "packed.npz").stat().st_size < (tmp_path / "plain.npz").stat().st_size
