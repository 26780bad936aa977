"""Sums and products over features with channels last, as normalisation needs them (compiled).

A row holds all channels of some neighbouring voxels, so that each loop runs over a long row without a step: rows are
(B, N, R) float32 with R = voxels a row x C. Sums are taken in float32 over a block of rows, then in float64.
"""

import numpy as np
from numba import njit

VERSION = 1
LONG = 256  # numbers that a row has at least, where the voxels can be divided
BLOCK = 64  # rows
SAMPLE = 64  # rows at most from which a first guess of the mean is made
compiled = njit(cache=True, error_model="numpy", nogil=True)


def row_length(voxels: int, channels: int) -> int:
    """Return how many numbers a row has."""
    together = 1
    while channels * together < LONG and voxels % (2 * together) == 0:
        together *= 2
    return channels * together


@compiled
def moments(rows: np.ndarray, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each channel of each image, both (B, C) float32.

    Squares are those of differences from a guess of the mean, so that a large mean does not take digits away.
    """
    images, count, length = rows.shape
    voxels = count * length // channels
    means = np.empty((images, channels), np.float32)
    variances = np.empty((images, channels), np.float32)
    for image in range(images):
        guess = _spread(_guess(rows[image], channels), length)
        sums = np.zeros((2, channels))
        for start in range(0, count, BLOCK):
            first = np.zeros(length, np.float32)
            second = np.zeros(length, np.float32)
            for index in range(start, min(start + BLOCK, count)):
                row = rows[image, index]
                for place in range(length):
                    difference = row[place] - guess[place]
                    first[place] += difference
                    second[place] += difference * difference
            _gather(first, sums[0])
            _gather(second, sums[1])
        for channel in range(channels):
            off = sums[0, channel] / voxels
            means[image, channel] = guess[channel] + off
            variances[image, channel] = max(sums[1, channel] / voxels - off * off, 0.0)
    return means, variances


@compiled
def scale_and_bend(
    rows: np.ndarray, means: np.ndarray, factors: np.ndarray, shift: np.ndarray, slope: float, out: np.ndarray
) -> None:
    """Write the leaky ReLU of (x - mean) * factor + shift; means and factors are (B, C), shift is (C,)."""
    images, count, length = rows.shape
    below = np.float32(slope)
    for image in range(images):
        mean, factor, added = _spread(means[image], length), _spread(factors[image], length), _spread(shift, length)
        for index in range(count):
            row, to = rows[image, index], out[image, index]
            for place in range(length):
                value = (row[place] - mean[place]) * factor[place] + added[place]
                to[place] = max(value, np.float32(0)) + below * min(value, np.float32(0))


@compiled
def gradient_sums(
    gradients: np.ndarray, rows: np.ndarray, means: np.ndarray, factors: np.ndarray, shift: np.ndarray, slope: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of g and of g * (x - mean), both (B, C), with g the gradient in front of the leaky ReLU."""
    images, count, length = rows.shape
    sums = np.zeros((2, *means.shape))
    below = np.float32(slope)
    for image in range(images):
        mean, factor, added = _spread(means[image], length), _spread(factors[image], length), _spread(shift, length)
        for start in range(0, count, BLOCK):
            first = np.zeros(length, np.float32)
            second = np.zeros(length, np.float32)
            for index in range(start, min(start + BLOCK, count)):
                row, of_row = rows[image, index], gradients[image, index]
                for place in range(length):
                    centred = row[place] - mean[place]
                    is_above = centred * factor[place] + added[place] > 0
                    gradient = of_row[place] * (np.float32(1) if is_above else below)
                    first[place] += gradient
                    second[place] += gradient * centred
            _gather(first, sums[0, image])
            _gather(second, sums[1, image])
    return sums[0].astype(np.float32), sums[1].astype(np.float32)


@compiled
def gradient_back(
    gradients: np.ndarray,
    rows: np.ndarray,
    means: np.ndarray,
    factors: np.ndarray,
    shift: np.ndarray,
    slope: float,
    along: np.ndarray,
    offsets: np.ndarray,
    out: np.ndarray,
) -> None:
    """Write g * factor + (x - mean) * along + offset, with g the gradient in front of the leaky ReLU."""
    images, count, length = rows.shape
    below = np.float32(slope)
    for image in range(images):
        mean, factor, added = _spread(means[image], length), _spread(factors[image], length), _spread(shift, length)
        tilt, offset = _spread(along[image], length), _spread(offsets[image], length)
        for index in range(count):
            row, of_row, to = rows[image, index], gradients[image, index], out[image, index]
            for place in range(length):
                centred = row[place] - mean[place]
                is_above = centred * factor[place] + added[place] > 0
                gradient = of_row[place] * (np.float32(1) if is_above else below)
                to[place] = gradient * factor[place] + (centred * tilt[place] + offset[place])


@compiled
def _guess(rows: np.ndarray, channels: int) -> np.ndarray:
    """Return the mean of each channel over some rows."""
    count, length = rows.shape
    step = max(1, count // SAMPLE)
    sums, seen = np.zeros(channels), 0
    for index in range(0, count, step):
        _gather(rows[index], sums)
        seen += length // channels
    return (sums / seen).astype(np.float32)


@compiled
def _gather(row: np.ndarray, sums: np.ndarray) -> None:
    """Add a row's numbers to the sums of its channels."""
    for start in range(0, len(row), len(sums)):
        for channel in range(len(sums)):
            sums[channel] += row[start + channel]


@compiled
def _spread(of_channels: np.ndarray, length: int) -> np.ndarray:
    """Repeat numbers of channels to a row's length."""
    row = np.empty(length, np.float32)
    for place in range(length):
        row[place] = of_channels[place % len(of_channels)]
    return row
