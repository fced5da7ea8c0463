"""Trains the language identifier, writes its file, its entry in the manifest and its golden file.

A linear model over hashed character n-grams of single words, so that the score of a text is the sum of what its words
say. Two things make it work on short texts: it is trained on single words, word pairs and fragments cut out of the
sentences, and half of a text's features are dropped at every step, so that it cannot lean on having seen a word.

`words` and `feature_ids` must stay the twins of `shared/language/src/{words,features}.rs`; the golden file says when
they are not. Three minutes on one quiet core. Which settings were tried: `../EXPERIMENTS.md`.
"""

import argparse
import hashlib
import json
import math
import re
import struct
import time
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from data import read_tsv

LANGUAGES = ["da", "de", "en", "es", "fi", "fr", "it", "nb", "nl", "pl", "pt", "sv"]
UNDETERMINED = "und"
LABELS = [*LANGUAGES, UNDETERMINED]
# Written in other letters, so told by their script; and Nynorsk, which the product counts as nobody's mistake.
NOT_FOREIGN = set("ar be bg bn el fa he hi hy ja ka kk ko mk ml mn mr ru ta te th uk ur zh nn".split())
XED_CODES = {"no": "nb"}

MAX_TEXT_CHARS, MAX_WORD_CHARS, MAX_RUN, MAX_GRAM_CHARS = 2_000, 32, 2, 5
MIN_FOREIGN_LETTERS = 20
FOREIGN_CAUTION = 1.0
# Holds the correction of the biases near zero where the held-out rows do not insist.
BIAS_PENALTY = 0.002
MAGIC = b"EDLANG01"
# Weights stay near 1 this way, where the optimiser's rate fits.
GAIN = 10.0


@dataclass
class Settings:
    n_bits: int
    n_rows: int
    epochs: int
    per_language: int
    rate: float
    drop: float
    frequency_power: float
    seed: int
    batch: int = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder with manifest.json and files/")
    parser.add_argument("--golden", type=Path, required=True, help="golden.jsonl of shared/language")
    parser.add_argument("--bits", type=int, default=17, help="2^bits buckets")
    parser.add_argument("--rows", type=int, default=88_000, help="buckets that keep their weights")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--per-language", type=int, default=8_000, help="sentences a language and epoch")
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--drop", type=float, default=0.5, help="share of the features dropped at every step")
    parser.add_argument("--frequency-power", type=float, default=0.3, help="how much oftener a frequent word is drawn")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--checkpoint", type=Path, help="keeps the trained weights; starts from them if it exists")
    parser.add_argument("--dry-run", action="store_true", help="train and score, write nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    started = time.process_time()

    settings = Settings(
        args.bits, args.rows, args.epochs, args.per_language, args.rate, args.drop, args.frequency_power, args.seed
    )
    corpus, n_seen = read_corpus(args.data)
    if args.checkpoint and args.checkpoint.exists():
        kept = np.load(args.checkpoint)
        weight, bias = kept["weight"], kept["bias"]
    else:
        weight, bias = train(corpus, settings)
        if args.checkpoint:
            np.savez(args.checkpoint, weight=weight, bias=bias)
    model = quantise(weight, bias, n_seen(args.bits), settings)
    held_out = [row for row in read_tsv(args.data / "langid/val.tsv") if row["lang"] not in NOT_FOREIGN]
    calibrate(model, held_out)
    scores = evaluate(model, held_out)
    seconds = round(time.process_time() - started)
    print(json.dumps(scores, indent=1), f"\n{seconds} s of the processor")
    if args.dry_run:
        return
    command = " ".join(
        f"--{name.replace('_', '-')} {getattr(args, name)}"
        for name in ("bits", "rows", "epochs", "per_language", "rate", "drop", "frequency_power", "seed")
    )
    write_model(model, args.models, {"command": f"language.py --data DATA {command}", "cpu_seconds": seconds}, scores)
    write_golden(model, args.golden)


# --- A text into features -------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """The words of a text, lower case and composed, without what is the same in every language."""
    found = []
    for chunk in re.split("[ \t\n\r]", text[:MAX_TEXT_CHARS]):
        if "@" in chunk or "://" in chunk or "www." in chunk:
            continue
        composed = unicodedata.normalize("NFC", chunk)
        word: list[str] = []
        has_digit = False
        for character in [*(lower for one in composed for lower in one.lower()), " "]:
            if is_separator(character):
                if word and not has_digit:
                    found.append("".join(word))
                word, has_digit = [], False
                continue
            has_digit |= "0" <= character <= "9"
            if word[-MAX_RUN:].count(character) < MAX_RUN and len(word) < MAX_WORD_CHARS:
                word.append(character)
    return found


def is_separator(character: str) -> bool:
    code = ord(character)
    if code < 0x80:
        return not character.isalnum()
    if code < 0xC0:
        return character not in "ªµº"
    return (
        character in "×÷"
        or 0x2000 <= code < 0x2C00
        or 0x3000 <= code < 0x3040
        or 0xE000 <= code < 0xF900
        or 0xFE00 <= code < 0xFE10
        or 0xFEFF <= code < 0xFF21
        or 0xFFF0 <= code < 0x10000
        or code >= 0x1F000
    )


def is_latin(character: str) -> bool:
    code = ord(character)
    return code < 0x370 or 0x1D00 <= code < 0x1F00 or 0xFB00 <= code < 0xFB07 or 0xFF21 <= code < 0xFF5B


@cache
def feature_ids(word: str) -> np.ndarray:
    """The hashes of all n-grams of one to five characters of `<word>`, and of the whole word: uint32."""
    codes = [ord(character) for character in f"<{word}>"]
    last, found = len(codes) - 1, []
    for start in range(len(codes)):
        hashed = 0x811C9DC5
        for n, code in enumerate(codes[start : start + MAX_GRAM_CHARS]):
            hashed = step(hashed, code)
            if n > 0 or 0 < start < last:
                found.append(mixed(hashed))
    hashed = 0x9E3779B9
    for code in codes:
        hashed = step(hashed, code)
    found.append(mixed(hashed))
    return np.array(found, np.uint32)


def step(hashed: int, code: int) -> int:
    return (hashed ^ code) * 0x01000193 & 0xFFFFFFFF


def mixed(hashed: int) -> int:
    hashed = (hashed ^ (hashed >> 15)) * 0x2C1B3C6D & 0xFFFFFFFF
    return hashed ^ (hashed >> 12)


# --- Training -------------------------------------------------------------------------------------------------------


@dataclass
class Language:
    """What is drawn from: sentences as lists of words, and words with the running sum of their chances."""

    sentences: list[list[str]]
    vocabulary: list[str] = field(default_factory=list)
    chances: np.ndarray = field(default_factory=lambda: np.zeros(0))


def read_corpus(data: Path):
    """Sentences by label, a list of languages for each (several for `und`), and a counter of how often a bucket is met."""
    texts = defaultdict(dict)
    for row in read_tsv(data / "langid/train.tsv.gz") + read_tsv(data / "xed-emotion/train.tsv.gz"):
        texts[XED_CODES.get(row["lang"], row["lang"])][row["text"]] = None
    corpus = defaultdict(list)
    for code in sorted(texts):
        if code in NOT_FOREIGN:
            continue
        sentences = [found for text in texts[code] if (found := words(text))]
        corpus[code if code in LANGUAGES else UNDETERMINED].append(Language(sentences))

    def n_seen(n_bits: int) -> np.ndarray:
        counts = np.zeros(1 << n_bits, np.int64)
        for languages in corpus.values():
            for language in languages:
                for word, n in Counter(word for sentence in language.sentences for word in sentence).items():
                    np.add.at(counts, feature_ids(word) & ((1 << n_bits) - 1), n)
        return counts

    return corpus, n_seen


def train(corpus, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Weights `[2^bits, labels]` and biases, the mean over the second half of the steps."""
    chance = np.random.default_rng(settings.seed)
    for languages in corpus.values():
        for language in languages:
            prepare_words(language, settings)
    table = torch.nn.EmbeddingBag(1 << settings.n_bits, len(LABELS), mode="sum")
    torch.nn.init.zeros_(table.weight)
    bias = torch.zeros(len(LABELS), requires_grad=True)
    optimiser = torch.optim.Adam([table.weight, bias], lr=settings.rate, fused=True)
    mean, n_summed, n_done, total = torch.zeros_like(table.weight.data), 0, 0, None
    for epoch in range(settings.epochs):
        examples = draw(corpus, settings, chance)
        batches = [examples[at : at + settings.batch] for at in range(0, len(examples), settings.batch)]
        total = total or len(batches) * settings.epochs
        loss_sum = 0.0
        for batch in batches:
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * max(1 - n_done / total, 0.01)
            ids, offsets, scale = bags([text for text, _ in batch], settings.n_bits, chance, settings.drop)
            outputs = table(ids, offsets) * scale * GAIN + bias
            loss = functional.cross_entropy(outputs, torch.tensor([label for _, label in batch]))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            loss_sum += float(loss.detach())
            n_done += 1
            if n_done > total // 2 and n_done % 10 == 0:
                mean += table.weight.data
                n_summed += 1
        print(f"epoch {epoch + 1}: loss {loss_sum / len(batches):.4f}", flush=True)
    return (mean / max(n_summed, 1)).numpy() * GAIN, bias.detach().numpy()


def prepare_words(language: Language, settings: Settings) -> None:
    counts = Counter(word for sentence in language.sentences for word in sentence if len(word) >= 4)
    language.vocabulary = sorted(counts)
    language.chances = np.cumsum([counts[word] ** settings.frequency_power for word in language.vocabulary])


def draw(corpus, settings: Settings, chance: np.random.Generator) -> list[tuple[list[str], int]]:
    """One epoch: the same number of sentences, fragments, words and word pairs for every label. Foreign languages give
    no single words: those are never called foreign."""
    examples = []
    for code, languages in corpus.items():
        label = LABELS.index(code)
        n_each = settings.per_language // len(languages)
        for language in languages:
            for index in chance.integers(len(language.sentences), size=n_each):
                examples.append((language.sentences[index], label))
            for index in chance.integers(len(language.sentences), size=n_each // 2):
                sentence, length = language.sentences[index], int(chance.integers(2, 6))
                start = int(chance.integers(max(1, len(sentence) - length + 1)))
                examples.append((sentence[start : start + length], label))
            if code == UNDETERMINED:
                continue
            drawn = np.searchsorted(language.chances, chance.random(4 * n_each) * language.chances[-1])
            single, paired = drawn[: 2 * n_each], drawn[2 * n_each :]
            examples += [([language.vocabulary[index]], label) for index in single]
            pairs = zip(paired[::2], paired[1::2], strict=True)
            examples += [([language.vocabulary[one], language.vocabulary[two]], label) for one, two in pairs]
    return [examples[index] for index in chance.permutation(len(examples))]


def bags(texts: list[list[str]], n_bits: int, chance: np.random.Generator | None = None, drop: float = 0.0):
    """Bucket numbers of all texts one after the other, where each text begins, and its scale `1 / sqrt(features)`."""
    mask = (1 << n_bits) - 1
    found = []
    for text in texts:
        ids = np.concatenate([feature_ids(word) for word in text]).astype(np.int64) & mask
        if drop and len(ids) > 3:
            kept = ids[chance.random(len(ids)) >= drop]
            ids = kept if len(kept) else ids
        found.append(ids)
    lengths = np.array([len(ids) for ids in found])
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    scale = (1 / np.sqrt(lengths)).astype(np.float32)[:, None]
    return torch.from_numpy(np.concatenate(found)), torch.from_numpy(offsets), torch.from_numpy(scale)


# --- The file and what it says --------------------------------------------------------------------------------------


@dataclass
class Identifier:
    """What the file holds; `weight` is whole, with zeros where a bucket has no row."""

    n_bits: int
    scale: float
    weight: np.ndarray
    bias: np.ndarray
    kept: np.ndarray
    sharpness: float = 1.0
    sharpness_exponent: float = 0.0
    foreign_margin: float = math.inf

    def outputs(self, texts: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
        """One row per text, and the number of its features."""
        ids, offsets, scale = bags(texts, self.n_bits)
        bag = torch.from_numpy(self.weight[ids.numpy()].astype(np.float32))
        sums = functional.embedding_bag(torch.arange(len(ids)), bag, offsets, mode="sum").numpy()
        scale = scale.numpy()
        return sums * (np.float32(self.scale) * scale) + self.bias, np.rint(scale[:, 0] ** -2.0)

    def sharpened(self, texts: list[list[str]]) -> np.ndarray:
        outputs, n_features = self.outputs(texts)
        return outputs * (self.sharpness * n_features**self.sharpness_exponent)[:, None]

    def identify(self, text: str) -> list[tuple[str, float]]:
        """Code and confidence, the alternatives after it; empty where there is no word."""
        found = words(text)
        if not found:
            return []
        letters = "".join(found)
        n_latin = sum(map(is_latin, letters))
        if len(letters) - n_latin > n_latin:
            return [(UNDETERMINED, 1 - n_latin / len(letters))]
        outputs = self.sharpened([found])[0].astype(np.float64)
        known, foreign = outputs[:-1], outputs[-1]
        if n_latin >= MIN_FOREIGN_LETTERS and foreign - known.max() > self.foreign_margin:
            return [(UNDETERMINED, 1 / (1 + np.exp(known - foreign).sum()))]
        chances = softmax(known[None])[0]
        return [(LANGUAGES[index], float(chances[index])) for index in np.argsort(-known, kind="stable")[:3]]


def quantise(weight: np.ndarray, bias: np.ndarray, n_seen: np.ndarray, settings: Settings) -> Identifier:
    """Eight bits a weight; only the rows that matter, by their size and by how often they are met."""
    weight = weight - weight.mean(axis=1, keepdims=True)
    bias = bias - bias.mean()
    weight[n_seen == 0] = 0
    matters = np.linalg.norm(weight, axis=1) * np.minimum(n_seen, 1_000) ** 0.35
    kept = np.sort(np.argsort(-matters, kind="stable")[: min(settings.n_rows, int((n_seen > 0).sum()))])
    # The largest of a million weights are outliers: cutting them costs less than coarse steps for all.
    scale = float(np.quantile(np.abs(weight[kept]), 0.9995)) / 127
    steps = np.zeros(weight.shape, np.int8)
    steps[kept] = np.clip(np.rint(weight[kept] / scale), -127, 127)
    return Identifier(settings.n_bits, float(np.float32(scale)), steps, bias.astype(np.float32), kept)


def calibrate(model: Identifier, held_out: list[dict]) -> None:
    """Fits the sharpness and a small correction of the biases on every second row of the known languages, and a margin
    at which none of them is called foreign, with `FOREIGN_CAUTION` to spare."""
    rows = [row for row in held_out if row["lang"] in LANGUAGES and words(row["text"])][::2]
    texts, labels = [words(row["text"]) for row in rows], [LANGUAGES.index(row["lang"]) for row in rows]
    outputs, n_features = model.outputs(texts)
    known = torch.from_numpy(outputs[:, :-1].astype(np.float64))
    logarithms = torch.from_numpy(np.log(n_features))
    power = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    shift = torch.zeros(len(LANGUAGES), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([power, shift], max_iter=200)

    def loss():
        optimiser.zero_grad()
        sharpened = (known + shift) * torch.exp(power[0] + power[1] * logarithms)[:, None]
        value = functional.cross_entropy(sharpened, torch.tensor(labels)) + BIAS_PENALTY * (shift**2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    model.bias[:-1] += shift.detach().numpy().astype(np.float32)
    model.sharpness = float(np.float32(math.exp(power[0].item())))
    model.sharpness_exponent = float(np.float32(power[1].item()))
    sharpened = model.sharpened(texts)
    long = np.array([len("".join(text)) >= MIN_FOREIGN_LETTERS for text in texts])
    ahead = (sharpened[:, -1] - sharpened[:, :-1].max(axis=1))[long]
    model.foreign_margin = float(np.float32(max(0.0, ahead.max()) + FOREIGN_CAUTION))


def evaluate(model: Identifier, held_out: list[dict]) -> dict:
    """Accuracy by kind and language, calibration on the rows that it was not fitted on, and what becomes of foreign
    texts."""
    right, calibration, foreign = defaultdict(list), [], []
    n_known = n_known_as_foreign = 0
    for row in held_out:
        guesses = model.identify(row["text"]) or [("", 0.0)]
        code, confidence = guesses[0]
        if row["lang"] in LANGUAGES:
            right[row["kind"]].append(code == row["lang"])
            right[row["kind"], row["lang"]].append(code == row["lang"])
            if len(row["text"]) > 20:
                right["over 20 characters"].append(code == row["lang"])
                right["over 20 characters", row["lang"]].append(code == row["lang"])
            if n_known % 2:
                calibration.append((confidence, code == row["lang"]))
            n_known += 1
            n_known_as_foreign += code == UNDETERMINED
        elif row["kind"] == "sentences":
            foreign.append(code == UNDETERMINED)
    scores = {"rows": n_known}
    for kind in [kind for kind in right if isinstance(kind, str)]:
        by_language = {code: round(float(np.mean(right[kind, code])), 3) for code in LANGUAGES}
        scores[kind] = {"accuracy": round(float(np.mean(right[kind])), 4), "by_language": by_language}
    scores["known called foreign"] = n_known_as_foreign
    scores["expected_calibration_error"] = round(calibration_error(calibration), 4)
    scores["foreign sentences in Latin letters called so"] = round(float(np.mean(foreign)), 4)
    return scores


def calibration_error(pairs: list[tuple[float, bool]], n_bins: int = 10) -> float:
    bins = defaultdict(list)
    for confidence, is_right in pairs:
        bins[min(int(confidence * n_bins), n_bins - 1)].append((confidence, is_right))
    gaps = [len(bin) * abs(np.mean([c for c, _ in bin]) - np.mean([r for _, r in bin])) for bin in bins.values()]
    return float(sum(gaps) / len(pairs))


def softmax(rows: np.ndarray) -> np.ndarray:
    raised = np.exp(rows - rows.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def write_model(model: Identifier, models: Path, training: dict, scores: dict) -> None:
    """The file, as `shared/language/src/identifier.rs` reads it, and the manifest's own entry."""
    occupied = np.zeros(1 << model.n_bits, np.uint8)
    occupied[model.kept] = 1
    content = MAGIC + struct.pack("<III", model.n_bits, len(LABELS), len(model.kept))
    content += struct.pack("<ffff", model.scale, model.sharpness, model.sharpness_exponent, model.foreign_margin)
    content += b"".join(code.encode().ljust(4, b"\0") for code in LABELS) + model.bias.astype("<f4").tobytes()
    content += np.packbits(occupied, bitorder="little").tobytes() + model.weight[model.kept].tobytes()
    digest = hashlib.sha256(content).hexdigest()
    for old in (models / "files").glob("language-*.bin"):
        old.unlink()
    name = f"language-{digest[:12]}.bin"
    (models / "files" / name).write_bytes(content)

    path = models / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["language"] = {"name": name, "sha256": digest, "bytes": len(content)}
    manifest["language"] = {
        "languages": LANGUAGES,
        "data": [
            {"name": "langid/train.tsv.gz", "licence": "CC BY 2.0 FR (Tatoeba), CC BY 4.0 (XED)"},
            {"name": "xed-emotion/train.tsv.gz", "licence": "CC BY 4.0"},
        ],
        "training": training,
        "scores": {"langid/val": scores},
    }
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def write_golden(model: Identifier, path: Path) -> None:
    """What the Rust crate must say of texts that were written for this; one per line of `texts.tsv` beside it, and
    whatever a text can be."""
    texts = [line.split("\t")[1] for line in (path.parent / "texts.tsv").read_text().splitlines()[1:]]
    rows = []
    for text in [*ODD_TEXTS, *texts]:
        guesses = [[code, round(confidence, 5)] for code, confidence in model.identify(text)]
        rows.append(json.dumps({"text": text, "words": words(text), "guesses": guesses}))
    path.write_text("\n".join(rows) + "\n")


ODD_TEXTS = [
    "", " ", "\t\n\r", "\0", "4711", "AB-12345-XY", "🙂🙂🙂", "...", "?!", "https://shop.example/a?b=c", "me@shop.example", "@team",
    "a", "ok", "OK!!!", "I", "å", "ß", "ẞ", "İstanbul", "ǅ", "soooooo goooood", "e\u0301te\u0301", "naïve café", "don't", "l’été", "d'accord",
    "Привет, где мой заказ?", "Добрий день", "Πού είναι η παραγγελία μου;", "ΟΔΟΣ", "أين طلبي؟", "איפה ההזמנה שלי?", "मेरा ऑर्डर कहाँ है?", "我的包裹在哪里？",
    "注文はどこですか？", "내 주문은 어디에 있나요?", "คำสั่งซื้อของฉันอยู่ที่ไหน", "ჩემი შეკვეთა სად არის?", "iPhone 15 我的包裹", "Anna Привет Björn Öberg",
    "zero\u200bwidth\u200djoin\ufeffbom", "soft\u00adhyphen", "\u202eright to left\u202c", "ﬁne ﬂow", "Ｆｕｌｌｗｉｄｔｈ", "ª º µ ½ ² × ÷", "\ufffd \ue000 \U0001f642 \U000f0000 \U0010ffff",
    "a" * 5000, "ab" * 3000, "ä " * 3000, "word " * 600, "x" * 1999 + " kiitos", "Où est ma commande ? Wo ist mein Paket? Where is my order?",
    "Merhaba, siparişim hâlâ gelmedi ve kimse cevap vermiyor.", "Dobrý den, moje objednávka ještě nedorazila.", "Jó napot, még mindig nem érkezett meg a csomagom.",
    "Tere, minu tellimus pole ikka veel kohale jõudnud.", "Bună ziua, comanda mea nu a ajuns încă.", "Halló, pöntunin mín er ekki komin ennþá.",
]


if __name__ == "__main__":
    main()
