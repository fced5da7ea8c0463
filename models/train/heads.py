"""Fits the heads `intent`, `act` and `category` on a checkpoint's frozen features; writes `heads.json` and scores beside it.

What each public set teaches is in `labels/`, see the README there. The heads are linear, over the whole row of features, as those
that were trained with the encoder; `export.py` puts both into the heads file.
"""

import argparse
import hashlib
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from data import emoji_words, normalise, read_tsv
from model import N_FEATURES, PAD, Model, base_directory

INTENTS = (
    "billing_inquiry refund_request cancellation account_access order_status shipping_inquiry "
    "technical_support product_question feedback other"
).split()
ACTS = "question complaint request compliment statement".split()
CATEGORIES = "billing refunds orders shipping account security subscription technical product feedback".split()
HEADS = {"intent": INTENTS, "act": ACTS, "category": CATEGORIES}

LABELS_FOLDER = Path(__file__).parent / "labels"
MAX_TOKENS = 64


@dataclass(frozen=True)
class Source:
    """One public set, and how much of it is taken."""

    name: str
    train: str
    # None: an eighth of train, by a hash of the text.
    val: str | None
    column: str
    # Train rows of one label at most, of val a third as many; what a row counts in the loss.
    cap: int
    weight: float


SOURCES = [
    Source("banking77", "train.tsv", "val.tsv", "intent", 45, 0.5),
    Source("clinc150", "train.tsv", "val.tsv", "intent", 18, 0.5),
    Source("hwu64", "train.tsv", "val.tsv", "intent", 20, 0.4),
    # Made from templates: many rows, few sentences.
    Source("bitext-customer-service", "train.tsv", "val.tsv", "intent", 50, 0.25),
    Source("nlupp", "*.train.jsonl", None, "intents", 120, 0.6),
    Source("goemotions", "train.tsv.gz", "val.tsv", "labels", 200, 0.3),
    Source("open-reviews", "train.tsv.gz", "val.tsv", "label", 300, 0.3),
]
OWN = "own"
# The own rows are few and the only ones of shops and software: each counts as much as this.
OWN_WEIGHT = 5.0


@dataclass(frozen=True)
class Row:
    """A text and what it teaches; `None` where it teaches a head nothing."""

    text: str
    source: str
    intent: str | None
    act: str | None
    categories: tuple[str, ...] | None
    weight: float


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    started = time.time()
    train, val = load_rows(args.data, args.seed)
    model = load_model(args.checkpoint)
    print(f"{len(train)} train rows, {len(val)} val rows", flush=True)
    texts = sorted({row.text for row in train + val})
    features = dict(zip(texts, compute_features(model, texts), strict=True))
    print(f"features of {len(texts)} texts in {time.time() - started:.0f} s", flush=True)

    heads, scores = [], {}
    for name, labels in HEADS.items():
        head, scores[name] = fit_head(name, labels, train, val, features)
        heads.append(head)
        print_scores(name, scores[name])
    print_own(heads, val, features)
    (args.checkpoint / "heads.json").write_text(json.dumps(heads))
    path = args.checkpoint / "train.json"
    facts = json.loads(path.read_text())
    facts["linear_heads"] = {
        "data": [source.name for source in SOURCES] + [f"{OWN} (labels/own.tsv)"],
        "n_train": len(train),
        "n_val": len(val),
        "seed": args.seed,
        "scores": scores,
    }
    path.write_text(json.dumps(facts, indent=2))
    print(f"wrote {args.checkpoint / 'heads.json'} in {time.time() - started:.0f} s")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled sets")
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder with model.pt and train.json")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=1, help="more is slower on a machine that is busy")
    return parser.parse_args()


# Rows.


def load_rows(data: Path, seed: int) -> tuple[list[Row], list[Row]]:
    """Train and val rows of all sets. A text that is in both is left out of train."""
    train, val = load_own("train"), load_own("val")
    for source in SOURCES:
        table = read_table(source.name)
        found_train = list(read_source(data / source.name, source.train, source))
        if source.val is None:
            found_val = [row for row in found_train if is_held_out(row[0])]
            found_train = [row for row in found_train if not is_held_out(row[0])]
        else:
            found_val = list(read_source(data / source.name, source.val, source))
        train += map_rows(capped(found_train, source.cap, seed), source, table)
        val += map_rows(capped(found_val, source.cap // 3, seed), source, table)
    seen = {row.text.lower() for row in val}
    return [row for row in train if row.text.lower() not in seen], val


def load_own(split: str) -> list[Row]:
    rows = read_tsv(LABELS_FOLDER / "own.tsv")
    return [
        Row(row["text"], OWN, row["intent"], row["act"], parse_categories(row["categories"]), OWN_WEIGHT)
        for row in rows
        if row["split"] == split
    ]


def read_table(name: str) -> dict[str, dict[str, str]]:
    """Label to what it teaches, in the order of the file."""
    return {row["label"]: row for row in read_tsv(LABELS_FOLDER / f"{name}.tsv")}


def read_source(folder: Path, pattern: str, source: Source):
    """Pairs of a text and its labels."""
    for path in sorted(folder.glob(pattern)):
        if path.suffix == ".jsonl":
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                yield row["text"], tuple(row.get("intents", []))
            continue
        for row in read_tsv(path):
            if source.name == "open-reviews" and row["source"] != "product-reviews":
                continue
            labels = tuple(row[source.column].split(","))
            if source.name == "goemotions" and len(labels) > 1:
                continue
            yield row["text"], labels


def capped(rows: list[tuple[str, tuple[str, ...]]], cap: int, seed: int) -> list[tuple[str, tuple[str, ...]]]:
    """At most `cap` rows of the same labels."""
    rows = list(rows)
    random.Random(seed).shuffle(rows)
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    kept = []
    for row in rows:
        counts[row[1]] += 1
        if counts[row[1]] <= cap:
            kept.append(row)
    return kept


def map_rows(rows: list[tuple[str, tuple[str, ...]]], source: Source, table: dict[str, dict[str, str]]) -> list[Row]:
    mapped = []
    for text, labels in rows:
        entry = next((table[label] for label in table if label in labels), table.get("*"))
        if entry is None:
            continue
        intent = None if entry["intent"] == "-" else entry["intent"]
        row = Row(text, source.name, intent, act_of(entry["act"], text), parse_categories(entry["categories"]), source.weight)
        if row.intent or row.act or row.categories is not None:
            mapped.append(row)
    return mapped


def parse_categories(column: str) -> tuple[str, ...] | None:
    if column == "?":
        return None
    return () if column == "-" else tuple(column.split(","))


def is_held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 8 == 0


QUESTION_WORDS = set("what whats what's when where where's wheres who whose why which how how's is are am was were do does did has have had can could will would should may might isn't aren't don't doesn't any".split())
# "Can you …" asks for a deed, not for knowledge.
REQUEST_STARTS = (
    "can you|could you|would you|will you|please|pls|kindly|i want|i need|i would like|i'd like|id like|i wish|help|help me|i demand|let me|"
    "can i please|could i|may i have|can i get|can i have|i must|we need|we want"
).split("|")
IMPERATIVES = set(
    "cancel change check close confirm connect convert delete disable enable explain find fix get give increase lower make move notify open order "
    "pay play put read refund remind remove replace report reset schedule send set show start stop tell transfer turn unlock update add block book "
    "call create mute raise resume remember olly".split()
)
GREETINGS = set("hi hello hey good morning afternoon evening dear sorry ok okay so and well thanks please olly".split())


def act_of(rule: str, text: str) -> str | None:
    if rule == "-":
        return None
    if rule == "form":
        return act_by_form(text)
    if rule == "problem":
        return "complaint" if (form := act_by_form(text)) == "statement" else form
    return rule


def act_by_form(text: str) -> str:
    """`question`, `request` or `statement`, from the first words of the sentence; see `labels/README.md`."""
    words = text.lower().replace("’", "'").replace(",", " ").replace("!", " ").replace(".", " ").split()
    while len(words) > 1 and words[0] in GREETINGS and words[0] != "please":
        words = words[1:]
    if not words:
        return "statement"
    start = " ".join(words[:4]) + " "
    if any(start.startswith(f"{request} ") for request in REQUEST_STARTS):
        return "request"
    if words[0].strip("?") in QUESTION_WORDS:
        return "question"
    return "request" if words[0] in IMPERATIVES else "statement"


# Features.


def load_model(folder: Path) -> Model:
    facts = json.loads((folder / "train.json").read_text())
    state = torch.load(folder / "model.pt", map_location="cpu")
    model = Model(len(facts["layers"]), facts["shallow"], {name: len(labels) for name, labels in facts.get("heads", {}).items()})
    model.load_state_dict(state)
    return model.eval()


def compute_features(model: Model, texts: list[str], batch: int = 64) -> np.ndarray:
    """`[texts, N_FEATURES]`, float32. Texts of like length share a batch."""
    tokenizer = Tokenizer.from_file(str(base_directory() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    emoji = emoji_words()
    ids = [encoding.ids for encoding in tokenizer.encode_batch([normalise(text, emoji) for text in texts])]
    order = sorted(range(len(texts)), key=lambda n: len(ids[n]))
    features = np.zeros((len(texts), N_FEATURES), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            numbers = order[start : start + batch]
            length = max(len(ids[n]) for n in numbers)
            padded = torch.tensor([ids[n] + [PAD] * (length - len(ids[n])) for n in numbers])
            mask = torch.tensor([[1.0] * len(ids[n]) + [0.0] * (length - len(ids[n])) for n in numbers])
            features[numbers] = model(padded, mask, torch.tensor([], dtype=torch.long))[0].numpy()
    return features


# Heads.


def fit_head(name: str, labels: list[str], train: list[Row], val: list[Row], features: dict) -> tuple[dict, dict]:
    """The head as `heads.json` holds it, and its scores on val. The penalty is the best of a few on val."""
    multi = name == "category"
    train = [row for row in train if target(row, name) is not None]
    val = [row for row in val if target(row, name) is not None]
    x, y, weights = matrices(train, name, labels, features)
    x_val, y_val, weights_val = matrices(val, name, labels, features)
    mean, scale = x.mean(0), x.std(0).clamp(min=1e-4)
    weights = weights if multi else weights * balance(y, weights)
    best, start = None, None
    # From the strongest penalty on, each fit starts where the last one ended.
    for penalty in (1e-1, 3e-2, 1e-2, 5e-3):
        start = minimise((x - mean) / scale, y, weights, penalty, multi, start)
        weight, bias = start
        # The standardisation becomes part of the weights.
        weight = weight / scale
        bias = bias - weight @ mean
        temperature = fit_temperature(x_val @ weight.T + bias, y_val, weights_val, multi)
        loss = loss_of((x_val @ weight.T + bias) / temperature, y_val, weights_val, multi).item()
        print(f"{name}: penalty {penalty:g}, val loss {loss:.4f}", flush=True)
        if best is None or loss < best[0]:
            best = (loss, penalty, weight, bias, temperature)
    _, penalty, weight, bias, temperature = best
    probabilities = activate((x_val @ weight.T + bias) / temperature, multi)
    scores = {"penalty": penalty, "temperature": round(temperature, 4), "by_source": {}}
    sources = [OWN] + [source.name for source in SOURCES]
    for source in sources:
        numbers = [n for n, row in enumerate(val) if row.source == source]
        if numbers:
            scores["by_source"][source] = evaluate(probabilities[numbers], y_val[numbers], multi)
    head = {
        "name": name,
        "labels": labels,
        "activation": "sigmoid" if multi else "softmax",
        "temperature": round(temperature, 6),
        "weight": [[round(v, 6) for v in row] for row in weight.tolist()],
        "bias": [round(v, 6) for v in bias.tolist()],
    }
    return head, scores


def target(row: Row, name: str):
    return {"intent": row.intent, "act": row.act, "category": row.categories}[name]


def matrices(rows: list[Row], name: str, labels: list[str], features: dict) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features `[rows, N_FEATURES]`, truth `[rows, labels]` of 0 and 1, weights `[rows]`."""
    truth = torch.zeros(len(rows), len(labels))
    for n, row in enumerate(rows):
        found = target(row, name)
        for label in found if isinstance(found, tuple) else (found,):
            truth[n, labels.index(label)] = 1.0
    x = torch.from_numpy(np.stack([features[row.text] for row in rows]))
    return x, truth, torch.tensor([row.weight for row in rows])


def balance(truth: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """A factor per row: a class counts by the root of its share, so that the rare are heard and the common not forgotten."""
    shares = (truth * weights[:, None]).sum(0)
    factors = (shares.mean() / shares.clamp(min=1.0)) ** 0.5
    return truth @ factors


def minimise(x, y, weights, penalty: float, multi: bool, start) -> tuple[torch.Tensor, torch.Tensor]:
    weight, bias = start or (torch.zeros(y.shape[1], x.shape[1]), torch.zeros(y.shape[1]))
    weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=40, history_size=10, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = loss_of(x @ weight.T + bias, y, weights, multi) + penalty * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach(), bias.detach()


def loss_of(outputs, y, weights, multi: bool) -> torch.Tensor:
    if multi:
        losses = F.binary_cross_entropy_with_logits(outputs, y, reduction="none").sum(1)
    else:
        losses = -(F.log_softmax(outputs, 1) * y).sum(1)
    return (losses * weights).sum() / weights.sum()


def fit_temperature(outputs, y, weights, multi: bool) -> float:
    grid = torch.arange(0.4, 3.01, 0.02).tolist()
    return min(grid, key=lambda temperature: loss_of(outputs / temperature, y, weights, multi).item())


def activate(outputs: torch.Tensor, multi: bool) -> torch.Tensor:
    return outputs.sigmoid() if multi else outputs.softmax(1)


def evaluate(probabilities: torch.Tensor, y: torch.Tensor, multi: bool) -> dict:
    """Shares, 0 to 1. Multi-label: a label is given from 0.5."""
    if multi:
        given = (probabilities >= 0.5).float()
        confidences, hits = torch.maximum(probabilities, 1 - probabilities).flatten(), (given == y).float().flatten()
        exact = (given == y).all(1).float().mean().item()
    else:
        given = F.one_hot(probabilities.argmax(1), y.shape[1]).float()
        confidences, hits = probabilities.amax(1), (given * y).sum(1)
        exact = hits.mean().item()
    both, either = (given * y).sum(0), given.sum(0) + y.sum(0)
    occurs = y.sum(0) > 0
    f1 = (2 * both / either.clamp(min=1.0))[occurs].mean().item()
    return {
        "rows": len(y),
        "accuracy": round(exact, 4),
        "macro_f1": round(f1, 4),
        "expected_calibration_error": round(calibration_error(confidences, hits), 4),
    }


def calibration_error(confidences: torch.Tensor, hits: torch.Tensor, n_bins: int = 10) -> float:
    bins = (confidences * n_bins).long().clamp(max=n_bins - 1)
    error = 0.0
    for n in range(n_bins):
        inside = bins == n
        if inside.any():
            error += inside.float().mean().item() * abs(confidences[inside].mean() - hits[inside].mean()).item()
    return error


def print_scores(name: str, scores: dict) -> None:
    for source, values in scores["by_source"].items():
        print(f"{name} {source}: {values}", flush=True)


def print_own(heads: list[dict], val: list[Row], features: dict) -> None:
    """What goes wrong on the own val rows, to read."""
    rows = [row for row in val if row.source == OWN]
    for head in heads[:2]:
        weight, bias = torch.tensor(head["weight"]), torch.tensor(head["bias"])
        for row in rows:
            outputs = torch.from_numpy(features[row.text]) @ weight.T + bias
            p = (outputs / head["temperature"]).softmax(0)
            found = head["labels"][int(p.argmax())]
            if found != target(row, head["name"]):
                print(f"{head['name']} {p.max():.2f} {found} for {target(row, head['name'])}: {row.text}")


if __name__ == "__main__":
    main()
