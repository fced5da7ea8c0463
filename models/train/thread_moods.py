"""Reads the labelled threads of `shared/analysis` with a checkpoint: what the fit of the escalation risk starts from.

Writes a table with a line per customer message: `thread`, `message` (from 0), `score` (probability of positive less that of
negative), `anger` (the strongest of the emotions behind anger and frustration in `shared/analysis/src/emotions.rs`).
"""

import argparse
import json
from pathlib import Path

import torch

from data import EMOTIONS, LABELS
from heads import compute_features, load_model

ANGER = ("anger", "disgust", "annoyance", "disapproval")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--threads", type=Path, required=True, help="threads.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    threads = [json.loads(line) for line in args.threads.read_text(encoding="utf-8").splitlines()]
    places = [(thread["id"], n, text) for thread in threads for n, text in enumerate(thread["messages"])]
    model = load_model(args.checkpoint)
    features = torch.from_numpy(compute_features(model, [text for _, _, text in places]))
    with torch.inference_mode():
        outputs = model.outputs(features)
    path = args.checkpoint / "calibration.json"
    calibrations = json.loads(path.read_text()) if path.exists() else {}
    mood = calibrated(outputs["sentiment"], calibrations.get("sentiment")).softmax(1)
    score = mood[:, LABELS.index("positive")] - mood[:, LABELS.index("negative")]
    felt = calibrated(outputs["emotions"], calibrations.get("emotions")).sigmoid()
    anger = felt[:, [EMOTIONS.index(name) for name in ANGER]].amax(1)
    lines = ["thread\tmessage\tscore\tanger"]
    lines += [f"{i}\t{n}\t{s:.4f}\t{a:.4f}" for (i, n, _), s, a in zip(places, score.tolist(), anger.tolist(), strict=True)]
    args.out.write_text("\n".join(lines) + "\n")


def calibrated(outputs: torch.Tensor, calibration: dict | None) -> torch.Tensor:
    """The outputs as `export.py` has the runtime see them."""
    if calibration is None:
        return outputs
    shift = calibration.get("shift")
    return (outputs + torch.tensor(shift or [0.0] * outputs.shape[1])) / calibration["temperature"]


if __name__ == "__main__":
    main()
