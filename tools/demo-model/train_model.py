"""Trains the language model: a small Gemma 2 on an endless stream of documents, no document twice."""

import csv
import time

import torch
from transformers import Gemma2Config, Gemma2ForCausalLM

from texts import documents


def model_config(vocab_size: int, special: dict[str, int]) -> Gemma2Config:
    return Gemma2Config(
        vocab_size=vocab_size, hidden_size=128, intermediate_size=512, num_hidden_layers=5,
        num_attention_heads=4, num_key_value_heads=2, head_dim=32, query_pre_attn_scalar=32,
        max_position_embeddings=256, sliding_window=64, attn_implementation="eager", **special,
    )


def token_rows(world, tokenizer, seed: int, length: int):
    """Rows [length] of whole documents, each with its <bos> and <eos>; the last one of a row is cut."""
    stream = documents(world, seed)
    while True:
        row: list[int] = []
        while len(row) < length:
            row += tokenizer(next(stream)[1])["input_ids"] + [tokenizer.eos_token_id]
        yield row[:length]


def train_model(world, tokenizer, *, seed: int, steps: int, batch: int, length: int, rate: float, curve: str) -> Gemma2ForCausalLM:
    torch.manual_seed(seed)
    special = {f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("bos", "eos", "pad")}
    model = Gemma2ForCausalLM(model_config(len(tokenizer), special))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.05)
    warmup = steps // 20
    schedule = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 0.01, 1.0, warmup),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps - warmup, rate / 50),
        ],
        [warmup],
    )
    rows = token_rows(world, tokenizer, seed, length)
    started = time.time()
    with open(curve, "w", newline="") as file:
        log = csv.writer(file)
        log.writerow(["step", "loss"])
        mean = 0.0
        for step in range(1, steps + 1):
            ids = torch.tensor([next(rows) for _ in range(batch)])
            logits = model(ids).logits[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            mean += loss.item() / 50
            if step % 50 == 0:
                log.writerow([step, f"{mean:.4f}"])
                file.flush()
                print(f"step {step}: loss {mean:.4f}, {step * batch * length / (time.time() - started):.0f} tokens/s", flush=True)
                mean = 0.0
    return model.eval()
