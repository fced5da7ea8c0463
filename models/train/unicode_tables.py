"""Writes the character classes of the reference tokeniser as range tables for Rust.

The classes are asked of the reference itself, code point by code point, so that its own Unicode
version and its reading of "control" and "punctuation" are what the Worker repeats.
"""

import argparse
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers

clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
spread = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
split = pre_tokenizers.BertPreTokenizer()

CLASSES = {
    "REMOVED": ("Dropped by the clean-up: control, format, private use and the replacement character.",
                lambda c: clean.normalize_str(f"a{c}b") == "ab"),
    "ACCENTS": ("Non-spacing marks, dropped after decomposition.",
                lambda c: strip.normalize_str(f"a{c}") == "a"),
    "PUNCTUATION": ("Each of these is a word of its own.",
                    lambda c: [w for w, _ in split.pre_tokenize_str(f"a{c}b")] == ["a", c, "b"]),
    "IDEOGRAPHS": ("Spaces are put around these.", lambda c: spread.normalize_str(f"a{c}b") == f"a {c} b"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    parts = ["//! Character classes of the reference tokeniser. Written by `models/train/unicode_tables.py`.\n"
             "#![expect(clippy::unreadable_literal, reason = \"code points are written as Unicode writes them\")]\n"]
    for name, (words, belongs) in CLASSES.items():
        found = ranges(belongs)
        rows = "".join(f"    (0x{first:X}, 0x{last:X}),\n" for first, last in found)
        parts.append(f"/// {words}\n#[rustfmt::skip]\npub const {name}: [(u32, u32); {len(found)}] = [\n{rows}];\n")
        print(name, len(found))
    args.out.write_text("\n".join(parts))


def ranges(belongs) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or not belongs(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found


if __name__ == "__main__":
    main()
