"""The most probable class of each voxel."""

import numpy as np

from softbench.arrays import most_probable
from softbench.training.posthoc.decoding import Decoded, Decoder, Predicted, Structures, blank_out

VERSION = 1


def fit(predicted: Predicted, structures: Structures) -> Decoder:
    """Return the decoder of all other tables; nothing is fitted. Of equal probabilities the first class counts."""

    def decode(probabilities: np.ndarray, valid: np.ndarray | None) -> Decoded:
        return blank_out(Decoded(most_probable(probabilities).astype(np.uint8)), valid)

    return Decoder(decode)
