"""Chooses which pieces of the base vocabulary a checkpoint keeps, and writes their ids into its `train.json`.

A row of the embedding table is 292 bytes. Pieces that the training texts never use are names, years and other
scripts; without them a word falls into smaller pieces, as the tokeniser would do with any unknown word.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from model import base_directory
from tasks import TASKS, load
from train import text_encoder

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=19_000)
    args = parser.parse_args()
    pieces = (base_directory() / "vocab.txt").read_text(encoding="utf-8").split("\n")
    pieces = pieces[: next(n for n, piece in enumerate(pieces + [""]) if not piece)]
    encode = text_encoder(128)
    counts = Counter()
    for task in TASKS:
        for row in encode([row.text for row in load(task, args.data, 17)[0]]):
            counts.update(row)
    kept = {n for n, piece in enumerate(pieces) if piece in SPECIAL or is_building_block(piece)}
    # The vocabulary is in order of frequency in general English: the second key for pieces equally common here.
    for n in sorted(range(len(pieces)), key=lambda n: (-min(counts[n], 3), n)):
        if len(kept) >= args.size or (counts[n] == 0 and pieces[n].startswith("[unused")):
            break
        kept.add(n)
    path = args.checkpoint / "train.json"
    facts = json.loads(path.read_text())
    facts["vocabulary"] = sorted(kept)
    path.write_text(json.dumps(facts, indent=2))
    lost = sum(count for n, count in counts.items() if n not in kept)
    print(f"kept {len(kept)} of {len(pieces)} pieces; of the training tokens {lost / counts.total():.4%} are cut smaller")


def is_building_block(piece: str) -> bool:
    """Single letters and marks of European scripts, at the start of a word or within: what every other word is made of."""
    bare = piece.removeprefix("##")
    return len(bare) == 1 and ord(bare) < 0x250


if __name__ == "__main__":
    main()
