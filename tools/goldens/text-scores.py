"""Writes fixtures/golden/text-scores.json: scores of texts against the unsteered model, for packages/experiments/src/text-scores.

    python tools/goldens/text-scores.py

Model examples/demo/model in float32 by transformers; steered is 25 times the decoder row of latent 121 of examples/demo/saes/layer_3, added everywhere
after layer 3. Nothing of saeval. Made with transformers 5.18 and torch 2.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

top = Path(__file__).resolve().parents[2]
demo = top / "examples/demo"
latent, coefficient = 121, 25
written = [
    ("Long ago there was", " a wonderful spaniel named Otis. In the evening Otis ate a bone."),
    ("This is the story of", " a lovely colour called gold."),
]

tokenizer = AutoTokenizer.from_pretrained(demo / "model")
model = AutoModelForCausalLM.from_pretrained(demo / "model", dtype=torch.float32, attn_implementation="eager").eval()
row = load_file(demo / "saes/layer_3/sae_weights.safetensors")["W_dec"][latent].float()


def logprobs(text, steered):
    """log-softmax [pos, vocab] at every token, and the ids."""

    def hook(_module, _args, output):
        x = (output[0] if isinstance(output, tuple) else output) + coefficient * row
        return (x, *output[1:]) if isinstance(output, tuple) else x

    handle = model.model.layers[3].register_forward_hook(hook) if steered else None
    ids = tokenizer(text)["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0].double()
    if handle:
        handle.remove()
    return torch.log_softmax(logits, -1), ids


def divergences(text):
    """KL of the steered from the unsteered distribution at every token."""
    (p, _), (q, _) = logprobs(text, False), logprobs(text, True)
    return (p.exp() * (p - q)).sum(-1)


questions = []
for prompt, text in written:
    scores, ids = logprobs(prompt + text, False)
    begin = len(tokenizer(prompt)["input_ids"])
    own = [scores[at - 1, ids[at]].item() for at in range(begin, len(ids))]
    questions.append(
        {
            "prompt": prompt,
            "text": text,
            "logprob": sum(own) / len(own),
            "kl_after_prompt": divergences(prompt)[-1].item(),
            "kl_of_text": divergences(prompt + text).mean().item(),
        }
    )
with torch.no_grad():
    lens = model.lm_head(model.model.norm(row[None]))[0]
tokens = lens.topk(20).indices.tolist()
path = top / "fixtures/golden/text-scores.json"
found = {"latent": latent, "coefficient": coefficient, "questions": questions, "lens": [tokenizer.decode([t]) for t in tokens]}
path.write_text(json.dumps(found, indent=1) + "\n")
print(json.dumps(found))
