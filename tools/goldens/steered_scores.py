"""What the stand-in examples/demo/model answers with hooks on the outputs of its layers: what vectors.py, reft.py and making-vectors.py compute with.

Float32 by transformers, the formulas those of each tool's source (named in docs/vectors.md), nothing of saeval.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

top = Path(__file__).resolve().parents[2]
target = top / "fixtures/golden/vectors"
target.mkdir(parents=True, exist_ok=True)
tokenizer = AutoTokenizer.from_pretrained(top / "examples/demo/model")
model = AutoModelForCausalLM.from_pretrained(
    top / "examples/demo/model", dtype=torch.float32, attn_implementation="eager"
).eval()
layers = model.model.layers
d = model.config.hidden_size
pairs = [
    ["Question: What does the beagle eat?\nAnswer:", " a bone in the yard"],
    ["Long ago there was a", " little dog named Max. Every morning the dog"],
    ["The beagle said", " good morning to the children."],
]


class Text:
    """One text: ids, prompt length, and which tokens a clause selects."""

    def __init__(self, context, continuation):
        prompt = tokenizer(context).input_ids
        whole = tokenizer(context + continuation).input_ids
        assert whole[: len(prompt)] == prompt
        self.ids, self.prompt = whole, len(prompt)

    def mask(self, select):
        return torch.tensor([bool(select(i, t, self.prompt)) for i, t in enumerate(self.ids)])[:, None]


texts = [Text(*pair) for pair in pairs]


def score(edits):
    """log P(continuation | context) of each text; edits: (layer, h -> h', select) in order."""
    sums = []
    for text in texts:
        handles = []
        for at, change, select in edits:

            def hook(_module, _args, output, change=change, mask=text.mask(select)):
                h = output[0] if isinstance(output, tuple) else output
                new = torch.where(mask, change(h[0]), h[0])[None]
                return (new, *output[1:]) if isinstance(output, tuple) else new

            handles.append(layers[at].register_forward_hook(hook))
        with torch.no_grad():
            logprobs = model(torch.tensor([text.ids])).logits[0].double().log_softmax(-1)
        for handle in handles:
            handle.remove()
        sums.append(sum(logprobs[i - 1, text.ids[i]].item() for i in range(text.prompt, len(text.ids))))
    return sums


everywhere = lambda i, t, n: True
tensor = torch.from_numpy
add = lambda v, c=1.0: lambda h: h + c * tensor(v)


def renormalised(change):
    def apply(h):
        new = change(h)
        return new * h.norm(dim=-1, keepdim=True) / (new.norm(dim=-1, keepdim=True) + 1e-8)

    return apply


def erase(v):
    return lambda h: h - (h * tensor(v)).sum(-1, keepdim=True) / ((tensor(v) ** 2).sum() + 1e-8) * tensor(v)


def matched(v, c):
    return lambda h: h + tensor(v) * (h.norm(dim=-1, keepdim=True) / (tensor(v).norm() + 1e-6)) * c


def loreft(rotate, weight, bias, c=1.0):
    r, w, b = (torch.as_tensor(x).float() for x in (rotate, weight, bias))
    return lambda h: h + ((h @ w.T + b) - h @ r) @ r.T * c


everything = []


def case(file, edits, **args):
    everything.append({"file": file, "args": args, "logprobs": score(edits)})


def write_json(name, value):
    (target / name).write_text(json.dumps(value, indent=1))


def write_cases(name):
    """Writes the cases with what the unsteered model answers, and prints how far each moves it."""
    plain = score([])
    (target / name).write_text(json.dumps({"pairs": pairs, "plain": plain, "cases": everything}, indent=1) + "\n")
    for item in everything:
        change = max(abs(x - y) for x, y in zip(item["logprobs"], plain))
        print(item["file"], item["args"], f"{change:.3f}")
