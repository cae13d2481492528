"""Writes fixtures/golden/decode.json: what transformers makes of token ids, for packages/tokenizer/src/decode.test.ts.

    python tools/goldens/decode.py HF_HOME [SEQUENCES]

`tokenizers` has, for each tokenizer of the Hugging Face cache (and of examples/demo), a hash of the texts of SEQUENCES (2000) drawn lists of
ids, with and without special tokens. `cases` are small tokenizers of every kind of decoder, with their texts in full.
Made with transformers 5.18 and tokenizers 0.23.
"""

import hashlib
import json
import logging
import sys
import tempfile
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerFast

logging.disable(logging.WARNING)
top = Path(__file__).resolve().parents[2]


def uniform(seed):
    """mulberry32, as seededUniform of lm-backend-onnx."""
    state = seed & 0xFFFFFFFF

    def draw():
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return (mixed ^ (mixed >> 14)) / 2**32

    return draw


def drawn_ids(seed, size, special, count):
    """Lists of ids below `size`: anything, or mostly ids of a narrow range (bytes stand side by side), special ones among them."""
    draw = uniform(seed)
    for _ in range(count):
        length = 1 + int(draw() * 12)
        low, width = (0, size) if draw() < 0.5 else (int(draw() * min(size, 600)), 260)
        ids = []
        for _ in range(length):
            if special and draw() < 0.1:
                ids.append(special[int(draw() * len(special))])
            else:
                ids.append(min(size - 1, low + int(draw() * width)))
        yield ids


def texts(tokenizer, ids):
    return [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (False, True)]


def of_folder(name, folder, count):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    added = sorted(token["id"] for token in json.loads((folder / "tokenizer.json").read_text())["added_tokens"])
    # three ids beyond the vocabulary: a model may have more rows than its tokenizer has tokens
    size = len(tokenizer) + 3
    digest = hashlib.sha256()
    for ids in drawn_ids(7, size, added, count):
        digest.update((json.dumps([ids, texts(tokenizer, ids)], ensure_ascii=False, separators=(",", ":")) + "\n").encode())
    return {"name": name, "size": size, "added": added, "count": count, "sha256": digest.hexdigest()}


def bpe(tokens, decoder, added=(), **model):
    return {
        "version": "1.0",
        "added_tokens": [
            {"id": len(tokens) + place, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
            for place, (content, special) in enumerate(added)
        ],
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": decoder,
        "model": {"type": "BPE", "vocab": {token: place for place, token in enumerate(tokens)}, "merges": [], **model},
    }


words = ["▁x", "▁!", "▁", "a▁", "x", "!", " ", ".", "▁do", "▁not", "n't", "▁'", "s", "\ufeff", "é", "<0x+f>", "<0xG1>", "<0x4>"]
byte_tokens = ["<0x41>", "<0x0A>", "<0xC3>", "<0xA9>", "<0xE2>", "<0x82>", "<0xAC>", "<0xEF>", "<0xBB>", "<0xBF>", "<0xF0>", "<0xff>", "<0x20>"]
extra = [("<s>", True), ("<é>", False), ("<｜end｜>", True), ("  ", False)]
chars = ["Ġ", "a", "!", "Ã", "©", "ï", "»", "¿", "â", "Ĥ", "¬", "ð", "Ċ", "Ġx", "▁"]
replace = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
fallback = [replace, {"type": "ByteFallback"}, {"type": "Fuse"}]
strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}


def other(kind, tokens, decoder, **model):
    made = bpe(tokens, decoder, extra)
    vocab = {token: place for place, token in enumerate(tokens)}
    made["model"] = {"type": kind, "vocab": [[token, -1.0] for token in tokens] if kind == "Unigram" else vocab, **model}
    return made


cleaned = {"clean_up_tokenization_spaces": True}
forced = {**cleaned, "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output": True}
made = [
    ("byte fallback", bpe(words + byte_tokens, {"type": "Sequence", "decoders": fallback}, extra, byte_fallback=True), {}),
    ("byte fallback, strip", bpe(words + byte_tokens, {"type": "Sequence", "decoders": [*fallback, strip]}, extra, byte_fallback=True), {}),
    ("strip the start", bpe(words, {"type": "Sequence", "decoders": [replace, {"type": "Strip", "content": " ", "start": 2, "stop": 0}]}, extra), {}),
    ("strip the end", bpe(words, {"type": "Sequence", "decoders": [replace, {"type": "Strip", "content": " ", "start": 0, "stop": 1}]}, extra), {}),
    ("byte level", bpe(chars, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, extra), {}),
    ("byte level, clean up", bpe(chars, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, extra), cleaned),
    ("byte level, clean up forced", bpe(chars, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, extra), forced),
    ("replace by a pattern", bpe(words, {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"Regex": "▁+|s"}, "content": "$&\\1"}]}, extra), {}),
    ("end of word", bpe(["a</w>", "b", "</w>", "!</w>"], {"type": "BPEDecoder", "suffix": "</w>"}, extra, end_of_word_suffix="</w>"), {}),
    ("no decoder", bpe(words, None, extra), {}),
    ("metaspace", other("Unigram", words, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}, unk_id=0), {}),
    ("metaspace, never", other("Unigram", words, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True}, unk_id=0), {}),
    ("metaspace, clean up", other("Unigram", words, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}, unk_id=0), cleaned),
    ("word pieces", other("WordPiece", ["a", "##b", "!", "do", "not", "n't", "'", "s", "##"], {"type": "WordPiece", "prefix": "##", "cleanup": True}, unk_token="a", continuing_subword_prefix="##", max_input_chars_per_word=100), {}),
    ("word level, clean up", other("WordLevel", ["a", "!", ".", "'"], None, unk_token="a"), cleaned),
]


def case(name, tokenizer, config):
    size = len(tokenizer["model"]["vocab"]) + len(tokenizer["added_tokens"]) + 1
    added = [token["id"] for token in tokenizer["added_tokens"]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(json.dumps(tokenizer))
        loaded = PreTrainedTokenizerFast(tokenizer_file=str(path), **config)
        return {"name": name, "tokenizer": tokenizer, "config": config, "texts": [[ids, *texts(loaded, ids)] for ids in drawn_ids(7, size, added, 120)]}


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    folders = {}
    for path in sorted(Path(sys.argv[1]).glob("hub/models--*/snapshots/*/tokenizer.json")):
        folders[path.parts[-4]] = path.parent
    folders["demo"] = top / "examples" / "demo" / "model"
    golden = {
        "tokenizers": [of_folder(name, folder, count) for name, folder in folders.items()],
        "cases": [case(*parts) for parts in made],
    }
    out = Path(sys.argv[3]) if len(sys.argv) > 3 else top / "fixtures" / "golden" / "decode.json"
    out.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
