"""The exported files as the Worker runs them: six-bit rows, the graph's own operators, windows, heads. Scores and
golden files are made with this, so that they are those of the files and not of the checkpoint."""

import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

from data import normalise
from graph import Runner
from quantise import unpack_six_bits

MAX_WINDOW_TOKENS = 128


class Files:
    def __init__(self, manifest: Path):
        self.manifest = json.loads(manifest.read_text())
        folder = manifest.parent / "files"
        paths = {role: folder / file["name"] for role, file in self.manifest["files"].items()}
        self.vocabulary = paths["vocabulary"].read_text(encoding="utf-8").splitlines()
        self.emoji = dict(line.split("\t") for line in paths["emoji"].read_text(encoding="utf-8").splitlines())
        self.heads = json.loads(paths["heads"].read_text())["heads"]
        self.encoder = Runner(paths["encoder"].read_bytes())
        self.embedder = Runner(paths["embedder"].read_bytes())
        self.read_embeddings(paths["embeddings"].read_bytes())
        self.tokenizer = reference_tokenizer(self.vocabulary)

    def read_embeddings(self, content: bytes) -> None:
        n_rows, width, n_positions = np.frombuffer(content, "<u4", 3, 8)
        at = 20
        self.scales = np.frombuffer(content, "<f4", n_rows, at)
        at += 4 * n_rows
        n_packed = n_rows * width // 4 * 3
        self.rows = unpack_six_bits(np.frombuffer(content, np.uint8, n_packed, at)).reshape(n_rows, width)
        at += n_packed
        self.positions = np.frombuffer(content, "<f4", n_positions * width, at).reshape(n_positions, width)

    def windows(self, text: str) -> list[list[int]]:
        """As `Model::windows` in Rust, for texts short enough to be read whole."""
        pieces = self.tokenizer.encode(normalise(text, self.emoji), add_special_tokens=False).ids
        n_inner = MAX_WINDOW_TOKENS - 2
        n_windows = max(1, -(-len(pieces) // n_inner))
        n_each = max(1, -(-len(pieces) // n_windows))
        opening, closing = self.vocabulary.index("[CLS]"), self.vocabulary.index("[SEP]")
        starts = range(0, max(1, len(pieces)), n_each)
        return [[opening, *pieces[n : n + n_each], closing] for n in starts]

    def features(self, windows: list[list[int]]) -> np.ndarray:
        return weighted(windows, [self.encode(window)[0] for window in windows])

    def embedding(self, windows: list[list[int]]) -> np.ndarray:
        """Of length 1."""
        means = [self.embedder.run(self.encode(window)[1])[0] for window in windows]
        mean = weighted(windows, means)
        return mean / np.linalg.norm(mean)

    def encode(self, tokens: list[int]) -> list[np.ndarray]:
        rows = self.rows[tokens].astype(np.float32) * self.scales[tokens][:, None]
        return self.encoder.run(rows + self.positions[: len(tokens)])

    def probabilities(self, features: np.ndarray) -> dict[str, np.ndarray]:
        found = {}
        for head in self.heads:
            outputs = (np.array(head["weight"]) @ features + np.array(head["bias"])) / head["temperature"]
            if head["activation"] == "softmax":
                powers = np.exp(outputs - outputs.max())
                found[head["name"]] = powers / powers.sum()
            else:
                found[head["name"]] = 1 / (1 + np.exp(-outputs))
        return found


def weighted(windows: list[list[int]], parts: list[np.ndarray]) -> np.ndarray:
    """Every window counts by its tokens."""
    total = sum(len(window) for window in windows)
    return sum(part * np.float32(len(window) / total) for window, part in zip(windows, parts, strict=True))


def reference_tokenizer(vocabulary: list[str]) -> Tokenizer:
    """BERT's tokeniser without added tokens: what a customer writes is never a special token."""
    model = WordPiece({token: n for n, token in enumerate(vocabulary)}, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer
