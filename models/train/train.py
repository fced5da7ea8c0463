"""Trains the encoder and all its heads together; writes a checkpoint and a log of scores on validation data.

Every row has a task, and trains that task's head; it also pulls the embedding towards the teacher's, and the mood towards that of the mood
teachers. See README.md for the command that made the shipped model.
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

from checks import Checks
from data import LABELS, emoji_words, normalise
from model import WIDTH, Model, base_directory, load_base
from tasks import Row, load_all, origins
from teacher import embeddings, pad

UNKNOWN_MASK = 103  # [MASK] of the vocabulary: what a dropped token becomes


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    encode = text_encoder(args.max_tokens)
    rows, heads = load_all(args.data, args.seed, args.task)
    ids = encode([row.text for row in rows])
    moods = torch.load(args.moods) if args.moods else None
    if moods is not None and len(moods) != len(rows):
        raise SystemExit(f"{args.moods} has {len(moods)} rows, not {len(rows)}: it was made with other tasks or another seed")
    targets = teacher_targets(args, rows, ids, device)
    checks = Checks(args.data, encode)

    layers = [int(n) for n in args.layers.split(",")]
    model = Model(len(layers), args.shallow, {name: len(labels) for name, labels in heads.items()}, args.dropout)
    load_base(model.encoder, layers)
    model.to(device)
    average = Average(model, args.average)
    optimizers = make_optimizers(model, args)
    weights = class_weights([row for row in rows if row.task.head == "sentiment"], args.class_power).to(device)

    batches = []
    for epoch in range(args.epochs):
        batches += make_batches(rows, ids, args.batch, random.Random(args.seed + epoch))
    n_steps = min(len(batches), args.max_steps)
    n_warmup = max(int(args.warmup * n_steps), 1)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(o, lambda n: min((n + 1) / n_warmup, max(0.0, (n_steps - n) / (n_steps - n_warmup))))
        for o in optimizers
    ]
    print(f"device {device}, {len(rows)} rows, {n_steps} steps, sentiment weights {weights.tolist()}", flush=True)

    started, running = time.time(), {}
    model.train()
    for step, batch in enumerate(batches[:n_steps]):
        losses = batch_losses(model, batch, ids, targets, moods, weights, args, device)
        loss = sum(losses.values())
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p is not model.encoder.tokens.weight], 1.0)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            schedule.step()
        average.update(step / n_steps)
        for name, value in losses.items():
            running[name] = 0.98 * running.get(name, value.item()) + 0.02 * value.item()
        if (step + 1) % 100 == 0:
            rate = (time.time() - started) / (step + 1)
            parts = " ".join(f"{name} {value:.3f}" for name, value in sorted(running.items()))
            print(f"step {step + 1} {rate * 1000:.0f} ms left {(n_steps - step) * rate:.0f} s | {parts}", flush=True)
        if (step + 1) % args.evaluate_every == 0 and step + 1 < n_steps:
            checks.report(model, heads, device, f"step {step + 1}")
            model.train()
            save(args.out / "last", model, {"layers": layers, "shallow": args.shallow, "heads": heads, "step": step + 1})

    checks.report(model, heads, device, "last weights")
    average.apply()
    scores = checks.report(model, heads, device, "averaged weights")
    settings = {key: str(value) for key, value in vars(args).items() if key not in ("data", "out", "teacher")}
    settings["moods"] = "MOODS" if args.moods else "None"
    facts = {"layers": layers, "shallow": args.shallow, "heads": heads, "settings": settings, "scores": scores, "seconds": round(time.time() - started)}
    facts["rows"] = checks.sizes()
    facts["data"] = origins(args.task)
    save(args.out, model, facts)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, default=None, help="where the teacher's embeddings are kept between runs")
    parser.add_argument("--moods", type=Path, default=None, help="what `mood_teacher.py` wrote, for all tasks and the same seed")
    parser.add_argument("--mood-pull", type=float, default=1.0, help="factor on the surprise at what the mood teachers say")
    parser.add_argument("--task", action="append", default=None, help="only these tasks, by name")
    parser.add_argument("--layers", default="0,1,2,3,4,5", help="which layers of the base model to keep")
    parser.add_argument("--shallow", type=int, default=3, help="of these, how many give the features that heads read")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--max-steps", type=int, default=1 << 30)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--token-rate", type=float, default=5e-5, help="rate of the token embeddings")
    parser.add_argument("--rate-decay", type=float, default=0.9, help="factor on the rate per layer downwards")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warmup", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--token-dropout", type=float, default=0.08, help="share of tokens hidden, per row with a mood")
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--class-power", type=float, default=1.0, help="sentiment; 0: no class weights, 1: balanced")
    parser.add_argument("--distil", type=float, default=4.0, help="factor on 1 - cosine to the teacher's embedding")
    parser.add_argument("--average", type=float, default=0.4, help="weights are averaged over this last share of the steps")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate-every", type=int, default=1000)
    parser.add_argument("--bf16", action="store_true", help="matrix products in bfloat16")
    return parser.parse_args()


def text_encoder(max_tokens: int):
    tokenizer = Tokenizer.from_file(str(base_directory() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    emoji = emoji_words()

    def encode(texts: list[str]) -> list[list[int]]:
        return [e.ids for e in tokenizer.encode_batch([normalise(t, emoji) for t in texts])]

    return encode


def teacher_targets(args, rows: list[Row], ids: list[list[int]], device: str) -> torch.Tensor:
    """`[rows, WIDTH]`, float16; zero where the task does not ask the teacher."""
    targets = torch.zeros(len(rows), WIDTH, dtype=torch.float16)
    asked = [row.number for row in rows if row.task.distil > 0.0]
    if args.teacher and args.teacher.exists() and len(kept := torch.load(args.teacher)) == len(asked):
        found = kept
    else:
        found = embeddings([ids[n] for n in asked], device)
        if args.teacher:
            torch.save(found, args.teacher)
    targets[asked] = found
    return targets


def batch_losses(model, batch, ids, targets, moods, weights, args, device) -> dict[str, torch.Tensor]:
    """Each head's loss and the embedding's, weighed by rows: their sum is the batch's loss."""
    asked = [n for n, row in enumerate(batch) if row.task.distil > 0.0]
    hidden = [hide_tokens(ids[row.number], args.token_dropout if row.task.distil < 1.0 else 0.0) for row in batch]
    padded, mask = pad(hidden, device)
    with torch.autocast(device, dtype=torch.bfloat16, enabled=args.bf16):
        features, embeddings = model(padded, mask, torch.tensor(asked, dtype=torch.long, device=device))
    features = features.float()
    losses = {}
    if asked:
        wanted = targets[[batch[n].number for n in asked]].to(device).float()
        pull = torch.tensor([batch[n].task.distil for n in asked], device=device)
        cosine = F.cosine_similarity(embeddings.float(), wanted)
        losses["distil"] = args.distil * ((1.0 - cosine) * pull).sum() / len(batch)
    dropped = model.dropout(features)
    if moods is not None:
        soft = moods[[row.number for row in batch]].to(device).float()
        pull = torch.tensor([row.task.mood for row in batch], device=device)
        surprise = -(soft * model.heads["sentiment"](dropped).log_softmax(-1)).sum(-1)
        losses["mood"] = args.mood_pull * (surprise * pull).sum() / len(batch)
    for name, head in model.heads.items():
        numbers = [n for n, row in enumerate(batch) if row.task.head == name]
        if not numbers:
            continue
        task = batch[numbers[0]].task
        outputs = head(dropped[numbers])
        if task.multi:
            truth = torch.zeros_like(outputs)
            for place, n in enumerate(numbers):
                truth[place, batch[n].labels] = 1.0
            loss = F.binary_cross_entropy_with_logits(outputs, truth, reduction="none").sum(-1).mean()
        else:
            truth = torch.tensor([batch[n].labels[0] for n in numbers], device=device)
            weight = weights if name == "sentiment" else None
            loss = F.cross_entropy(outputs, truth, weight=weight, label_smoothing=args.smoothing)
        losses[name] = task.weight * loss * len(numbers) / len(batch)
    return losses


def hide_tokens(row: list[int], share: float) -> list[int]:
    if share <= 0.0:
        return row
    return row[:1] + [UNKNOWN_MASK if random.random() < share else token for token in row[1:-1]] + row[-1:]


def class_weights(rows: list[Row], power: float) -> torch.Tensor:
    counts = np.bincount([row.labels[0] for row in rows], minlength=len(LABELS)).clip(min=1)
    weights = (counts.sum() / (len(LABELS) * counts)) ** power
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


def make_optimizers(model: Model, args) -> list[torch.optim.Optimizer]:
    """Lower layers move less; norms and biases do not decay; token rows move only when they occur."""
    n_layers = len(model.encoder.layers)
    groups = []
    for name, parameter in model.named_parameters():
        if name == "encoder.tokens.weight":
            continue
        if name.startswith("encoder.layers."):
            depth = n_layers - int(name.split(".")[2])
        elif name.startswith("encoder.pool_queries") or not name.startswith("encoder."):
            depth = 0
        else:
            depth = n_layers + 1
        decays = parameter.ndim > 1 and "norm" not in name
        rate = args.rate * args.rate_decay**depth * (5.0 if depth == 0 else 1.0)
        groups.append({"params": [parameter], "lr": rate, "weight_decay": args.weight_decay if decays else 0.0})
    dense = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)
    return [dense, torch.optim.SparseAdam([model.encoder.tokens.weight], lr=args.token_rate, betas=(0.9, 0.98))]


def make_batches(rows: list[Row], ids: list[list[int]], size: int, rng: random.Random) -> list[list[Row]]:
    """Shuffled, then sorted by length within stretches of 50 batches: little padding, still random."""
    drawn = [row for row in rows for _ in range(row.task.repeat)]
    rng.shuffle(drawn)
    batches = []
    for start in range(0, len(drawn), size * 50):
        stretch = sorted(drawn[start : start + size * 50], key=lambda row: len(ids[row.number]))
        batches += [stretch[n : n + size] for n in range(0, len(stretch), size)]
    rng.shuffle(batches)
    return batches


class Average:
    """The plain mean of the weights over the last share of the steps."""

    def __init__(self, model: Model, share: float):
        self.model, self.start, self.n = model, 1.0 - share, 0
        self.sums: dict[str, torch.Tensor] = {}

    def update(self, progress: float) -> None:
        if progress < self.start:
            return
        self.n += 1
        if self.n % 20 != 1:
            return
        for name, value in self.model.state_dict().items():
            if name in self.sums:
                self.sums[name] += value
            else:
                self.sums[name] = value.detach().clone()

    def apply(self) -> None:
        n_sums = (self.n + 19) // 20
        if n_sums:
            self.model.load_state_dict({name: value / n_sums for name, value in self.sums.items()})


def save(folder: Path, model: Model, facts: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "train.json").write_text(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
