"""Trains the mood of texts that are not English, and writes its file, its entry in the manifest and its golden file.

A linear model over hashed features: the n-grams of words that `language.py` uses, pairs of neighbouring words, emoji and
marks. `mood_features` must stay the twin of `shared/language/src/mood.rs`. Trained on tweets in eight languages with their
labels, and on film lines and example sentences in thirteen with what a teacher says of them: a logistic regression on the
embeddings of `multilingual_teacher.py`. A word that no training text holds has a weight as well: what a linear map makes of
its embedding, trained beside and then added to the word's own row. Two minutes on one core.
"""

import argparse
import hashlib
import json
import struct
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from torch.nn import functional

from data import LABELS, read_tsv
from language import MAX_TEXT_CHARS, calibration_error, feature_ids, mixed, softmax, step, words

MAGIC = b"EDMOOD01"
MODEL_ID = "edgedesk-mood-multilingual"
LICENCES = {
    "umsab-multilingual-sentiment/train.tsv": "platform terms of the tweets; texts are not redistributed",
    "xed-emotion/train.tsv.gz": "CC BY 4.0",
    "langid/train.tsv.gz": "CC BY 2.0 FR, CC BY 4.0, Apache-2.0",
    "wordfreq 3.1.1, the words without their frequencies": "CC BY-SA 4.0",
    "multilingual-e5-small as teacher": "MIT",
}
PAIR_SEED, SKIP_SEED, MARK_SEED = 0x517CC1B7, 0x27220A95, 0x6C62272E
EYES, NOSES, SMILES, FROWNS = ":;=", "-'", ")D]pP", "(/[|"
GAIN = 10.0
# Strength of the teacher's penalty (scikit-learn's C), and the directions in which all words of a language are alike.
TEACHER_C, N_COMMON = 0.003, 3


@dataclass
class Settings:
    n_bits: int
    n_rows: int
    epochs: int
    rate: float
    drop: float
    decay: float
    seed: int
    told: float = 0.0
    soft: float = 0.0
    word_rate: float = 0.0
    batch: int = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder with manifest.json and files/")
    parser.add_argument("--golden", type=Path, required=True, help="mood.jsonl of shared/language")
    parser.add_argument("--teacher", type=Path, required=True, help="the .npz of multilingual_teacher.py")
    parser.add_argument("--bits", type=int, default=22)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--drop", type=float, default=0.6)
    parser.add_argument("--told", type=float, default=0.1, help="weight of a text that only the teacher has judged; a tweet has 1")
    parser.add_argument("--soft", type=float, default=0.2, help="the teacher's part in the target of a tweet")
    parser.add_argument("--word-rate", type=float, default=0.02, help="learning rate of the map from embeddings of words")
    parser.add_argument("--decay", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--dry-run", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    started = time.process_time()

    settings = Settings(
        args.bits, args.rows, args.epochs, args.rate, args.drop, args.decay, args.seed, args.told, args.soft, args.word_rate
    )
    rows, known = read_rows(args.data, np.load(args.teacher), settings)
    held_out = read_tsv(args.data / "umsab-multilingual-sentiment/val.tsv")
    weight, bias = train(rows, settings, held_out, known)
    model = quantise(weight, bias, rows, settings, known)
    calibrate(model, held_out)
    scores = evaluate(model, held_out)
    seconds = round(time.process_time() - started)
    print(json.dumps(scores, indent=1), f"\n{seconds} s of the processor")
    if args.dry_run:
        return
    names = ("bits", "rows", "epochs", "rate", "drop", "told", "soft", "word_rate", "decay", "seed")
    options = " ".join(f"--{name.replace('_', '-')} {getattr(args, name)}" for name in names)
    command = f"multilingual.py --data DATA --teacher TEACHER {options}"
    entry = {
        "id": MODEL_ID,
        "data": [{"name": name, "licence": licence} for name, licence in LICENCES.items()],
        "training": {"command": command, "cpu_seconds": seconds},
        "scores": {"umsab/val": scores},
    }
    write_file(model, args.models, "multilingual", entry)
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
    target: np.ndarray
    weight: float
    words: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass
class Known:
    """Words with an embedding, scaled by how much a word of its frequency says, and the rows they have in the table."""

    embeddings: np.ndarray
    rows: np.ndarray

    def summed(self, found: list[np.ndarray]) -> torch.Tensor:
        return torch.from_numpy(np.stack([self.embeddings[indices].sum(axis=0) for indices in found]))


def read_rows(data: Path, teacher, settings: Settings) -> tuple[list[Row], Known]:
    tweets = read_tsv(data / "umsab-multilingual-sentiment/train.tsv")
    labels = np.array([LABELS.index(row["label"]) for row in tweets])
    of_tweets, of_others = judged(teacher, labels)
    targets = (1 - settings.soft) * np.eye(len(LABELS))[labels] + settings.soft * of_tweets

    mask = (1 << settings.n_bits) - 1
    index = {word: n for n, word in enumerate(teacher["words"].tolist())}
    rows = []
    texts = [(row["text"], target, 1.0) for row, target in zip(tweets, targets, strict=True)]
    texts += [(text, target, settings.told) for text, target in zip(teacher["others"].tolist(), of_others, strict=True)]
    for text, target, weight in texts:
        ids = (mood_features(text) & mask).astype(np.int64)
        known = np.array([index[word] for word in words(text) if word in index], np.int64)
        if len(ids):
            rows.append(Row(ids, target.astype(np.float32), weight, known))
    return rows, known_words(teacher, index, tweets, mask)


def judged(teacher, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The teacher's probabilities: of each tweet, by one who was not trained on it, and of every other text."""
    mean, deviation = teacher["tweets_read"].mean(axis=0), teacher["tweets_read"].std(axis=0)
    read = {name: (teacher[f"{name}_read"] - mean) / deviation for name in ("tweets", "others")}
    regression = LogisticRegression(C=TEACHER_C, max_iter=300)
    of_tweets = cross_val_predict(regression, read["tweets"], labels, cv=5, method="predict_proba")
    return of_tweets, regression.fit(read["tweets"], labels).predict_proba(read["others"])


def known_words(teacher, index: dict[str, int], tweets: list[dict], mask: int) -> Known:
    """Embeddings without what they have in common, a rare word in full and one of every thousand by half (Arora et al. 2017)."""
    found = teacher["words_read"] - teacher["words_read"].mean(axis=0)
    _, _, directions = np.linalg.svd(found[:40_000], full_matrices=False)
    found -= (found @ directions[:N_COMMON].T) @ directions[:N_COMMON]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    met = np.zeros(len(index))
    for row in tweets:
        for word in words(row["text"]):
            met[index[word]] += 1
    found *= (1e-3 / (1e-3 + met / met.sum()))[:, None]
    rows = np.array([feature_ids(word)[-1] & mask for word in index], np.int64)
    return Known(found.astype(np.float32), rows)


def train(
    rows: list[Row], settings: Settings, held_out: list[dict], known: Known | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of every row of the table and the biases; with `known`, words that no text holds have weights too."""
    known = known or Known(np.zeros((0, 1), np.float32), np.zeros(0, np.int64))
    chance = np.random.default_rng(settings.seed)
    table = torch.nn.EmbeddingBag(1 << settings.n_bits, len(LABELS), mode="sum")
    torch.nn.init.zeros_(table.weight)
    bias = torch.zeros(len(LABELS), requires_grad=True)
    word_map = torch.zeros(known.embeddings.shape[1], len(LABELS), requires_grad=True)
    rates = [(table.weight, settings.rate), (bias, settings.rate), (word_map, settings.word_rate)]
    optimiser = torch.optim.Adam([{"params": [values], "lr": rate} for values, rate in rates], fused=True)
    total = settings.epochs * (len(rows) // settings.batch + 1)
    mean, map_mean, n_summed, n_done = torch.zeros_like(table.weight.data), torch.zeros_like(word_map), 0, 0
    for epoch in range(settings.epochs):
        order, loss_sum = chance.permutation(len(rows)), 0.0
        for at in range(0, len(rows), settings.batch):
            batch = [rows[index] for index in order[at : at + settings.batch]]
            for group, (_, rate) in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * max(1 - n_done / total, 0.01)
            ids, offsets, scale = bags([row.ids for row in batch], chance, settings.drop)
            # Words keep their say when features are dropped: their scale is that of the whole text.
            whole = torch.tensor([1 / np.sqrt(len(row.ids)) for row in batch], dtype=torch.float32)[:, None]
            said = known.summed([row.words for row in batch]) @ word_map * whole
            outputs = table(ids, offsets) * scale * GAIN + said + bias
            targets = torch.from_numpy(np.stack([row.target for row in batch]))
            losses = functional.cross_entropy(outputs, targets, reduction="none")
            loss = (losses * torch.tensor([row.weight for row in batch])).mean()
            penalty = settings.decay * GAIN**2 * (table.weight[ids] ** 2).sum() / len(batch)
            optimiser.zero_grad(set_to_none=True)
            (loss + penalty).backward()
            optimiser.step()
            loss_sum += float(loss.detach())
            n_done += 1
            if n_done > total // 2 and n_done % 5 == 0:
                mean += table.weight.data
                map_mean += word_map.data
                n_summed += 1
        weight = folded(table.weight.data, word_map.data, known)
        now = Mood(settings.n_bits, 1.0, weight, bias.detach().numpy(), np.zeros(0))
        print(f"epoch {epoch + 1}: loss {loss_sum * settings.batch / len(rows):.4f}", evaluate(now, held_out)["mean_macro_f1"], flush=True)
    return folded(mean / max(n_summed, 1), map_mean / max(n_summed, 1), known), bias.detach().numpy()


def folded(table: torch.Tensor, word_map: torch.Tensor, known: Known) -> np.ndarray:
    """One table: a word's own row, and what the map makes of its embedding."""
    weight = table.numpy() * GAIN
    np.add.at(weight, known.rows, known.embeddings @ word_map.numpy())
    return weight


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


def quantise(
    weight: np.ndarray, bias: np.ndarray, rows: list[Row], settings: Settings, known: Known | None = None
) -> Mood:
    """Eight bits a weight; only the rows that matter, by their size and by how often they are met. A known word counts as met."""
    n_seen = np.bincount(np.concatenate([row.ids for row in rows]), minlength=1 << settings.n_bits)
    if known:
        n_seen[known.rows] += 1
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
