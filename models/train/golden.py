"""Writes the golden files that the Rust crate is tested against: token ids of the reference
tokeniser on many scripts, and features and probabilities of the exported files by the same arithmetic in numpy.

All texts are written or drawn at random for this purpose; none comes from a data set.
"""

import argparse
import json
from pathlib import Path

from data import normalise
from fuzz_tokenizer import Strings
from runtime import Files

N_RANDOM_TEXTS = 1_500
FUZZ_SEED = 17
# Every so many-th value is kept: of features, some of each of the pooled vectors.
FEATURE_STEP = 37

TOKENIZER_TEXTS = [
    "", " ", "\t\r\n", "Hello, world!", "HELLO WORLD", "don't can't won't it's", "e-mail: a.b+c@d-e.example",
    "naïve café Ångström Zürich", "ÀÉÎÕÜ àéîõü ñ ç ß ẞ", "e\u0301 a\u030a o\u0308", "İstanbul ıI", "ǅ ǆ Ǆ", "ﬁne ﬂow ﬀ",
    "Ｆｕｌｌｗｉｄｔｈ １２３", "½ ² ³ № ™ © ®", "Ω Å K", "ΑΒΓΔ αβγδ ς Σ ΟΔΟΣ", "Привет, как дела? Ёлка ёж й", "ЇЄҐ їєґ",
    "שלום עולם", "שָׁלוֹם", "مرحبا بالعالم", "السَّلَامُ عَلَيْكُمْ", "کمک می‌خواهم", "नमस्ते दुनिया", "हिन्दी में मदद", "বাংলা ভাষা",
    "தமிழ் மொழி", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "ไทย ภาษาไทย ช่วยด้วย", "ລາວ", "ខ្មែរ", "မြန်မာ", "ཀ་ཁ་ག།", "ქართული", "Հայերեն լեզու",
    "ⲁⲃⲅ", "አማርኛ", "ᏣᎳᎩ", "你好，世界！", "繁體中文測試。", "日本語のテスト、カタカナ", "ﾊﾝｶｸ カナ゛", "한국어 테스트", "한국어", "㐀㐁 𠀀𠀁 豈更",
    "mixed中文and English混合", "Tiếng Việt có dấu: ế ộ ữ", "Türkçe ĞÜŞİÖÇ", "Čeština řž ě ů", "Polski ąćęłńóśźż", "Suomi äö ÄÖ kiitos!",
    "🙂", "🙂🙂🙂", "👍🏽", "👩‍👩‍👧‍👦 family", "🇫🇮 flag", "☺️ ❤️ ✓ ✗ ☎", "I ❤ it", "0️⃣ 1️⃣", "♥♦♣♠", "→ ← ⇒ ∀x∈ℝ", "∑∏√∞ ≠ ≤ ≥ ±",
    "$5.00 €5,00 £5 ¥5 ₹5 ₽5 ₿1", "10%-20% 5° 5′ 5″", "“smart” ‘quotes’ «guillemets» „German“", "em—dash en–dash hy‐phen non‑break minus−",
    "…ellipsis… three...dots", "¿Qué? ¡Sí!", "a/b\\c|d_e~f`g^h", "(a)[b]{c}<d>", "#hash_tag @mention", "http://a.example/b?c=d&e=f#g",
    "a\u00a0b\u2003c\u3000d\u2028e\u2029f", "zero\u200bwidth\u200cnon\u200djoin\ufeffbom", "soft\u00adhyphen", "\u202eright to left\u202c",
    "nul\u0000in\u0001text\u001f\u007f\u0085end", "\ufffd replacement", "\ue000private", "\u0300leading mark", "a" + "\u0301" * 20, "x" * 100, "x" * 101,
    "word " * 30, "supercalifragilisticexpialidocious", "antidisestablishmentarianism", "1234567890" * 5, "3.14159 1,000,000 1e-9",
    "UPPER lower MiXeD", "##already ##pieces", "unaffable", "[CLS] [SEP] [MASK]", "𝕳𝖊𝖑𝖑𝖔 𝓦𝓸𝓻𝓵𝓭 𝟙𝟚𝟛", "Ⅷ ⅷ ① ⓐ", "ʰʷ ˈaɪ ˌpiː ˈeɪ", "ꟿ Ꟗ", "\U0010ffff", "\u0378",
    "ÿ Ÿ ŉ ſ", "ᾳ ᾼ ΐ ΰ", "각힣", "\u1100\u1161\u11a8", "क़ख़ग़", "ཱི", "ﷺ", "﷼ 100", "・「」『』【】", "﹏﹐﹑", "،؛؟", "।॥", "՝՞", "־׀׃",
]

MODEL_TEXTS = [
    "", "Hello", "Thank you so much, that solved it!", "I love how fast your team answers.", "This is the worst service I have ever had.",
    "Where can I find my invoice for March?", "My order 4711 has not arrived and nobody answers my mails. Very disappointed.",
    "I have been waiting for three weeks. This is ridiculous!!!", "Can you change the delivery address please?", "ok",
    "The app crashes every time I open it 😡", "Perfect, works great now 👍", "Great. Another broken charger. Just what I needed.",
    "Please cancel my subscription, I do not use it any more.", "It is fine, no hurry.", "see https://shop.example/orders/1 @support sooooo slow!!!!!!",
    "Kiitos avusta!", "Wo ist mein Paket?", "¿Dónde está mi pedido?", "我的包裹在哪里？", "🙂", "😡😡😡", "...", "\u0000",
    "The first parcel came late and was damaged, the second one was fine, and your colleague on the phone was kind. " * 12,
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    files = Files(args.manifest)
    strings = Strings(files.vocabulary, FUZZ_SEED)
    texts = TOKENIZER_TEXTS + [strings.next() for _ in range(N_RANDOM_TEXTS)]
    found = files.tokenizer.encode_batch(texts, add_special_tokens=False)
    write_lines(args.out / "tokens.jsonl", [{"text": text, "ids": one.ids} for text, one in zip(texts, found, strict=True)])

    readings = []
    for text in MODEL_TEXTS:
        windows = files.windows(text)
        features = files.features(windows)
        heads = {name: [round(float(p), 6) for p in values] for name, values in files.probabilities(features).items()}
        readings.append({"text": text, "normalised": normalise(text, files.emoji), "n_tokens": sum(map(len, windows)),
                         "features": every_so_many(features), "embedding": every_so_many(files.embedding(windows)), "heads": heads})
    write_lines(args.out / "readings.jsonl", readings)


def every_so_many(values) -> list[float]:
    return [round(float(value), 6) for value in values[::FEATURE_STEP]]


def write_lines(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
