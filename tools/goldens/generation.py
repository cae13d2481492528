"""Writes fixtures/golden/generation.json: what transformers' generate() makes of its settings, for packages/lm-backend-onnx/src/generation.

    python tools/goldens/generation.py

`steps` are single choices among 24 tokens: settings, the text so far, logits and what the processors of generate() leave of them (as
probabilities where a token is sampled). `texts` are what the model of examples/demo writes, greedily, as lm_eval 0.4.13 asks it to, with settings in
its files. Made with transformers 5.18 and torch 2.13, float32, on the CPU.
"""

import json
import logging
import random
import shutil
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

logging.disable(logging.WARNING)
top = Path(__file__).resolve().parents[2]
demo = top / "examples" / "demo" / "model"
vocab = 24

# of a model's files; eos_token_id is [1, 7] where nothing else is said
ways = [
    {},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.7},
    {"encoder_repetition_penalty": 1.5},
    {"no_repeat_ngram_size": 1},
    {"no_repeat_ngram_size": 2},
    {"no_repeat_ngram_size": 3},
    {"encoder_no_repeat_ngram_size": 2},
    {"bad_words_ids": [[3], [4, 5], [1], [7, 8, 9]]},
    {"sequence_bias": [[[3], 2.5], [[4, 5], -4.0], [[5, 5], 1.0], [[3], 3.0], [[6], -0.25]]},
    {"min_length": 6},
    {"min_new_tokens": 3},
    {"min_length": 4, "min_new_tokens": 1},
    {"forced_bos_token_id": 5},
    {"forced_eos_token_id": 7},
    {"forced_eos_token_id": [1, 7]},
    {"remove_invalid_values": True, "suppress_tokens": [4]},
    {"remove_invalid_values": True, "no_repeat_ngram_size": 1},
    {"exponential_decay_length_penalty": [1, 1.4]},
    {"exponential_decay_length_penalty": [2, 1.05], "eos_token_id": 9},
    {"suppress_tokens": [2, 3, 9, 400]},
    {"begin_suppress_tokens": [2, 3, 9]},
    {"begin_suppress_tokens": [2, 3], "forced_bos_token_id": 5},
    {"repetition_penalty": 1.05, "no_repeat_ngram_size": 2, "min_new_tokens": 2, "suppress_tokens": [6], "sequence_bias": [[[8], 1.5]], "bad_words_ids": [[10, 3]]},
]
samplings = [
    {},
    {"top_k": 0},
    {"top_k": 3},
    {"top_k": 100, "top_p": 0.8},
    {"top_k": None, "top_p": 0.5},
    {"top_p": 0.0},
    {"min_p": 0.2},
    {"top_k": 0, "top_h": 0.4},
    {"top_h": 0.8, "top_k": 4},
    {"typical_p": 0.6},
    {"typical_p": 0.2, "top_k": 0},
    {"typical_p": 0.95},
    {"epsilon_cutoff": 0.05},
    {"renormalize_logits": True, "repetition_penalty": 1.1},
    {"epsilon_cutoff": 0.9},
    {"eta_cutoff": 0.3},
    {"eta_cutoff": 0.02, "top_k": 0},
    {"top_k": 20, "top_p": 0.9, "min_p": 0.05, "typical_p": 0.9, "epsilon_cutoff": 0.01, "eta_cutoff": 0.01},
    {"repetition_penalty": 1.5, "top_k": 4, "min_new_tokens": 3, "suppress_tokens": [2]},
]
temperatures = [1.0, 0.4, 2.0]


def number(value):
    return {float("inf"): "inf", float("-inf"): "-inf"}.get(value, "nan" if value != value else float(f"{value:.8g}"))


def step(model, draw, settings, temperature):
    prompt_length = draw.choice([1, 2, 4])
    ids = [draw.choice([3, 4, 5, 5, 7, 8, 10]) for _ in range(prompt_length + draw.choice([0, 1, 2, 4]))]
    max_length = len(ids) + draw.choice([1, 2, 5])
    # many equal ones, but where torch leaves open which of them goes first
    equal = not {"top_p", "top_h", "typical_p"} & set(settings)
    logits = [round(draw.gauss(0, 2), 5) if not equal or draw.random() < 0.5 else float(draw.randint(-2, 2)) for _ in range(vocab)]
    asked = {"do_sample": False} if temperature is None else {"do_sample": True, "temperature": temperature}
    model.generation_config = GenerationConfig(**{"eos_token_id": [1, 7], **settings})
    config, _ = model._prepare_generation_config(None, max_length=max_length, **asked)
    model._prepare_special_tokens(config)
    # as generate() prepares lengths
    config = model._prepare_generated_length(config, False, config.min_length in (None, 0), "input_ids", prompt_length, None)
    config.max_length = max_length
    processors = model._get_logits_processor(config, prompt_length, torch.tensor([ids[:prompt_length]]), device="cpu")
    scores = torch.tensor([logits], dtype=torch.float32)
    scores = processors(torch.tensor([ids]), scores)
    found = scores if temperature is None else torch.softmax(scores, dim=-1)
    return {
        "settings": settings,
        "temperature": temperature,
        "ids": ids,
        "promptLength": prompt_length,
        "maxLength": max_length,
        "logits": logits,
        "found": [number(value) for value in found[0].tolist()],
    }


prompts = ["Long ago there was a", "This is the story of a lovely", "Once upon a time there was"]
files = [
    ("generation_config.json", {"eos_token_id": 1}, {}),
    ("generation_config.json", {"eos_token_id": 1, "repetition_penalty": 1.05}, {}),
    ("generation_config.json", {"eos_token_id": 1, "repetition_penalty": 1.3, "do_sample": True, "top_k": 1}, {}),
    ("generation_config.json", {"eos_token_id": 1, "no_repeat_ngram_size": 3}, {}),
    ("generation_config.json", {"eos_token_id": 1, "repetition_penalty": 1.3}, {"repetition_penalty": 1.0}),
    ("generation_config.json", {"eos_token_id": 1, "repetition_penalty": 1.3}, {"repetition_penalty": None}),
    ("generation_config.json", {"eos_token_id": 1, "max_new_tokens": 7, "max_length": 9}, {}),
    ("generation_config.json", {"eos_token_id": [1, "."], "min_new_tokens": 20}, {}),
    ("generation_config.json", {"eos_token_id": "."}, {}),
    ("generation_config.json", {"max_length": 5}, {"max_length": 18}),
    ("generation_config.json", {"eos_token_id": ".", "exponential_decay_length_penalty": [5, 1.5]}, {}),
    ("generation_config.json", {"forced_eos_token_id": 1, "suppress_tokens": ["."]}, {}),
    ("config.json", {"eos_token_id": [1, "."]}, {}),
    ("config.json", {"eos_token_id": 1, "repetition_penalty": 1.3, "top_k": 3, "max_length": 4}, {}),
]


def text(name, values, asked):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        shutil.copytree(demo, folder)
        (folder / "generation_config.json").unlink()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        full_stop = tokenizer.convert_tokens_to_ids(".")
        values = json.loads(json.dumps(values).replace('"."', str(full_stop)))
        if name == "config.json":
            config = json.loads((folder / name).read_text())
            config.pop("eos_token_id", None)
            (folder / name).write_text(json.dumps({**config, **values}))
        else:
            (folder / name).write_text(json.dumps(values))
        model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
        written = []
        for prompt in prompts:
            ids = tokenizer(prompt, return_tensors="pt").input_ids
            length = ids.shape[1]
            # HFLM._model_generate
            kwargs = {"max_length": length + 30, "do_sample": False, "pad_token_id": tokenizer.pad_token_id, "use_cache": True, **asked}
            written.append(model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **kwargs)[0, length:].tolist())
        return {"file": name, "values": values, "settings": asked, "new": written}


if __name__ == "__main__":
    model = AutoModelForCausalLM.from_pretrained(demo, dtype=torch.float32)
    draw = random.Random(5)
    steps = [step(model, draw, settings, None) for settings in ways for _ in range(4)]
    steps += [step(model, draw, settings, temperature) for settings in samplings for temperature in temperatures for _ in range(2)]
    golden = {"steps": steps, "prompts": prompts, "texts": [text(*given) for given in files]}
    (top / "fixtures" / "golden" / "generation.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
