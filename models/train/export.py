"""Turns a checkpoint into the files that the Worker loads, named by their content hash, and writes the
manifest that names them.

A checkpoint is a folder with `model.pt` (weights) and `train.json`: `layers`, `heads` (name to labels), `vocabulary` (the ids of
the base vocabulary that are kept, in their new order; all if absent), `scores`. Beside them may lie `calibration.json`
(`calibrate.py`) and `heads.json` (`heads.py`), heads fitted on the frozen features.
"""

import argparse
import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import torch

from data import emoji_words
from graph import embedder_graph, encoder_graph
from model import Model, base_directory
from quantise import TOKEN_LEVELS, pack_six_bits, quantise_rows

MAGIC = b"EDEMB002"
# Windows of a long text are at most this long, so further positions are never read.
N_POSITIONS = 128
NOT_OPTIONS = {"max_steps", "evaluate_every", "threads"}
SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
# Files of other makers, which a new encoder leaves in place.
OTHER_ROLES = ("language", "multilingual", "english")

MODEL_ID = "edgedesk-reader"
LICENCES = {
    "all-MiniLM-L6-v2": "Apache-2.0",
    "tweeteval-sentiment": "platform terms of the tweets; texts are not redistributed",
    "goemotions": "CC BY 4.0",
    "open-reviews": "CC BY 4.0",
}
# The training's other heads only helped the encoder to learn.
SHIPPED_HEADS = {"sentiment": "softmax", "emotions": "sigmoid"}
# What the scores of `checks.py` are, for the manifest.
MEASURES = {
    "tweets": ("TweetEval sentiment, val", "macro_recall"),
    "tweets_2016": ("SemEval devtest 2016", "macro_recall"),
    "airline": ("tweets to airlines, val", "macro_recall"),
    "tweet_emotion": ("TweetEval emotion, val", "macro_f1"),
    "banking77": ("Banking77, val", "accuracy"),
    "clinc150": ("CLINC150, val, in scope", "accuracy"),
    "clinc150_oos": ("CLINC150, val, out of scope", "recall"),
    "emotions_map": ("GoEmotions, val", "mean_average_precision"),
    "faq_recall_at_1": ("StackFAQ, titles", "recall_at_1"),
}
UNCALIBRATED = {"temperature": 1.0, "shift": None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder that gets manifest.json and files/")
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", required=True, help="of the training, YYYY-MM-DD")
    args = parser.parse_args()
    folder, manifest_path = args.models / "files", args.models / "manifest.json"
    folder.mkdir(parents=True, exist_ok=True)
    before = json.loads(manifest_path.read_text()) if manifest_path.exists() else {"files": {}}

    train = json.loads((args.checkpoint / "train.json").read_text())
    model = load_checkpoint(args.checkpoint)
    heads = json.dumps({"heads": export_heads(model, train, args.checkpoint)}, separators=(",", ":")).encode()
    kept = kept_rows(train)
    files = {
        "encoder": write_named(folder, "encoder", "onnx", encoder_graph(model.encoder)),
        "embedder": write_named(folder, "embedder", "onnx", embedder_graph(model.encoder)),
        "embeddings": write_named(folder, "embeddings", "bin", embedding_table(model, kept)),
        "vocabulary": write_named(folder, "vocabulary", "txt", vocabulary(kept)),
        "emoji": write_named(folder, "emoji", "tsv", emoji_table()),
        "heads": write_named(folder, "heads", "json", heads),
    }
    files |= {role: before["files"][role] for role in OTHER_ROLES if role in before["files"]}
    manifest = {"id": MODEL_ID, "version": args.version, "date": args.date, "files": files, **origin(train)}
    manifest |= {role: before[role] for role in OTHER_ROLES if role in before}
    manifest_path.write_text(json.dumps(manifest, indent=2) + "\n")
    named = {file["name"] for file in files.values()}
    for old in folder.iterdir():
        if old.name not in named:
            old.unlink()
    for role, file in files.items():
        print(f"{role:12} {file['bytes']:>10}")
    print(f"{'together':12} {sum(file['bytes'] for file in files.values()):>10}")


def load_checkpoint(folder: Path) -> Model:
    train = json.loads((folder / "train.json").read_text())
    model = Model(len(train["layers"]), train["shallow"], {name: len(labels) for name, labels in train["heads"].items()})
    model.load_state_dict(torch.load(folder / "model.pt", map_location="cpu"))
    return model.eval()


def export_heads(model: Model, train: dict, folder: Path) -> list[dict]:
    """The heads in the shape of the heads file, calibrated where `calibrate.py` has been run, and those of `heads.py`."""
    calibrations = read_if_there(folder / "calibration.json", {})
    heads = []
    for name, activation in SHIPPED_HEADS.items():
        if name not in model.heads:
            continue
        head, labels = model.heads[name], train["heads"][name]
        calibration = calibrations.get(name, UNCALIBRATED)
        bias = head.bias.detach() + torch.tensor(calibration["shift"] or [0.0] * len(labels))
        heads.append(
            {
                "name": name,
                "labels": labels,
                "activation": activation,
                "temperature": calibration["temperature"],
                "weight": head.weight.tolist(),
                "bias": bias.tolist(),
            }
        )
    heads += read_if_there(folder / "heads.json", [])
    # Four digits: an output is off by 0.001 (1,152 errors of up to 0.00005 that do not add up), and the reference reads the same file.
    for head in heads:
        head["weight"] = [[round(value, 4) for value in row] for row in head["weight"]]
        head["bias"] = [round(value, 4) for value in head["bias"]]
    return heads


def read_if_there(path: Path, otherwise):
    return json.loads(path.read_text()) if path.exists() else otherwise


def origin(train: dict) -> dict:
    """Where the weights come from: parents, data with licences, command, seed, scores."""
    settings = train.get("settings", {})
    options = "".join(option(key, value) for key, value in settings.items() if key not in NOT_OPTIONS)
    return {
        "parents": [{"name": "all-MiniLM-L6-v2", "layers": train["layers"], "licence": LICENCES["all-MiniLM-L6-v2"]}],
        "data": train.get("data", []),
        "training": {
            "command": f"train.py --data DATA --out RUN{options}",
            "seed": int(settings.get("seed", 0)),
            "seconds": train.get("seconds", 0),
        },
        "scores": [
            {"set": MEASURES[name][0], "measure": MEASURES[name][1], "value": value, "rows": train["rows"][name]}
            for name, value in train.get("scores", {}).items()
        ],
    }


def option(key: str, value: str) -> str:
    name = f" --{key.replace('_', '-')}"
    return {"True": name, "False": "", "None": ""}.get(value, f"{name} {value}")


def write_named(folder: Path, stem: str, suffix: str, content: bytes) -> dict:
    digest = hashlib.sha256(content).hexdigest()
    name = f"{stem}-{digest[:12]}.{suffix}"
    (folder / name).write_bytes(content)
    return {"name": name, "sha256": digest, "bytes": len(content)}


def kept_rows(train: dict) -> list[int]:
    """Ids of the base vocabulary, in the order of the new one."""
    return train.get("vocabulary") or list(range(len(base_vocabulary())))


def base_vocabulary() -> list[str]:
    return (base_directory() / "vocab.txt").read_text(encoding="utf-8").splitlines()


def vocabulary(kept: list[int]) -> bytes:
    """One piece a line. A word whose pieces were left out is cut into smaller ones, as any other that has no piece."""
    base = base_vocabulary()
    pieces = [base[n] for n in kept]
    missing = [piece for piece in SPECIAL if piece not in pieces]
    if missing or len(set(kept)) != len(kept):
        raise SystemExit(f"the kept vocabulary has repeats or lacks {missing}")
    return "".join(f"{piece}\n" for piece in pieces).encode()


def embedding_table(model: Model, kept: list[int]) -> bytes:
    """`MAGIC`, rows, width, positions (u32 each), a scale per row (f32), the rows (six bits a value), the
    positions with the type embedding added (f32). All little-endian."""
    rows = model.encoder.tokens.weight.detach().numpy()
    # A checkpoint may hold the kept rows only.
    quantised, scales = quantise_rows(rows if len(rows) == len(kept) else rows[kept], TOKEN_LEVELS)
    positions = model.encoder.positions.weight.detach().numpy()[:N_POSITIONS]
    head = MAGIC + struct.pack("<III", *quantised.shape, N_POSITIONS)
    return head + scales.astype("<f4").tobytes() + pack_six_bits(quantised) + positions.astype("<f4").tobytes()


def emoji_table() -> bytes:
    rows = sorted(emoji_words().items())
    return "".join(f"{character}\t{words}\n" for character, words in rows).encode()


if __name__ == "__main__":
    main()
