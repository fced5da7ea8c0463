"""Reading the labelled sets, and the text normalisation that the Rust runtime repeats.

`normalise` must stay the twin of `edgedesk_encoder::normalise`: `golden.py` writes the file that
the Rust tests compare against.
"""

import csv
import gzip
import re
import unicodedata
from pathlib import Path

LABELS = ["negative", "neutral", "positive"]
EMOTIONS = (
    "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment "
    "disapproval disgust embarrassment excitement fear gratitude grief joy love nervousness optimism "
    "pride realization relief remorse sadness surprise neutral"
).split()

# What replaces an emoji is its Unicode name, without the words that say nothing about mood.
NAME_NOISE = {"FACE", "WITH", "SIGN", "SYMBOL", "OF", "BLACK", "WHITE", "HEAVY", "AND", "THE"}
# Names that would mislead a reader of English.
NAME_OVERRIDES = {
    "\U0001f621": "angry",
    "\U0001f620": "angry",
    "\U0001f624": "furious",
    "\U0001f92c": "swearing",
    "\U0001f629": "weary",
    "\U0001f62b": "tired",
    "\U0001f602": "laughing tears joy",
    "\U0001f923": "laughing",
    "\U0001f64f": "please thanks",
    "\U0001f644": "rolling eyes",
    "\U0001f44c": "perfect",
    "\U0001f4af": "hundred percent",
    "\U0001f62d": "crying",
    "\U0001f622": "crying sad",
    "\U0001f64c": "celebration hooray",
    "\U0001f44f": "applause",
    "\U0001f60d": "love eyes",
    "\U0001f618": "kiss love",
    "\u2764": "love heart",
    "\u2665": "love heart",
    "\u263a": "smiling",
    "\u2639": "sad",
}
EMOJI_RANGES = [(0x2600, 0x27BF), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF)]
# Joiners, variation selectors and skin tones change the picture, not the mood.
EMOJI_SILENT = {0x200D, 0xFE0E, 0xFE0F} | set(range(0x1F3FB, 0x1F400))

ENTITIES = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
URL = re.compile(r"(?:https?://|www\.)[^ \t\r\n]*", re.ASCII | re.IGNORECASE)
MENTION = re.compile(r"(?<![A-Za-z0-9_@.])@[A-Za-z0-9_]+", re.ASCII)


def emoji_words() -> dict[str, str]:
    """Every emoji this Python's Unicode tables name, with the words that stand for it."""
    words = {}
    for first, last in EMOJI_RANGES:
        for code in range(first, last + 1):
            character = chr(code)
            if code in EMOJI_SILENT or unicodedata.category(character) != "So":
                continue
            name = unicodedata.name(character, "")
            kept = [w for w in re.split(r"[ -]", name) if w not in NAME_NOISE]
            if kept:
                words[character] = NAME_OVERRIDES.get(character, " ".join(kept).lower())
    return words


def normalise(text: str, emoji: dict[str, str]) -> str:
    """Entities, links, mentions, emoji and stretched runs into a stable form. Case is kept."""
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    text = URL.sub("http", text)
    text = MENTION.sub("@user", text)
    out: list[str] = []
    last, n_run = "", 0
    for character in text:
        if ord(character) in EMOJI_SILENT:
            continue
        if character == last:
            n_run += 1
        else:
            last, n_run = character, 1
        if character in emoji:
            if n_run == 1:
                out.append(f" {emoji[character]} ")
        elif n_run <= run_limit(character):
            out.append(character)
    return "".join(out)


def run_limit(character: str) -> int:
    """How many of the same character in a row are kept: digits all, letters two, marks three."""
    if character.isascii():
        if character.isdigit():
            return 1 << 30
        if character.isalpha():
            return 2
        return 3
    return 3


def read_tsv(path: Path) -> list[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def load_split(path: Path) -> tuple[list[str], list[int]]:
    """Texts and label numbers of a file with `label` and `text` columns."""
    rows = read_tsv(path)
    return [row["text"] for row in rows], [LABELS.index(row["label"]) for row in rows]


def load_emotions(path: Path) -> tuple[list[str], list[list[int]]]:
    """Texts and the numbers of their emotions, of a file with `labels` and `text` columns."""
    rows = read_tsv(path)
    return [row["text"] for row in rows], [[EMOTIONS.index(name) for name in row["labels"].split(",")] for row in rows]


def near_key(text: str) -> str:
    """What two copies of a tweet share: its words, without mentions, links, case and marks."""
    return re.sub(r"\W+", " ", re.sub(r"@\w+|http\S*", "", text.lower())).strip()
