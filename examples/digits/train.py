#!/usr/bin/env python3
"""Train the digit classifier of this example and save it as safetensors.

Needs Python 3 and numpy:

    pip install numpy
    python3 examples/digits/train.py

Data: `digits-uci.csv` beside this file, one image per line: 64 pixels
(8x8, row by row, integers 0..16), then the label 0..9.

Split, fixed: rows 0..1199 (counting from 0) train the network, rows
1200..1796 are held back. The held-back rows are read only after training has
ended, to print the test accuracy.

Network, channel first, on raw pixels 0..16:

    stem    conv2d 1 -> 8, 3x3, stride 1, no padding    [8, 6, 6]
    relu, max_pool2d 2x2, stride 2                      [8, 3, 3]
    flatten in C, H, W order                            [72]
    hidden  dense 72 -> 32, relu                        [32]
    scores  dense 32 -> 10                              [10]
    argmax

Writes `digits.safetensors` beside this file. Same machine and same numpy:
same bytes. Another processor or numpy version may round sums differently,
and so end at slightly different weights.
"""

import os

# One thread: a sum split over threads may be added up in another order, and
# the weights would then differ from run to run. Must precede importing numpy.
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
):
    os.environ[_name] = "1"

import json
import struct
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DATA = HERE / "digits-uci.csv"
MODEL = HERE / "digits.safetensors"

TRAIN_ROWS = 1200
SEED = 1
# Epochs, decay and share of shifted images were chosen by cross-validation in
# four consecutive blocks of the training rows, not on the held-back rows.
EPOCHS = 300
BATCH = 32
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.1
SHIFTED_SHARE = 0.15
PIXEL_MAX = 16.0


def load_rows(first, last):
    """Images [n, 1, 8, 8] with raw pixels, and labels, of rows first..last-1."""
    with DATA.open() as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    assert table.shape == (1797, 65), table.shape
    rows = table[first:last]
    return rows[:, :64].reshape(-1, 1, 8, 8).astype(np.float64), rows[:, 64]


def initial_parameters(rng):
    def he(shape, inputs):
        return rng.normal(0.0, np.sqrt(2.0 / inputs), shape)

    return {
        "stem.weight": he((8, 1, 3, 3), 9),
        "stem.bias": np.zeros(8),
        "hidden.weight": he((32, 72), 72),
        "hidden.bias": np.zeros(32),
        "scores.weight": he((10, 32), 32),
        "scores.bias": np.zeros(10),
    }


def forward(p, x):
    """Scores [n, 10], and what the backward pass needs."""
    n = len(x)
    # Every 3x3 patch as a row, so that the convolution is one matrix product.
    patches = np.lib.stride_tricks.sliding_window_view(x[:, 0], (3, 3), axis=(1, 2))
    patches = patches.reshape(n * 36, 9)
    stem = patches @ p["stem.weight"].reshape(8, 9).T + p["stem.bias"]
    stem = stem.reshape(n, 6, 6, 8).transpose(0, 3, 1, 2)
    # [n, 8, 3, 3, 4]: the last axis holds the four cells of a pooling window.
    windows = np.maximum(stem, 0).reshape(n, 8, 3, 2, 3, 2)
    windows = windows.transpose(0, 1, 2, 4, 3, 5).reshape(n, 8, 3, 3, 4)
    winner = windows.argmax(axis=-1)
    flat = windows.max(axis=-1).reshape(n, 72)
    hidden = np.maximum(flat @ p["hidden.weight"].T + p["hidden.bias"], 0)
    scores = hidden @ p["scores.weight"].T + p["scores.bias"]
    return scores, (patches, winner, flat, hidden)


def gradients(p, x, labels):
    """Gradient of the mean cross-entropy."""
    n = len(x)
    scores, (patches, winner, flat, hidden) = forward(p, x)
    scores = scores - scores.max(axis=1, keepdims=True)
    d_scores = np.exp(scores)
    d_scores /= d_scores.sum(axis=1, keepdims=True)
    d_scores[np.arange(n), labels] -= 1.0
    d_scores /= n

    d_hidden = (d_scores @ p["scores.weight"]) * (hidden > 0)
    # A pooled value of zero means that relu had cut off its whole window, so
    # this one mask is the derivative of relu and pooling together.
    d_flat = (d_hidden @ p["hidden.weight"]) * (flat > 0)
    d_windows = np.zeros((n, 8, 3, 3, 4))
    np.put_along_axis(
        d_windows, winner[..., None], d_flat.reshape(n, 8, 3, 3, 1), axis=-1
    )
    d_stem = d_windows.reshape(n, 8, 3, 3, 2, 2).transpose(0, 2, 4, 3, 5, 1)
    d_stem = d_stem.reshape(n * 36, 8)

    return {
        "stem.weight": (d_stem.T @ patches).reshape(8, 1, 3, 3),
        "stem.bias": d_stem.sum(axis=0),
        "hidden.weight": d_hidden.T @ flat,
        "hidden.bias": d_hidden.sum(axis=0),
        "scores.weight": d_scores.T @ hidden,
        "scores.bias": d_scores.sum(axis=0),
    }


def shifted(rng, x):
    """A few of the images moved by up to one pixel each way, zeros moving in.

    Only a few, because most digits touch the top and the bottom edge and lose
    a row when they move up or down.
    """
    n = len(x)
    dy, dx = rng.integers(-1, 2, (2, n)) * (rng.random(n) < SHIFTED_SHARE)
    padded = np.pad(x[:, 0], ((0, 0), (1, 1), (1, 1)))
    rows = (1 + dy)[:, None] + np.arange(8)
    cols = (1 + dx)[:, None] + np.arange(8)
    image = np.arange(n)[:, None, None]
    return padded[image, rows[:, :, None], cols[:, None, :]][:, None]


def train(x, labels):
    """Adam with decoupled weight decay, the step size falling to zero.

    The decay keeps the weights small, so that a fixed-point format with few
    integer bits holds them.
    """
    rng = np.random.default_rng(SEED)
    p = initial_parameters(rng)
    mean = {name: np.zeros_like(value) for name, value in p.items()}
    square = {name: np.zeros_like(value) for name, value in p.items()}
    steps = EPOCHS * -(-len(x) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            grad = gradients(p, shifted(rng, x[batch]), labels[batch])
            rate = LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            step += 1
            for name in p:
                g = grad[name]
                mean[name] = 0.9 * mean[name] + 0.1 * g
                square[name] = 0.999 * square[name] + 0.001 * g * g
                m = mean[name] / (1 - 0.9**step)
                v = square[name] / (1 - 0.999**step)
                p[name] = p[name] - rate * m / (np.sqrt(v) + 1e-8)
                if name.endswith(".weight"):
                    p[name] = p[name] * (1 - rate * WEIGHT_DECAY)
    return p


def save_safetensors(path, tensors):
    """8-byte little-endian header length, JSON header, then the data."""
    header, data = {}, b""
    for name in sorted(tensors):
        raw = np.ascontiguousarray(tensors[name], dtype="<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensors[name].shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    # Readers may map the file, so the data should start at a multiple of 8.
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def load_safetensors(path):
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<Q", raw)
    data = raw[8 + length :]
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return tensors


def report(name, p, x, labels):
    scores, _ = forward(p, x.astype(np.float32))
    right = int((scores.argmax(axis=1) == labels).sum())
    print(f"{name} accuracy: {right}/{len(x)} = {100 * right / len(x):.2f}%")


def main():
    x, labels = load_rows(0, TRAIN_ROWS)
    p = train(x / PIXEL_MAX, labels)
    # The saved network takes raw pixels: the division by 16 goes into the
    # first layer. It only changes the exponents, so nothing is rounded.
    p["stem.weight"] = p["stem.weight"] / PIXEL_MAX
    save_safetensors(MODEL, p)

    # What is measured is the file, on raw pixels, as its readers see it.
    saved = load_safetensors(MODEL)
    report("train", saved, x, labels)
    report("test", saved, *load_rows(TRAIN_ROWS, None))
    for name in sorted(saved):
        print(f"{name} {list(saved[name].shape)} max |w| {np.abs(saved[name]).max():.3f}")


if __name__ == "__main__":
    main()
