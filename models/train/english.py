"""Trains the hashed half of the mood of English texts, writes its file and its entry in the manifest, and fits both halves together.

The encoder knows what words mean; a linear model over hashed words, their n-grams and pairs knows which ones were said. Their
probabilities are multiplied and made to sum to 1 (a product of experts), which beats either alone on every set it was tried
on. The twin of the product is in `shared/reader`. Same model and file as `multilingual.py`.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from calibrate import PRIOR
from checks import Checks, macro_recall
from data import LABELS, load_split, near_key
from export import load_checkpoint
from language import softmax
from multilingual import Row, Settings, mood_features, quantise, train, write_file
from train import text_encoder

MODEL_ID = "edgedesk-mood-english"
LICENCE = "platform terms of the tweets; texts are not redistributed"
# Steps of the temperatures that are tried, from sharp to soft.
TEMPERATURES = np.exp(np.linspace(-1.0, 2.0, 61))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder with manifest.json and files/")
    parser.add_argument("--checkpoint", type=Path, required=True, help="the encoder's; its calibration.json gets the temperature")
    parser.add_argument("--bits", type=int, default=18)
    parser.add_argument("--rows", type=int, default=150_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.015)
    parser.add_argument("--drop", type=float, default=0.5)
    parser.add_argument("--decay", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--dry-run", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    started = time.monotonic()

    checks = Checks(args.data, text_encoder(128))
    settings = Settings(args.bits, args.rows, args.epochs, args.rate, args.drop, args.decay, args.seed)
    rows = read_rows(args.data, settings)
    texts, labels = checks.sentiment["tweets"]
    held_out = [{"lang": "en", "text": text, "label": LABELS[n]} for text, n in zip(texts, labels, strict=True)]
    weight, bias = train(rows, settings, held_out)
    hashed = quantise(weight, bias, rows, settings)
    encoder = load_checkpoint(args.checkpoint)
    shift = np.array(json.loads((args.checkpoint / "calibration.json").read_text())["sentiment"]["shift"])
    outputs = {
        name: (checks.outputs(encoder, "sentiment", texts, "cpu") + shift, hashed.outputs(texts), np.array(labels))
        for name, (texts, labels) in checks.sentiment.items()
    }
    soft_encoder, hashed.temperature = temperatures(*outputs["tweets"])
    scores = {name: score(*parts, soft_encoder, hashed.temperature) for name, parts in outputs.items()}
    seconds = round(time.monotonic() - started)
    print(json.dumps(scores, indent=1), soft_encoder, hashed.temperature, f"{seconds} s")
    if args.dry_run:
        return
    path = args.checkpoint / "calibration.json"
    calibration = json.loads(path.read_text())
    calibration["sentiment"]["temperature"] = round(soft_encoder, 3)
    path.write_text(json.dumps(calibration, indent=2))
    names = ("bits", "rows", "epochs", "rate", "drop", "decay", "seed")
    command = "english.py --data DATA --checkpoint RUN " + " ".join(f"--{name} {getattr(args, name)}" for name in names)
    entry = {
        "id": MODEL_ID,
        "data": [{"name": "tweeteval-sentiment/train.tsv.gz", "licence": LICENCE}],
        "training": {"command": command, "seconds": seconds},
        "scores": scores,
    }
    write_file(hashed, args.models, "english", entry)


def read_rows(data: Path, settings: Settings) -> list[Row]:
    """Tweets of train without near-copies of validation texts; every class weighs the same."""
    tweets = data / "tweeteval-sentiment"
    held_out = {near_key(text) for name in ("val.tsv", "devtest2016.tsv") for text in load_split(tweets / name)[0]}
    mask = (1 << settings.n_bits) - 1
    rows = []
    for text, label in zip(*load_split(tweets / "train.tsv.gz"), strict=True):
        if near_key(text) in held_out:
            continue
        ids = (mood_features(text) & mask).astype(np.int64)
        if len(ids):
            rows.append(Row(ids, np.eye(len(LABELS), dtype=np.float32)[label], 1 / (len(LABELS) * PRIOR[label])))
    return rows


def temperatures(encoder: np.ndarray, hashed: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Of the encoder and of the hashed model: those under which the product is least surprised, every class weighing the same."""
    weight = 1.0 / torch.bincount(torch.tensor(labels)).float()
    truth, best = torch.tensor(labels), (math.inf, 1.0, 1.0)
    for one in TEMPERATURES:
        for other in TEMPERATURES:
            outputs = torch.tensor(encoder / one + hashed / other, dtype=torch.float32)
            best = min(best, (float(functional.cross_entropy(outputs, truth, weight=weight)), float(one), float(other)))
    return best[1], best[2]


def score(encoder: np.ndarray, hashed: np.ndarray, labels: np.ndarray, soft_encoder: float, soft_hashed: float) -> dict:
    both = encoder / soft_encoder + hashed / soft_hashed
    named = {"encoder": encoder, "hashed": hashed, "both": both}
    found = {f"macro_recall_{name}": round(macro_recall(outputs.argmax(1), labels), 4) for name, outputs in named.items()}
    confidence, right = softmax(both).max(1), both.argmax(1) == labels
    bins = np.minimum((confidence * 15).astype(int), 14)
    error = sum(abs(right[bins == b].mean() - confidence[bins == b].mean()) * np.mean(bins == b) for b in set(bins))
    return {"rows": len(labels), **found, "expected_calibration_error": round(float(error), 4)}


if __name__ == "__main__":
    main()
