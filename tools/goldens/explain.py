"""Writes fixtures/golden/explain.json: the parts of margins that steering changes, for packages/experiments/src/explain.

    python tools/goldens/explain.py

Model examples/demo/model in float32 by transformers, its SAEs by their formula (JumpReLU), nothing of saeval. Every order of rows, and of groups of
positions, is counted: a part is the mean of what its row (or its positions) adds to those before. Made with transformers 5.18 and torch 2.
"""

import itertools
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

top = Path(__file__).resolve().parents[2]
demo = top / "examples/demo"
documents = 2
# layer, latent, action, coefficient, only in the prompt
rows = [
    (3, 121, "clamp_active", -20, False),
    (3, 71, "add", 9, True),
    (2, 40, "add", -6, False),
]

tokenizer = AutoTokenizer.from_pretrained(demo / "model")
model = AutoModelForCausalLM.from_pretrained(demo / "model", dtype=torch.float32, attn_implementation="eager").eval()
saes = {layer: load_file(demo / f"saes/layer_{layer}/sae_weights.safetensors") for layer in (2, 3)}


def edited(x, layer, chosen, places, prompt):
    """x [pos, d] with the chosen rows of this layer, at these positions; all rows of a layer read the same x."""
    sae = {name: tensor.double() for name, tensor in saes[layer].items()}
    change = torch.zeros_like(x, dtype=torch.float64)
    for own, latent, action, coefficient, only_prompt in chosen:
        if own != layer:
            continue
        where = torch.tensor([at in places and (at < prompt or not only_prompt) for at in range(len(x))])
        if action == "add":
            by = torch.full((len(x),), float(coefficient), dtype=torch.float64)
        else:
            p = (x.double() - sae["b_dec"]) @ sae["W_enc"][:, latent] + sae["b_enc"][latent]
            active = p > max(0, sae["threshold"][latent].item())
            by = torch.where(active, coefficient - p, torch.zeros_like(p))
        change += torch.where(where, by, torch.zeros_like(by))[:, None] * sae["W_dec"][latent]
    return x + change.float()


def logprob(context, continuation, chosen, groups):
    """log P(continuation | context) with the chosen rows acting in the groups of positions only; groups: the ends of all groups, and which are on."""
    prompt = len(tokenizer(context)["input_ids"])
    ids = tokenizer(context + continuation)["input_ids"]
    ends, on = groups
    ends = [*ends, len(ids)]
    places = {at for group in on for at in range(ends[group - 1] if group else 0, ends[group])}
    handles = []
    for layer in (2, 3):

        def hook(_module, _args, output, layer=layer):
            x = output[0] if isinstance(output, tuple) else output
            x = edited(x[0], layer, chosen, places, prompt)[None]
            return (x, *output[1:]) if isinstance(output, tuple) else x

        handles.append(model.model.layers[layer].register_forward_hook(hook))
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0].double()
    for handle in handles:
        handle.remove()
    scores = torch.log_softmax(logits, -1)
    return sum(scores[at - 1, ids[at]].item() for at in range(prompt, len(ids)))


def shapley(count, value):
    known = {}

    def worth(players):
        key = frozenset(players)
        if key not in known:
            known[key] = value(sorted(key))
        return known[key]

    parts = [0.0] * count
    orders = list(itertools.permutations(range(count)))
    for order in orders:
        for place, player in enumerate(order):
            parts[player] += (worth(order[: place + 1]) - worth(order[:place])) / len(orders)
    return parts


found = []
for number, line in enumerate((demo / "tasks/dogs.jsonl").read_text().splitlines()[:documents]):
    doc = json.loads(line)
    context = f"Question: {doc['question']}\nAnswer:"
    prompt = len(tokenizer(context)["input_ids"])
    # BOS, the question with its line's end, "Answer", the last token, the answer
    ends = [1, len(tokenizer(f"Question: {doc['question']}\n")["input_ids"]), prompt - 1, prompt]
    everywhere = (ends, range(5))
    choices = [f" {choice}" for choice in doc["choices"]]
    scores = [[logprob(context, choice, chosen, everywhere) for choice in choices] for chosen in ([], rows)]
    before, after = (choices[max(range(4), key=list_.__getitem__)] for list_ in scores)
    if before == after:
        continue

    def margin(chosen, groups):
        return logprob(context, before, chosen, groups) - logprob(context, after, chosen, groups)

    found.append(
        {
            "doc_id": number,
            "before": before,
            "after": after,
            "margins": [margin([], everywhere), margin(rows, everywhere)],
            "rows": shapley(3, lambda some: margin([rows[row] for row in some], everywhere)),
            "positions": shapley(5, lambda some: margin(rows, (ends, some))),
        }
    )

path = top / "fixtures/golden/explain.json"
path.write_text(json.dumps({"documents": documents, "found": found}, indent=1) + "\n")
print(path, [(one["doc_id"], one["before"], one["after"], one["margins"], one["rows"], one["positions"]) for one in found])
