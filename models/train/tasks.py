"""The labelled sets as rows of one training run: which file, which column, which head."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

from data import EMOTIONS, LABELS, load_split, near_key, read_tsv


@dataclass(frozen=True)
class Task:
    """One labelled set. Rows without a head are read for the teacher's embedding only."""

    name: str
    file: str
    # The head it trains; None: no labels.
    head: str | None
    column: str = "label"
    # Many labels of one text (sigmoid) instead of one (softmax).
    multi: bool = False
    # Factor on the head's loss, and on the distance to the teacher's embedding (0: the teacher is not asked).
    weight: float = 1.0
    distil: float = 1.0
    # Factor on the distance to what the mood teachers say.
    mood: float = 0.1
    # At most this many rows, drawn by the seed.
    limit: int | None = None
    # Rows are repeated so often an epoch.
    repeat: int = 1
    labels: list[str] = field(default_factory=list)
    languages: tuple[str, ...] = ()


TASKS = [
    Task("tweets", "tweeteval-sentiment/train.tsv.gz", "sentiment", distil=0.0, mood=1.0, labels=LABELS),
    Task("goemotions", "goemotions/train.tsv.gz", "emotions", "labels", multi=True, weight=0.3, distil=0.5, mood=0.3, labels=EMOTIONS),
    Task("tweet_emotion", "tweeteval-emotion/train.tsv", "tweet_emotion", weight=0.7, distil=0.0, mood=1.0, repeat=2),
    # Stars are no opinion of a reader: a head of its own keeps their idea of neutral out of the tweets'.
    Task("reviews", "open-reviews/train.tsv.gz", "review", weight=0.3, mood=0.3, limit=8_000, labels=LABELS),
    Task("banking77", "banking77/train.tsv", "banking77", "intent", weight=0.5, repeat=2),
    Task("clinc150", "clinc150/train.tsv", "clinc150", "intent", weight=0.5, repeat=2),
    Task("hwu64", "hwu64/train.tsv", "hwu64", "intent", weight=0.3),
    Task("bitext", "bitext-customer-service/train.tsv", "bitext", "intent", weight=0.2, limit=3_000),
    Task("nlupp_banking", "nlupp/banking.train.jsonl", None),
    Task("nlupp_hotels", "nlupp/hotels.train.jsonl", None),
    Task("subtitles", "xed-emotion/train.tsv.gz", None, limit=3_000, languages=("en",)),
]


LICENCES = {
    "tweeteval-sentiment": "platform terms of the tweets; texts are not redistributed",
    "tweeteval-emotion": "platform terms of the tweets; texts are not redistributed",
    "goemotions": "CC BY 4.0",
    "open-reviews": "CC BY 4.0",
    "banking77": "CC BY 4.0",
    "clinc150": "CC BY 3.0",
    "hwu64": "CC BY 4.0",
    "bitext-customer-service": "CDLA-Sharing-1.0",
    "nlupp": "CC BY 4.0",
    "xed-emotion": "CC BY 4.0",
}


def origins(names: list[str] | None = None) -> list[dict[str, str]]:
    """The files of the named tasks (all without names) with their licences, for the manifest."""
    tasks = [task for task in TASKS if not names or task.name in names]
    return [{"name": task.file, "licence": LICENCES[task.file.split("/")[0]]} for task in tasks]


@dataclass
class Row:
    text: str
    task: Task
    # Numbers of the labels; empty without a head.
    labels: list[int]
    # Place in the teachers' matrices.
    number: int = -1


def load_all(data: Path, seed: int, names: list[str] | None = None) -> tuple[list[Row], dict[str, list[str]]]:
    """All rows, numbered, and each head's labels. Train holds near-copies of about 490 tweets of val (other mentions or links);
    they are left out so that val stays unseen."""
    tweets = data / "tweeteval-sentiment"
    held_out = {near_key(text) for name in ("val.tsv", "devtest2016.tsv") for text in load_split(tweets / name)[0]}
    rows, heads = [], {}
    for task in TASKS:
        if names and task.name not in names:
            continue
        found, labels = load(task, data, seed)
        if task.name == "tweets":
            found = [row for row in found if near_key(row.text) not in held_out]
        print(f"{task.name}: {len(found)} rows, {len(labels)} labels", flush=True)
        rows += found
        if task.head:
            heads[task.head] = labels
    for n, row in enumerate(rows):
        row.number = n
    return rows, heads


def load(task: Task, data: Path, seed: int) -> tuple[list[Row], list[str]]:
    """The set's rows, and the names of its labels in the head's order."""
    path = data / task.file
    if path.suffix == ".jsonl":
        lines = path.read_text(encoding="utf-8").splitlines()
        return [Row(json.loads(line)["text"], task, []) for line in lines if line], []
    found = read_tsv(path)
    if task.languages:
        found = [row for row in found if row["lang"] in task.languages]
    if task.limit is not None:
        random.Random(seed).shuffle(found)
        found = found[: task.limit]
    if task.head is None:
        return [Row(row["text"], task, []) for row in found], []
    names = [row[task.column].split(",") if task.multi else [row[task.column]] for row in found]
    order = list(task.labels) or sorted({name for row in names for name in row})
    number = {name: n for n, name in enumerate(order)}
    rows = [Row(row["text"], task, [number[name] for name in labels]) for row, labels in zip(found, names, strict=True)]
    return rows, order
