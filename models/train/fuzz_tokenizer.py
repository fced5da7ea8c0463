"""Compares the Rust tokeniser with the reference on random strings of all scripts.

    fuzz_tokenizer.py --manifest ../manifest.json --strings 1000000

Strings mix pieces of the vocabulary with characters drawn from every block of Unicode and with those that the normaliser, the
splitter or the matcher treats in a way of its own. The Rust side is the example `tokenize` of `edgedesk-encoder`.
"""

import argparse
import json
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

from runtime import reference_tokenizer

ROOT = Path(__file__).resolve().parents[2]
BATCH = 20_000
SPECIAL = [
    " ", "\t", "\n", "\r", "\u00a0", "\u2028", "\u3000", "\u200b", "\u200c", "\u200d", "\ufeff", "\u00ad", "\u202e", "\ufe0f", "\0", "\x1f", "\x7f",
    "\x85", "\ufffd", "\u0300", "\u0301", "\u0308", "\u0345", "\u20dd", "\u094d", "\u3099", "ß", "ẞ", "İ", "ı", "ſ", "ς", "Σ", "ǅ", "ﬁ", "ŉ", "ᾳ", "#",
    "##", "[CLS]", "[UNK]", "'", "-", "_", "$", "€", "^", "`", "|", "～", "・", "中", "豈", "한", "\u1100\u1161", "👍🏽", "👩\u200d👧", "🇫🇮", "a" * 101, "é" * 60,
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--strings", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--program", type=Path, help="a built `tokenize`; cargo builds it otherwise")
    args = parser.parse_args()
    files = json.loads(args.manifest.read_text())["files"]
    path = args.manifest.resolve().parent / "files" / files["vocabulary"]["name"]
    pieces = path.read_text(encoding="utf-8").splitlines()
    reference, make = reference_tokenizer(pieces), Strings(pieces, args.seed)
    command = [args.program] if args.program else ["cargo", "run", "--quiet", "--package", "edgedesk-encoder", "--example", "tokenize", "--"]
    rust = subprocess.Popen([*map(str, command), str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    n_differing = n_tokens = 0
    for start in range(0, args.strings, BATCH):
        texts = [make.next() for _ in range(min(BATCH, args.strings - start))]
        rust.stdin.write(json.dumps(texts) + "\n")
        rust.stdin.flush()
        expected = [one.ids for one in reference.encode_batch(texts, add_special_tokens=False)]
        for text, wanted, found in zip(texts, expected, json.loads(rust.stdout.readline()), strict=True):
            n_tokens += len(wanted)
            if wanted != found:
                n_differing += 1
                if n_differing <= 20:
                    print(f"{text!r} {[hex(ord(c)) for c in text]}: {found} for {wanted}", file=sys.stderr)
    rust.stdin.close()
    rust.wait()
    print(json.dumps({"strings": args.strings, "seed": args.seed, "tokens": n_tokens, "differing": n_differing}))
    sys.exit(n_differing > 0)


class Strings:
    """An endless row of strings, the same for the same seed."""

    def __init__(self, pieces: list[str], seed: int):
        self.random = random.Random(seed)
        self.pieces = [piece.removeprefix("##") for piece in pieces]
        self.blocks = blocks()

    def next(self) -> str:
        # Half of the strings keep to two blocks, as texts do.
        home = self.random.sample(self.blocks, 2) if self.random.random() < 0.5 else None
        return "".join(self.part(home) for _ in range(self.random.randrange(12)))

    def part(self, home) -> str:
        kind = self.random.random()
        if kind < 0.35:
            piece = self.random.choice(self.pieces)
            return self.random.choice([piece, piece.upper(), piece.title(), piece + " "])
        if kind < 0.55:
            return self.random.choice(SPECIAL)
        if kind < 0.6:
            return chr(self.random.choice([self.random.randrange(0x20, 0x7F), self.random.randrange(0xD800), self.random.randrange(0xE000, 0x110000)]))
        block = self.random.choice(home or self.blocks)
        return "".join(self.random.choice(block) for _ in range(self.random.randrange(1, 6)))


def blocks() -> list[str]:
    """The assigned characters of every stretch of 128 code points that has any."""
    found = []
    for first in range(0, 0x110000, 128):
        codes = (code for code in range(first, first + 128) if not 0xD800 <= code < 0xE000)
        assigned = "".join(chr(code) for code in codes if unicodedata.category(chr(code)) not in ("Cn", "Co"))
        if assigned:
            found.append(assigned)
    return found


if __name__ == "__main__":
    main()
