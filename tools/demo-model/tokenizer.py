"""A BPE tokenizer as Gemma's: spaces written as U+2581, bytes as a last resort, every text started with <bos>."""

from itertools import islice

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from texts import documents

SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]


def train_tokenizer(world, seed: int, vocab_size: int) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    # words never share a token with their neighbours or with punctuation
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("▁?[\\p{L}']+|▁?[^\\p{L}▁]|▁"), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=[*SPECIAL, *bytes_], show_progress=False)
    tokenizer.train_from_iterator((text for _, text in islice(documents(world, seed), 40_000)), trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=plain_bytes(tokenizer, bytes_))
    fast.add_special_tokens({"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>", "unk_token": "<unk>"})
    fast.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", fast.bos_token_id)]
    )
    return fast


def plain_bytes(tokenizer: Tokenizer, bytes_: list[str]) -> Tokenizer:
    """Bytes are ordinary entries of the vocabulary: the trainer only takes them in as special tokens, which would match in texts."""
    import json

    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [token for token in data["added_tokens"] if token["content"] not in bytes_]
    return Tokenizer.from_str(json.dumps(data))
