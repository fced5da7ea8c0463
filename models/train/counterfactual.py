"""Prints, for the model card, how the sentiment head does on the pairs of `../counterfactual`: texts that differ in one
thing. Where the label differs the mood must turn, where it does not the score must stay.

The score of a text is P(positive) - P(negative), so a gap can be at most 2.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from data import LABELS, read_tsv
from runtime import Files

SETS = ("negation", "sarcasm", "code_switching", "group_names")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args()
    files = Files(args.manifest)
    print("| set | texts | accuracy | pairs read right throughout | mean gap | largest gap |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in SETS:
        rows = read_tsv(args.manifest.parent / "counterfactual" / f"{name}.tsv")
        found = np.array([files.probabilities(files.features(files.windows(row["text"])))["sentiment"] for row in rows])
        right, gaps = defaultdict(list), defaultdict(list)
        for row, scores in zip(rows, found, strict=True):
            right[row["pair"]].append(LABELS[int(scores.argmax())] == row["label"])
            # Only texts of one pair with one label can be compared by their score.
            gaps[row["pair"], row["label"]].append(float(scores[2] - scores[0]))
        same = [max(scores) - min(scores) for scores in gaps.values() if len(scores) > 1]
        accuracy = np.mean([is_right for pair in right.values() for is_right in pair])
        whole = np.mean([all(pair) for pair in right.values()])
        gap = f"{np.mean(same):.3f} | {max(same):.3f}" if same else "- | -"
        print(f"| {name} | {len(rows)} | {accuracy:.3f} | {whole:.3f} | {gap} |")


if __name__ == "__main__":
    main()
