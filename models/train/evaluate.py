"""Scores the exported files, as the Worker runs them, and writes the scores into the manifest."""

import argparse
import json
from pathlib import Path

import numpy as np

from data import EMOTIONS, LABELS, load_emotions, load_split, near_key, read_tsv
from runtime import Files

NEGATIVE, NEUTRAL, POSITIVE = range(3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="put the scores into the manifest")
    args = parser.parse_args()
    files = Files(args.manifest)
    tweets = args.data / "tweeteval-sentiment"

    seen = {near_key(text) for text in load_split(tweets / "train.tsv.gz")[0]}
    val = load_split(tweets / "val.tsv")
    unseen = [n for n, text in enumerate(val[0]) if near_key(text) not in seen]
    airline = [load_split(args.data / "airline-tweets-NC" / name) for name in ("train.tsv", "val.tsv")]
    airline = tuple(a + b for a, b in zip(*airline, strict=True))
    read = predictions(files, val[0])
    scores = {
        "tweeteval-sentiment/val": sentiment(read, val[1]),
        "tweeteval-sentiment/val, rows without a near-copy in train": sentiment(read[unseen], np.array(val[1])[unseen]),
        "tweeteval-sentiment/devtest2016": sentiment_of(files, load_split(tweets / "devtest2016.tsv")),
        "airline-tweets-NC, never trained on": sentiment_of(files, airline),
        "open-reviews/val": sentiment_of(files, load_split(args.data / "open-reviews/val.tsv")),
        "uci-review-sentences, two poles, never trained on": two_poles(files, args.data / "uci-review-sentences/train.tsv"),
    }
    if any(head["name"] == "emotions" for head in files.heads):
        scores["goemotions/val"] = emotions(files, args.data / "goemotions/val.tsv")
    print(json.dumps(scores, indent=2))
    if args.write:
        manifest = json.loads(args.manifest.read_text())
        manifest["scores"] = scores
        args.manifest.write_text(json.dumps(manifest, indent=2) + "\n")


def predictions(files: Files, texts: list[str], head: str = "sentiment") -> np.ndarray:
    return np.array([files.probabilities(files.vector(files.windows(text)))[head] for text in texts])


def sentiment_of(files: Files, rows: tuple[list[str], list[int]]) -> dict:
    return sentiment(predictions(files, rows[0]), rows[1])


def sentiment(probabilities: np.ndarray, labels) -> dict:
    labels, guesses = np.array(labels), probabilities.argmax(1)
    recalls = [float(np.mean(guesses[labels == n] == n)) for n in range(len(LABELS))]
    confidence, right = probabilities.max(1), guesses == labels
    bins = np.minimum((confidence * 10).astype(int), 9)
    error = sum(abs(right[bins == b].mean() - confidence[bins == b].mean()) * np.mean(bins == b) for b in set(bins))
    return {
        "rows": len(labels),
        "macro_recall": round(float(np.mean(recalls)), 4),
        "recall": {label: round(recall, 4) for label, recall in zip(LABELS, recalls, strict=True)},
        "accuracy": round(float(right.mean()), 4),
        "expected_calibration_error": round(float(error), 4),
    }


def two_poles(files: Files, path: Path) -> dict:
    """Accuracy where there is no neutral: the stronger of the two poles decides."""
    rows = read_tsv(path)
    found = predictions(files, [row["text"] for row in rows])
    positive = np.array([row["label"] == "positive" for row in rows])
    return {"rows": len(rows), "accuracy": round(float(np.mean((found[:, POSITIVE] > found[:, NEGATIVE]) == positive)), 4)}


def emotions(files: Files, path: Path) -> dict:
    """Mean average precision over the labels, and macro-F1 at a threshold of 0.3."""
    texts, named = load_emotions(path)
    truth = np.zeros((len(texts), len(EMOTIONS)), bool)
    for row, numbers in enumerate(named):
        truth[row, numbers] = True
    found = predictions(files, texts, "emotions")
    precisions, f1s = [], []
    for label in range(len(EMOTIONS)):
        ranked = truth[np.argsort(-found[:, label]), label]
        hits = np.cumsum(ranked)
        precisions.append(np.sum(hits / np.arange(1, len(ranked) + 1) * ranked) / max(ranked.sum(), 1))
        guessed = found[:, label] > 0.3
        both = np.sum(guessed & truth[:, label])
        f1s.append(2 * both / max(guessed.sum() + truth[:, label].sum(), 1))
    return {
        "rows": len(texts),
        "mean_average_precision": round(float(np.mean(precisions)), 4),
        "macro_f1_at_0.3": round(float(np.mean(f1s)), 4),
    }


if __name__ == "__main__":
    main()
