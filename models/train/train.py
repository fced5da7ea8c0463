"""Fine-tunes the encoder and its heads; writes a checkpoint and a log of scores on `val`.

See README.md for the command that made the shipped model.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from data import EMOTIONS, LABELS, emoji_words, load_emotions, load_split, near_key, normalise
from model import Model, base_directory, load_base

PAD = 0
# A row is (token ids, sentiment label or NO_LABEL, emotion numbers or None).
NO_LABEL = -100


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    encode = text_encoder(args.max_tokens)
    checks, held_out = load_checks(args.data / "tweeteval-sentiment", encode)
    left_out = frozenset() if args.keep_near_copies else held_out
    sets = {name: load_task(args, name, encode, left_out) for name in args.task}
    heads = {"sentiment": len(LABELS)}
    if any(row[2] is not None for rows in sets.values() for row in rows):
        heads["emotions"] = len(EMOTIONS)

    layers = [int(n) for n in args.layers.split(",")]
    model = Model(len(layers), heads, args.dropout)
    load_base(model.encoder, layers)
    model.to(device)
    average = Average(model, args.average)
    optimizer = torch.optim.AdamW(parameter_groups(model, args), betas=(0.9, 0.98), eps=1e-6, fused=True)

    weights = class_weights(sets, args.class_power).to(device)
    batches = [make_batches(sets, args.batch, random.Random(args.seed + n)) for n in range(args.epochs)]
    n_steps = min(sum(len(epoch) for epoch in batches), args.max_steps)
    n_warmup = int(args.warmup * n_steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min((n + 1) / max(n_warmup, 1), max(0.0, (n_steps - n) / (n_steps - n_warmup)))
    )
    print(f"device {device}, {n_steps} steps, weights {weights.tolist()}", flush=True)

    started, step, running = time.time(), 0, 0.0
    model.train()
    for epoch, batch_list in enumerate(batches):
        for rows in batch_list:
            if step >= n_steps:
                break
            ids, mask, labels, emotions, has_emotions = collate(rows, device)
            with torch.autocast(device, dtype=torch.bfloat16, enabled=args.bf16):
                outputs = model(ids, mask)
            loss = torch.zeros((), device=device)
            if (labels != NO_LABEL).any():
                logits = outputs["sentiment"].float()
                loss = F.cross_entropy(logits, labels, weight=weights, label_smoothing=args.smoothing)
                # Rows without a label do not count, so that a mixed batch weighs as many rows as it has.
                loss = loss * (labels != NO_LABEL).float().mean()
            if has_emotions.any():
                each = F.binary_cross_entropy_with_logits(outputs["emotions"].float(), emotions, reduction="none").sum(-1)
                loss = loss + args.emotion_weight * (each * has_emotions).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            average.update(step / n_steps)
            step += 1
            running = 0.98 * running + 0.02 * loss.item() if step > 1 else loss.item()
            if step % 100 == 0:
                rate = (time.time() - started) / step
                print(f"step {step} loss {running:.4f} {rate * 1000:.0f} ms/step left {(n_steps - step) * rate:.0f} s", flush=True)
            if args.evaluate_every and step % args.evaluate_every == 0:
                report(model, checks, device, f"step {step}")
        report(model, checks, device, f"epoch {epoch + 1}")

    average.apply()
    scores = report(model, checks, device, "average")
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), args.out / "model.pt")
    settings = {key: str(value) for key, value in vars(args).items() if key not in ("data", "out")}
    (args.out / "train.json").write_text(
        json.dumps({"layers": layers, "heads": heads, "settings": settings, "scores": scores, "seconds": round(time.time() - started)}, indent=2)
    )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--task", action="append", default=None, help="training file below --data, with @rows to take fewer")
    parser.add_argument("--layers", default="0,1,2", help="which layers of the base model to keep")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--max-steps", type=int, default=1 << 30)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--rate-decay", type=float, default=0.9, help="factor on the rate per layer downwards")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warmup", type=float, default=0.06)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--class-power", type=float, default=0.5, help="0: no class weights, 1: balanced")
    parser.add_argument("--emotion-weight", type=float, default=0.25)
    parser.add_argument("--average", type=float, default=0.5, help="weights are averaged over this last share of the steps")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate-every", type=int, default=1000)
    parser.add_argument("--bf16", action="store_true", help="matrix products in bfloat16")
    parser.add_argument("--keep-near-copies", action="store_true", help="train also on near-copies of validation texts")
    args = parser.parse_args()
    args.task = args.task or ["tweeteval-sentiment/train.tsv.gz"]
    return args


def text_encoder(max_tokens: int):
    tokenizer = Tokenizer.from_file(str(base_directory() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    emoji = emoji_words()

    def encode(texts: list[str]) -> list[list[int]]:
        return [e.ids for e in tokenizer.encode_batch([normalise(t, emoji) for t in texts])]

    return encode


def encoded(path: Path, encode, held_out: frozenset[str] = frozenset()) -> list[tuple]:
    texts, labels = load_split(path)
    rows = zip(encode(texts), labels, [None] * len(texts), strict=True)
    return [row for row, text in zip(rows, texts, strict=True) if near_key(text) not in held_out]


def load_checks(tweets: Path, encode) -> tuple[dict[str, list[tuple]], frozenset[str]]:
    """The validation sets, and the keys of their texts. Train holds near-copies of about 490 texts
    of val (other mentions or links); they are left out of training so that val stays unseen, unless
    `--keep-near-copies` asks for the whole file."""
    paths = {"val": tweets / "val.tsv", "devtest2016": tweets / "devtest2016.tsv"}
    keys = frozenset(near_key(text) for path in paths.values() for text in load_split(path)[0])
    return {name: encoded(path, encode) for name, path in paths.items()}, keys


def load_task(args, name: str, encode, held_out: frozenset[str]) -> list[tuple]:
    path, _, limit = name.partition("@")
    if path.startswith("goemotions"):
        texts, emotions = load_emotions(args.data / path)
        rows = list(zip(encode(texts), [NO_LABEL] * len(texts), emotions, strict=True))
    else:
        rows = encoded(args.data / path, encode, held_out)
    if limit:
        random.Random(args.seed).shuffle(rows)
        rows = rows[: int(limit)]
    print(f"{name}: {len(rows)} rows", flush=True)
    return rows


def class_weights(sets, power: float) -> torch.Tensor:
    counts = np.bincount([row[1] for rows in sets.values() for row in rows if row[1] != NO_LABEL], minlength=len(LABELS))
    weights = (counts.sum() / (len(LABELS) * counts)) ** power
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


def parameter_groups(model: Model, args) -> list[dict]:
    """Lower layers move less; norms and biases do not decay."""
    n_layers = len(model.encoder.layers)
    groups = []
    for name, parameter in model.named_parameters():
        if name.startswith("encoder.layers."):
            depth = n_layers - int(name.split(".")[2])
        elif name.startswith("encoder."):
            depth = n_layers + 1
        else:
            depth = 0
        decays = parameter.ndim > 1 and "norm" not in name
        rate = args.rate * args.rate_decay**depth * (5.0 if depth == 0 else 1.0)
        groups.append({"params": [parameter], "lr": rate, "weight_decay": args.weight_decay if decays else 0.0})
    return groups


def make_batches(sets, size: int, rng: random.Random):
    """Shuffled, then sorted by length within stretches of 50 batches: little padding, still random."""
    rows = [row for task in sets.values() for row in task]
    rng.shuffle(rows)
    batches = []
    for start in range(0, len(rows), size * 50):
        stretch = sorted(rows[start : start + size * 50], key=lambda row: len(row[0]))
        batches += [stretch[n : n + size] for n in range(0, len(stretch), size)]
    rng.shuffle(batches)
    return batches


def collate(rows, device: str):
    length = max(len(row[0]) for row in rows)
    ids = torch.full((len(rows), length), PAD, dtype=torch.long)
    emotions = torch.zeros(len(rows), len(EMOTIONS))
    for n, (row, _, named) in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(row)
        emotions[n, named or []] = 1.0
    labels = torch.tensor([row[1] for row in rows])
    has_emotions = torch.tensor([row[2] is not None for row in rows]).float()
    parts = (ids, (ids != PAD).float(), labels, emotions, has_emotions)
    return tuple(part.to(device) for part in parts)


class Average:
    """The plain mean of the weights over the last share of the steps."""

    def __init__(self, model: Model, share: float):
        self.model, self.start, self.n = model, 1.0 - share, 0
        self.sums: dict[str, torch.Tensor] = {}

    def update(self, progress: float) -> None:
        if progress < self.start:
            return
        self.n += 1
        if self.n % 10 != 1:
            return
        for name, value in self.model.state_dict().items():
            if name in self.sums:
                self.sums[name] += value
            else:
                self.sums[name] = value.detach().clone()

    def apply(self) -> None:
        n_sums = (self.n + 9) // 10
        if n_sums:
            self.model.load_state_dict({name: value / n_sums for name, value in self.sums.items()})


@torch.no_grad()
def report(model: Model, checks, device: str, title: str) -> dict[str, float]:
    model.eval()
    scores = {}
    for name, rows in checks.items():
        guesses, labels = [], []
        rows = sorted(rows, key=lambda row: len(row[0]))
        for n in range(0, len(rows), 64):
            ids, mask, truth, _, _ = collate(rows[n : n + 64], device)
            guesses.append(model(ids, mask)["sentiment"].argmax(-1).cpu())
            labels.append(truth.cpu())
        scores[name] = round(macro_recall(torch.cat(guesses).numpy(), torch.cat(labels).numpy()), 4)
    print(f"{title}: {scores}", flush=True)
    model.train()
    return scores


def macro_recall(guesses: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([np.mean(guesses[labels == n] == n) for n in range(len(LABELS))]))


if __name__ == "__main__":
    main()
