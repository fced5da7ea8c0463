"""Trains the mood of texts that are not English, and writes its file, its entry in the manifest and its golden file.

A linear model over hashed features: the n-grams of words that `language.py` uses, pairs of neighbouring words, emoji and
marks. `mood_features` must stay the twin of `shared/language/src/mood.rs`. Tweets in eight languages with their labels,
and film lines in thirteen whose emotions stand for a mood (weak labels). Two minutes on one core.
"""

import argparse
import hashlib
import json
import struct
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from data import LABELS, read_tsv
from language import MAX_TEXT_CHARS, calibration_error, feature_ids, mixed, softmax, step, words

MAGIC = b"EDMOOD01"
MODEL_ID = "edgedesk-mood-multilingual"
GOOD, BAD = {"joy", "trust"}, {"anger", "disgust", "fear", "sadness"}
PAIR_SEED, SKIP_SEED, MARK_SEED = 0x517CC1B7, 0x27220A95, 0x6C62272E
EYES, NOSES, SMILES, FROWNS = ":;=", "-'", ")D]pP", "(/[|"
GAIN = 10.0


@dataclass
class Settings:
    n_bits: int
    n_rows: int
    epochs: int
    rate: float
    drop: float
    weak: float
    decay: float
    seed: int
    batch: int = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder with manifest.json and files/")
    parser.add_argument("--golden", type=Path, required=True, help="mood.jsonl of shared/language")
    parser.add_argument("--bits", type=int, default=19)
    parser.add_argument("--rows", type=int, default=350_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.015)
    parser.add_argument("--drop", type=float, default=0.4)
    parser.add_argument("--weak", type=float, default=0.3, help="weight of a film line; a tweet has 1")
    parser.add_argument("--decay", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--dry-run", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    started = time.process_time()

    settings = Settings(args.bits, args.rows, args.epochs, args.rate, args.drop, args.weak, args.decay, args.seed)
    rows = read_rows(args.data, settings)
    held_out = read_tsv(args.data / "umsab-multilingual-sentiment/val.tsv")
    weight, bias = train(rows, settings, held_out)
    model = quantise(weight, bias, rows, settings)
    calibrate(model, held_out)
    scores = evaluate(model, held_out)
    seconds = round(time.process_time() - started)
    print(json.dumps(scores, indent=1), f"\n{seconds} s of the processor")
    if args.dry_run:
        return
    names = ("bits", "rows", "epochs", "rate", "drop", "weak", "decay", "seed")
    command = "multilingual.py --data DATA " + " ".join(f"--{name} {getattr(args, name)}" for name in names)
    write_model(model, args.models, {"command": command, "cpu_seconds": seconds}, scores)
    write_golden(model, args.golden)


# --- A text into features -------------------------------------------------------------------------------------------


def mood_features(text: str) -> np.ndarray:
    """Hashes of the n-grams of every word, of its pairs with the next word and the one after, and of the marks."""
    found = words(text)
    whole = [feature_ids(word)[-1] for word in found]
    hashes = [feature_ids(word) for word in found]
    pairs = [pair(PAIR_SEED, one, two) for one, two in zip(whole, whole[1:])]
    pairs += [pair(SKIP_SEED, one, two) for one, two in zip(whole, whole[2:])]
    marked = [mixed(step(MARK_SEED, ord(mark))) for mark in marks(text)]
    return np.concatenate([*hashes, np.array(pairs + marked, np.uint32)]) if hashes or marked else np.zeros(0, np.uint32)


def pair(seed: int, one: int, two: int) -> int:
    return mixed(step(step(seed, int(one)), int(two)))


def marks(text: str) -> list[str]:
    """Emoji, `!` and `?` (one for each of the first three), and emoticons as `)` and `(`."""
    text = text[:MAX_TEXT_CHARS]
    found, seen = [], defaultdict(int)
    for at, character in enumerate(text):
        code = ord(character)
        if character in "!?":
            mark = character
        elif code >= 0x1F000 or 0x2600 <= code < 0x27C0:
            mark = character
        elif character in EYES:
            rest = text[at + 1 : at + 3]
            has_nose = len(rest) == 2 and rest[0] in NOSES
            mouth = rest[1] if has_nose else rest[:1]
            # "//" is the colon of a link.
            if not mouth or rest == "//" or mouth not in SMILES + FROWNS:
                continue
            mark = ")" if mouth in SMILES else "("
        else:
            continue
        seen[mark] += 1
        if seen[mark] <= 3:
            found.append(mark)
    return found


# --- Training -------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    ids: np.ndarray
    label: int
    weight: float


def read_rows(data: Path, settings: Settings) -> list[Row]:
    mask = (1 << settings.n_bits) - 1
    rows = [
        Row((mood_features(row["text"]) & mask).astype(np.int64), LABELS.index(row["label"]), 1.0)
        for row in read_tsv(data / "umsab-multilingual-sentiment/train.tsv")
    ]
    if settings.weak:
        for row in read_tsv(data / "xed-emotion/train.tsv.gz"):
            mood = weak_mood(set(row["labels"].split(",")))
            if mood:
                ids = (mood_features(row["text"]) & mask).astype(np.int64)
                rows.append(Row(ids, LABELS.index(mood), settings.weak))
    return [row for row in rows if len(row.ids)]


def weak_mood(emotions: set[str]) -> str | None:
    """Emotions of one pole only; nothing where both or neither are named."""
    if emotions == {"neutral"}:
        return "neutral"
    if emotions & GOOD and not emotions & BAD:
        return "positive"
    if emotions & BAD and not emotions & GOOD:
        return "negative"
    return None


def train(rows: list[Row], settings: Settings, held_out: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(settings.seed)
    table = torch.nn.EmbeddingBag(1 << settings.n_bits, len(LABELS), mode="sum")
    torch.nn.init.zeros_(table.weight)
    bias = torch.zeros(len(LABELS), requires_grad=True)
    optimiser = torch.optim.Adam([table.weight, bias], lr=settings.rate, fused=True)
    total = settings.epochs * (len(rows) // settings.batch + 1)
    mean, n_summed, n_done = torch.zeros_like(table.weight.data), 0, 0
    for epoch in range(settings.epochs):
        order, loss_sum = chance.permutation(len(rows)), 0.0
        for at in range(0, len(rows), settings.batch):
            batch = [rows[index] for index in order[at : at + settings.batch]]
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * max(1 - n_done / total, 0.01)
            ids, offsets, scale = bags([row.ids for row in batch], chance, settings.drop)
            outputs = table(ids, offsets) * scale * GAIN + bias
            losses = functional.cross_entropy(outputs, torch.tensor([row.label for row in batch]), reduction="none")
            loss = (losses * torch.tensor([row.weight for row in batch])).mean()
            penalty = settings.decay * GAIN**2 * (table.weight[ids] ** 2).sum() / len(batch)
            optimiser.zero_grad(set_to_none=True)
            (loss + penalty).backward()
            optimiser.step()
            loss_sum += float(loss.detach())
            n_done += 1
            if n_done > total // 2 and n_done % 5 == 0:
                mean += table.weight.data
                n_summed += 1
        now = Mood(settings.n_bits, 1.0, table.weight.data.numpy() * GAIN, bias.detach().numpy(), np.zeros(0))
        print(f"epoch {epoch + 1}: loss {loss_sum * settings.batch / len(rows):.4f}", evaluate(now, held_out)["mean_macro_f1"], flush=True)
    return (mean / max(n_summed, 1)).numpy() * GAIN, bias.detach().numpy()


def bags(texts: list[np.ndarray], chance: np.random.Generator | None = None, drop: float = 0.0):
    found = []
    for ids in texts:
        kept = ids[chance.random(len(ids)) >= drop] if drop and len(ids) > 3 else ids
        found.append(kept if len(kept) else ids)
    lengths = np.array([len(ids) for ids in found])
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    scale = (1 / np.sqrt(np.maximum(lengths, 1))).astype(np.float32)[:, None]
    return torch.from_numpy(np.concatenate(found)), torch.from_numpy(offsets), torch.from_numpy(scale)


# --- The file and what it says --------------------------------------------------------------------------------------


@dataclass
class Mood:
    n_bits: int
    scale: float
    weight: np.ndarray
    bias: np.ndarray
    kept: np.ndarray
    temperature: float = 1.0

    def outputs(self, texts: list[str]) -> np.ndarray:
        mask = (1 << self.n_bits) - 1
        found = [(mood_features(text) & mask).astype(np.int64) for text in texts]
        ids, offsets, scale = bags(found)
        bag = torch.from_numpy(self.weight[ids.numpy()].astype(np.float32))
        sums = functional.embedding_bag(torch.arange(len(ids)), bag, offsets, mode="sum")
        return sums.numpy() * (np.float32(self.scale) * scale.numpy()) + self.bias

    def probabilities(self, texts: list[str]) -> np.ndarray:
        return softmax(self.outputs(texts).astype(np.float64) / self.temperature)


def quantise(weight: np.ndarray, bias: np.ndarray, rows: list[Row], settings: Settings) -> Mood:
    """Eight bits a weight; only the rows that matter, by their size and by how often they are met."""
    n_seen = np.bincount(np.concatenate([row.ids for row in rows]), minlength=1 << settings.n_bits)
    weight = weight - weight.mean(axis=1, keepdims=True)
    weight[n_seen == 0] = 0
    matters = np.linalg.norm(weight, axis=1) * np.sqrt(np.minimum(n_seen, 1_000))
    kept = np.sort(np.argsort(-matters, kind="stable")[: min(settings.n_rows, int((n_seen > 0).sum()))])
    scale = float(np.float32(np.quantile(np.abs(weight[kept]), 0.9998) / 127))
    steps = np.zeros(weight.shape, np.int8)
    steps[kept] = np.clip(np.rint(weight[kept] / scale), -127, 127)
    return Mood(settings.n_bits, scale, steps, (bias - bias.mean()).astype(np.float32), kept)


def calibrate(model: Mood, held_out: list[dict]) -> None:
    """Fits the temperature on every second row."""
    rows = held_out[::2]
    outputs = torch.from_numpy(model.outputs([row["text"] for row in rows]).astype(np.float64))
    labels = torch.tensor([LABELS.index(row["label"]) for row in rows])
    tried = np.exp(np.linspace(-1.5, 1.5, 61))
    losses = [float(functional.cross_entropy(outputs / temperature, labels)) for temperature in tried]
    model.temperature = float(np.float32(tried[int(np.argmin(losses))]))


def evaluate(model: Mood, held_out: list[dict]) -> dict:
    """Macro-F1 by language and their mean; calibration on the rows that the temperature was not fitted on."""
    found = model.probabilities([row["text"] for row in held_out])
    labels = np.array([LABELS.index(row["label"]) for row in held_out])
    languages = np.array([row["lang"] for row in held_out])
    guesses = found.argmax(axis=1)
    by_language = {
        code: round(macro_f1(labels[languages == code], guesses[languages == code]), 4) for code in sorted(set(languages))
    }
    pairs = [(found[n].max(), guesses[n] == labels[n]) for n in range(1, len(labels), 2)]
    return {
        "rows": len(labels),
        "mean_macro_f1": round(float(np.mean(list(by_language.values()))), 4),
        "by_language": by_language,
        "accuracy": round(float(np.mean(guesses == labels)), 4),
        "expected_calibration_error": round(calibration_error(pairs), 4),
    }


def macro_f1(labels: np.ndarray, guesses: np.ndarray) -> float:
    scores = []
    for n in range(len(LABELS)):
        hits = np.sum((labels == n) & (guesses == n))
        scores.append(2 * hits / max(1, np.sum(labels == n) + np.sum(guesses == n)))
    return float(np.mean(scores))


def write_file(model: Mood, models: Path, role: str, entry: dict) -> None:
    """The file, as `shared/language/src/mood.rs` reads it, and the manifest's own entry of that role."""
    occupied = np.zeros(1 << model.n_bits, np.uint8)
    occupied[model.kept] = 1
    content = MAGIC + struct.pack("<III", model.n_bits, len(LABELS), len(model.kept))
    content += struct.pack("<ff", model.scale, model.temperature) + model.bias.astype("<f4").tobytes()
    content += np.packbits(occupied, bitorder="little").tobytes() + model.weight[model.kept].tobytes()
    digest = hashlib.sha256(content).hexdigest()
    for old in (models / "files").glob(f"{role}-*.bin"):
        old.unlink()
    name = f"{role}-{digest[:12]}.bin"
    (models / "files" / name).write_bytes(content)

    path = models / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][role] = {"name": name, "sha256": digest, "bytes": len(content)}
    manifest[role] = entry
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def write_golden(model: Mood, path: Path) -> None:
    texts = [json.loads(line)["text"] for line in (path.parent / "golden.jsonl").read_text().splitlines()]
    texts += ["Toll!!! 😍", "Schlecht :-(", "súper :D", "http://a.example/b", ":/ :( =) ;-) : )", "?!?!?!?!", "❤️❤️❤️❤️"]
    texts = [text for text in texts if len(mood_features(text))]
    found = model.probabilities(texts)
    rows = [{"text": text, "mood": [round(float(p), 5) for p in row]} for text, row in zip(texts, found, strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main()
