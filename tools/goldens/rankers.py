"""Writes fixtures/golden/rankers.json: rankings of the demo SAE's latents, computed with torch and numpy, for packages/steering/src/ranking.

    python tools/goldens/rankers.py

Model examples/demo/model in float32 by transformers, SAE examples/demo/saes/layer_3 by its formula (JumpReLU), nothing of saeval.
Sources of the formulas: the files of packages/steering/src/ranking. Made with transformers 5.18 and torch 2.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

top = Path(__file__).resolve().parents[2]
demo = top / "examples/demo"
latents = [0, 3, 17, 96, 121, 200, 257, 311, 402, 511]
prompt = "From my experience,"
forget = ["Question: What does the beagle eat?\nAnswer:", "Question: Which home does the dog live in?\nAnswer:"]
retain = ["Question: What does the tabby fear?\nAnswer:", "Question: Which price does the piano have?\nAnswer:"]
outcomes = [1.0, 1.0, 0.0, 0.5]
k = 20
amplification = 10
confidence_k = 1

tokenizer = AutoTokenizer.from_pretrained(demo / "model")
model = AutoModelForCausalLM.from_pretrained(demo / "model", dtype=torch.float32, attn_implementation="eager").eval()
sae = load_file(demo / "saes/layer_3/sae_weights.safetensors")
w_enc, b_enc, w_dec, b_dec, threshold = (
    sae[name].double() for name in ["W_enc", "b_enc", "W_dec", "b_dec", "threshold"]
)
layer = model.model.layers[3]


def encode(x):
    p = (x.double() - b_dec) @ w_enc + b_enc
    return torch.where(p > threshold.clamp(min=0), p, 0)


def run(text, edit=None):
    """Logits after the text, and the stream after layer 3 [pos, d_model]."""
    seen = {}

    def hook(_module, _args, output):
        x = output[0] if isinstance(output, tuple) else output
        seen["x"] = x.detach().clone()[0]
        if edit is not None:
            x = x.clone()
            x[0, -1] += edit.float()
        return (x, *output[1:]) if isinstance(output, tuple) else x

    handle = layer.register_forward_hook(hook)
    with torch.no_grad():
        logits = model(**tokenizer(text, return_tensors="pt")).logits[0, -1]
    handle.remove()
    return logits.double(), seen["x"]


def confidence(logits):
    """-mean log P of the k most likely tokens."""
    return -torch.log_softmax(logits, 0).topk(confidence_k).values.mean().item()


def lens(row):
    with torch.no_grad():
        logits = model.lm_head(model.model.norm(row.float()[None]))[0]
        cap = model.config.final_logit_softcapping
        return torch.tanh(logits / cap) * cap if cap else logits


plain, x = run(prompt)
largest = encode(x)[-1].max().item()
scores, changes, lens_tokens, lens_logits = [], [], [], []
for latent in latents:
    row = w_dec[latent]
    logits_of_row = lens(row)
    tokens = logits_of_row.topk(k).indices.tolist()
    steered, _ = run(prompt, amplification * largest * row)
    p = torch.softmax(steered, 0)
    order = torch.argsort(p, descending=True).tolist()
    best = min(order.index(token) for token in tokens)
    scores.append((1 - best / len(p)) * max(p[token].item() for token in tokens))
    changes.append(confidence(steered) - confidence(plain))
    lens_tokens.append(tokens)
    lens_logits.append(logits_of_row[tokens[:3]].tolist())


def special(text):
    return [token in tokenizer.all_special_ids for token in tokenizer(text)["input_ids"]]


def sparsity(texts):
    """Share of the tokens, special ones left out, at which each latent is active."""
    active = [
        (encode(run(text)[1]) > 0)[~torch.tensor(special(text))] for text in texts
    ]
    return torch.cat(active).double().mean(0)


pooled = np.array(
    [encode(run(text)[1])[~torch.tensor(special(text))].max(0).values.numpy() for text in forget + retain]
)
with np.errstate(invalid="ignore", divide="ignore"):
    correlations = [
        # what differs by less is rounding: the same token after the same tokens
        0.0 if np.std(pooled[:, j]) <= 1e-4 * pooled[:, j].mean() else float(np.corrcoef(pooled[:, j], outcomes)[0, 1]) for j in range(512)
    ]
good = np.array(outcomes) > 0
found = {
    "prompt": prompt,
    "latents": latents,
    "largest": largest,
    "lens_tokens": lens_tokens,
    "lens_logits": lens_logits,
    "output_score": scores,
    "confidence_change": changes,
    "forget": forget,
    "retain": retain,
    "forget_sparsity": {j: v for j, v in enumerate(sparsity(forget).tolist()) if v > 0},
    "retain_sparsity": {j: v for j, v in enumerate(sparsity(retain).tolist()) if v > 0},
    "outcomes": outcomes,
    "correlation": {j: v for j, v in enumerate(correlations) if v != 0},
    "mean_of_good": {j: float(v) for j, v in enumerate(pooled[good].mean(0)) if v != 0},
}
(top / "fixtures/golden/rankers.json").write_text(json.dumps(found) + "\n")
