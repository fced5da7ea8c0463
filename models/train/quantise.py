"""Weights of few bits with a scale per row, and the arithmetic of a linear layer with them, as `shared/encoder/src/linear.rs` has it."""

import numpy as np

WEIGHT_LEVELS = 127
TOKEN_LEVELS = 31
# What share of a row's largest weight the levels end at; a few clipped weights may cost less than coarser levels for all.
CLIPS = np.linspace(1.0, 0.7, 31)


def quantise_rows(weight: np.ndarray, highest: int = WEIGHT_LEVELS) -> tuple[np.ndarray, np.ndarray]:
    """`[rows, columns]` to int8 of the same shape and one float32 scale per row: the scale of least squared error."""
    weight = weight.astype(np.float64)
    largest = np.maximum(np.abs(weight).max(axis=1), 1e-12)
    best_scale, best_error = largest / highest, np.full(len(weight), np.inf)
    for clip in CLIPS:
        scale = clip * largest / highest
        error = np.square(levels(weight, scale, highest) * scale[:, None] - weight).sum(axis=1)
        better = error < best_error
        best_scale, best_error = np.where(better, scale, best_scale), np.where(better, error, best_error)
    scale = best_scale.astype(np.float32)
    return levels(weight, scale.astype(np.float64), highest).astype(np.int8), scale


def levels(weight: np.ndarray, scale: np.ndarray, highest: int) -> np.ndarray:
    return np.clip(np.rint(weight / scale[:, None]), -highest, highest)


def pack_six_bits(values: np.ndarray) -> bytes:
    """Four values of -32 to 31 in three bytes, the first in the lowest bits."""
    four = (values.reshape(-1, 4).astype(np.int32) & 63) << np.array([0, 6, 12, 18])
    return four.sum(axis=1).astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def unpack_six_bits(content: np.ndarray) -> np.ndarray:
    """The reverse, of bytes."""
    three = content.reshape(-1, 3).astype(np.int32)
    bits = three[:, :1] | three[:, 1:2] << 8 | three[:, 2:] << 16
    values = bits >> np.array([0, 6, 12, 18]) & 63
    return (values - 64 * (values >= 32)).astype(np.int8).reshape(-1)


def input_levels(n_inputs: int) -> int:
    """Inputs are quantised when they come, each row by its own largest value, to as many levels as an i32 sum allows."""
    return min(32767, (2**31 - 1) // (128 * n_inputs))


def linear(rows: np.ndarray, weight: np.ndarray, scale: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """`[L, in]` times int8 `[out, in]`. The sums are exact: integers under 2^31 in float64."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    highest = np.float32(input_levels(rows.shape[1]))
    to_levels = np.divide(highest, largest, out=np.zeros_like(largest), where=largest > 0)
    quantised = np.rint(rows * to_levels)
    sums = (quantised.astype(np.float64) @ weight.T.astype(np.float64)).astype(np.float32)
    return sums * (largest / highest * scale) + bias
