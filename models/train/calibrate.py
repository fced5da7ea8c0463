"""Fits the temperature of the shipped heads on validation data, so that a probability of 0.8 is right eight times of ten, and
writes `calibration.json` beside the checkpoint for `export.py`.

The sentiment head also gets what is left of the shift per class that macro-averaged recall asks for: training weighed the
classes by `(1 / prior) ** power`, the rest is added here.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from checks import Checks
from data import EMOTIONS, LABELS
from export import load_checkpoint
from train import text_encoder

# Shares of negative, neutral and positive in the tweets of train.
PRIOR = (0.155, 0.453, 0.392)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    checks = Checks(args.data, text_encoder(128))
    model = load_checkpoint(args.checkpoint).eval()
    power = float(json.loads((args.checkpoint / "train.json").read_text())["settings"]["class_power"])
    shift = -(1.0 - power) * torch.tensor(PRIOR).log()
    shift = shift - shift.mean()

    texts, labels = checks.sentiment["tweets"]
    truth = torch.tensor(labels)
    outputs = torch.tensor(checks.outputs(model, "sentiment", texts, "cpu")) + shift
    # Each class weighs the same: the mix of moods of a support desk is not that of the tweets.
    weight = 1.0 / torch.bincount(truth, minlength=len(LABELS)).float()
    sentiment = fit(lambda t: F.cross_entropy(outputs / t, truth, weight=weight))
    texts, emotions = checks.emotions
    named = torch.zeros(len(texts), len(EMOTIONS))
    for row, numbers in enumerate(emotions):
        named[row, numbers] = 1.0
    emotion_outputs = torch.tensor(checks.outputs(model, "emotions", texts, "cpu"))
    found = {
        "sentiment": {"temperature": sentiment, "shift": [round(value, 6) for value in shift.tolist()]},
        "emotions": {"temperature": fit(lambda t: F.binary_cross_entropy_with_logits(emotion_outputs / t, named)), "shift": None},
    }
    (args.checkpoint / "calibration.json").write_text(json.dumps(found, indent=2))
    print(json.dumps(found, indent=2))


def fit(loss) -> float:
    """The temperature of least loss, to two decimals."""
    candidates = np.arange(0.3, 3.01, 0.01)
    return round(float(min(candidates, key=lambda t: loss(float(t)).item())), 2)


if __name__ == "__main__":
    main()
