"""Scores on validation data while training: one line per check, so that a run can be judged before it ends."""

import json
from pathlib import Path

import numpy as np
import torch

from data import EMOTIONS, LABELS, load_emotions, load_split, read_tsv
from model import Model
from teacher import pad


class Checks:
    """Validation texts, tokenised once."""

    def __init__(self, data: Path, encode):
        self.encode = encode
        tweets = data / "tweeteval-sentiment"
        self.sentiment = {
            "tweets": load_split(tweets / "val.tsv"),
            "tweets_2016": load_split(tweets / "devtest2016.tsv"),
            # Never trained on: its licence is non-commercial.
            "airline": load_split(data / "airline-tweets-NC/val.tsv"),
        }
        self.single = {"tweet_emotion": read_tsv(data / "tweeteval-emotion/val.tsv"), "banking77": read_tsv(data / "banking77/val.tsv")}
        self.single["clinc150"] = read_tsv(data / "clinc150/val.tsv")
        self.emotions = load_emotions(data / "goemotions/val.tsv")
        self.threads = [json.loads(line) for line in (data / "stackfaq/corpus.jsonl").open()]
        self.queries = [json.loads(line) for line in (data / "stackfaq/queries.train.jsonl").open()]

    def sizes(self) -> dict[str, int]:
        """Rows behind each score."""
        sizes = {name: len(texts) for name, (texts, _) in self.sentiment.items()}
        sizes |= {name: len(rows) for name, rows in self.single.items()}
        outside = sum(row["intent"] == "oos" for row in self.single["clinc150"])
        sizes |= {"clinc150": sizes["clinc150"] - outside, "clinc150_oos": outside}
        return sizes | {"emotions_map": len(self.emotions[0]), "faq_recall_at_1": len(self.queries)}

    def report(self, model: Model, heads: dict[str, list[str]], device: str, title: str) -> dict[str, float]:
        model.eval()
        scores = {}
        for name, (texts, labels) in self.sentiment.items():
            scores[name] = macro_recall(self.guesses(model, "sentiment", texts, device), np.array(labels))
        for name, rows in self.single.items():
            if name not in heads:
                continue
            column = "intent" if "intent" in rows[0] else "label"
            truth = np.array([heads[name].index(row[column]) for row in rows])
            found = self.guesses(model, name, [row["text"] for row in rows], device)
            if name == "tweet_emotion":
                scores[name] = macro_f1(found, truth)
            elif name == "clinc150":
                outside = truth == heads[name].index("oos")
                scores["clinc150"] = float(np.mean(found[~outside] == truth[~outside]))
                scores["clinc150_oos"] = float(np.mean(found[outside] == truth[outside]))
            else:
                scores[name] = float(np.mean(found == truth))
        if "emotions" in heads:
            scores["emotions_map"] = self.average_precision(model, device)
        titles = self.embeddings(model, [thread["title"] for thread in self.threads], device)
        asked = self.embeddings(model, [query["text"] for query in self.queries], device)
        best = (unit(asked) @ unit(titles).T).argmax(1)
        scores["faq_recall_at_1"] = float(np.mean([self.threads[n]["id"] == q["doc"] for n, q in zip(best, self.queries, strict=True)]))
        scores = {name: round(score, 4) for name, score in scores.items()}
        print(f"{title}: {scores}", flush=True)
        return scores

    def features(self, model: Model, texts: list[str], device: str) -> np.ndarray:
        nothing = torch.tensor([], dtype=torch.long, device=device)
        return self.run(lambda ids, mask: model(ids, mask, nothing)[0], texts, device)

    def embeddings(self, model: Model, texts: list[str], device: str) -> np.ndarray:
        return self.run(lambda ids, mask: model(ids, mask)[1], texts, device)

    @torch.no_grad()
    def run(self, model, texts: list[str], device: str) -> np.ndarray:
        ids = self.encode(texts)
        order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
        parts = [model(*pad([ids[n] for n in order[start : start + 64]], device)).cpu() for start in range(0, len(order), 64)]
        return torch.cat(parts)[np.argsort(order)].numpy()

    @torch.no_grad()
    def outputs(self, model: Model, head: str, texts: list[str], device: str) -> np.ndarray:
        features = torch.tensor(self.features(model, texts, device), device=device)
        return model.heads[head](features).cpu().numpy()

    def guesses(self, model: Model, head: str, texts: list[str], device: str) -> np.ndarray:
        return self.outputs(model, head, texts, device).argmax(1)

    def average_precision(self, model: Model, device: str) -> float:
        texts, named = self.emotions
        truth = np.zeros((len(texts), len(EMOTIONS)), bool)
        for row, numbers in enumerate(named):
            truth[row, numbers] = True
        found = self.outputs(model, "emotions", texts, device)
        each = []
        for label in range(len(EMOTIONS)):
            ranked = truth[np.argsort(-found[:, label]), label]
            hits = np.cumsum(ranked)
            each.append(np.sum(hits / np.arange(1, len(ranked) + 1) * ranked) / max(ranked.sum(), 1))
        return float(np.mean(each))


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def macro_recall(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([np.mean(found[truth == n] == n) for n in range(len(LABELS))]))


def macro_f1(found: np.ndarray, truth: np.ndarray) -> float:
    scores = []
    for label in np.unique(truth):
        both = np.sum((found == label) & (truth == label))
        scores.append(2 * both / (np.sum(found == label) + np.sum(truth == label)))
    return float(np.mean(scores))
