"""What an ensemble of larger models says of the mood of every training text: soft labels that the student learns beside the true ones.

A teacher is a checkpoint of `train.py` with all six layers under the mood head, trained on tweets alone. Several seeds together are
right more often than any of them, and of texts without a label they are the only word on the mood.
"""

import argparse
from pathlib import Path

import torch

from data import LABELS
from export import load_checkpoint
from model import Model
from tasks import load_all
from teacher import pad
from train import text_encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--seed", type=int, default=17, help="that of the student's training: it draws the rows")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows, _ = load_all(args.data, args.seed)
    ids = text_encoder(args.max_tokens)([row.text for row in rows])
    found = torch.stack([probabilities(load_checkpoint(folder).to(device), ids, device) for folder in args.checkpoint])
    torch.save(found.mean(0).half(), args.out)


@torch.no_grad()
def probabilities(model: Model, ids: list[list[int]], device: str, size: int = 64) -> torch.Tensor:
    """`[rows, 3]`, in the order of the rows."""
    found = torch.zeros(len(ids), len(LABELS))
    order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
    nothing = torch.tensor([], dtype=torch.long, device=device)
    for start in range(0, len(order), size):
        numbers = order[start : start + size]
        padded, mask = pad([ids[n] for n in numbers], device)
        with torch.autocast(device, dtype=torch.bfloat16):
            features, _ = model(padded, mask, nothing)
        found[numbers] = model.heads["sentiment"](features.float()).softmax(-1).cpu()
        if (start // size) % 200 == 0:
            print(f"mood teacher: {start} of {len(order)}", flush=True)
    return found


if __name__ == "__main__":
    main()
