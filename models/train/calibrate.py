"""Fits the temperature of each head on validation data that has no near-copy in train, so that a probability of 0.8 is right eight
times of ten, and writes `calibration.json` beside the checkpoint for `export.py`.

The sentiment head also gets a shift per class: training weighed the classes by
`(1 / prior) ** power`, and the rest, `(1 / prior) ** (1 - power)`, is added here, so that the decision
is the one that macro-averaged recall asks for.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from data import EMOTIONS, LABELS, load_emotions, load_split, near_key
from export import load_checkpoint
from train import NO_LABEL, collate, text_encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--prior", default="0.155,0.453,0.392", help="shares of the classes in the tweets of train")
    args = parser.parse_args()
    torch.set_num_threads(1)
    encode = text_encoder(128)
    model = load_checkpoint(args.checkpoint)
    power = float(json.loads((args.checkpoint / "train.json").read_text())["settings"]["class_power"])
    prior = torch.tensor([float(share) for share in args.prior.split(",")])

    shift = -(1.0 - power) * prior.log()
    shift = shift - shift.mean()
    tweets = args.data / "tweeteval-sentiment"
    seen = {near_key(text) for text in load_split(tweets / "train.tsv.gz")[0]}
    rows = [row for row in zip(*load_split(tweets / "val.tsv"), strict=True) if near_key(row[0]) not in seen]
    texts, labels = zip(*rows, strict=True)
    outputs, truth = head_outputs(model, "sentiment", encode(texts)) + shift, torch.tensor(labels)
    # Each class weighs the same: the mix of moods of a support desk is not that of the tweets.
    weight = 1.0 / torch.bincount(truth, minlength=len(LABELS)).float()
    found = {
        "sentiment": {
            "temperature": fit(lambda t: F.cross_entropy(outputs / t, truth, weight=weight)),
            "shift": [round(value, 6) for value in shift.tolist()],
        }
    }
    if "emotions" in model.heads:
        texts, emotions = load_emotions(args.data / "goemotions/val.tsv")
        outputs_emotions = head_outputs(model, "emotions", encode(texts))
        named = torch.zeros(len(texts), len(EMOTIONS))
        for row, numbers in enumerate(emotions):
            named[row, numbers] = 1.0
        temperature = fit(lambda t: F.binary_cross_entropy_with_logits(outputs_emotions / t, named))
        found["emotions"] = {"temperature": temperature, "shift": None}
    (args.checkpoint / "calibration.json").write_text(json.dumps(found, indent=2))
    print(json.dumps(found, indent=2))


@torch.no_grad()
def head_outputs(model, head: str, ids: list[list[int]]) -> torch.Tensor:
    order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
    parts = []
    for start in range(0, len(order), 64):
        rows = [(ids[n], NO_LABEL, None) for n in order[start : start + 64]]
        padded, mask, *_ = collate(rows, "cpu")
        parts.append(model(padded, mask)[head])
    found = torch.cat(parts)
    return found[np.argsort(order)]


def fit(loss) -> float:
    """The temperature of least loss, to two decimals."""
    candidates = np.arange(0.3, 3.01, 0.01)
    return round(float(min(candidates, key=lambda t: loss(float(t)).item())), 2)


if __name__ == "__main__":
    main()
