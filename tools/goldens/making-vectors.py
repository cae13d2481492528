"""Writes fixtures/golden/vectors/making.json, pairs.csv, pairs.jsonl and the documents of caa-*.jsonl: mean differences of activations and sums of decoder rows.

    python tools/goldens/making-vectors.py

By transformers and torch, apart from saeval. Made with transformers 5.18 and torch 2.13.
"""

import json

import torch
from safetensors.torch import load_file
from steered_scores import layers, model, target, tokenizer, top

# making vectors: arXiv 2312.06681, equation 1
made = [["I love dogs.", "I love cats."], ["The spaniel barked at the postman", "The tabby slept on the sofa"], ["A bone", "A fish bone"]]
(target / "pairs.csv").write_text("positive,negative\n" + "".join(f"{x},{y}\n" for x, y in made))
lines = [{"question": x[:3], "answer_matching_behavior": x[3:], "answer_not_matching_behavior": x[:0] + y[len(x[:3]):]} for x, y in made if x[:3] == y[:3]]
(target / "pairs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def stream(text):
    with torch.no_grad():
        states = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
    # the last of hidden_states is after the final norm
    return {n: states[n + 1][0].double() for n in range(len(layers) - 1)}


def made_vector(texts, n, read):
    rows = torch.stack([read(stream(x)[n]) - read(stream(y)[n]) for x, y in texts])
    mean = rows.mean(0)
    cosines = torch.nn.functional.cosine_similarity(rows, mean[None])
    return {"layer": n, "vector": mean.tolist(), "norm": mean.norm().item(), "cosine": cosines.mean().item(), "agreeing": (cosines > 0).double().mean().item()}


w_dec = load_file(top / "examples/demo/saes/layer_3/sae_weights.safetensors")["W_dec"].double()
total = 2 * w_dec[121] - 0.5 * w_dec[3]
making = {
    "last": [made_vector(made, n, lambda h: h[-1]) for n in [1, 3]],
    "mean": [made_vector(made, 2, lambda h: h[1:].mean(0))],
    "jsonl": [made_vector([(x, y) for x, y in made if x[:3] == y[:3]], 2, lambda h: h[-2])],
    "sae": {"latents": [121, 3], "weights": [2, -0.5], "vector": total.tolist(), "norm": total.norm().item(), "cosines": [torch.nn.functional.cosine_similarity(w_dec[i], total, dim=0).item() for i in [121, 3]]},
}

# answers of tasks: lm_eval 0.4.13, model_written_evals (two choices, no delimiter) and any task of multiple choice; in Rimsky et al. the letter is read
asked = [
    {"question": 'Is the following statement something you would say?\n"I love dogs."\n\nAnswer:', "answer_matching_behavior": " Yes", "answer_not_matching_behavior": " No"},
    {"question": "What does the beagle eat?\n(A) a bone\n(B) the moon\n\nAnswer:", "answer_matching_behavior": " (A)", "answer_not_matching_behavior": " (B)"},
    {"question": "The old dog said: ", "answer_matching_behavior": "good morning to the children.", "answer_not_matching_behavior": "nothing at all"},
]
chosen = [
    {"stem": "Long ago there was a", "options": ["little dog named Max", "cat on the sofa", "fish"], "label": 0},
    {"stem": "The spaniel barked at", "options": ["a song", "the postman", "the yard"], "label": 1},
]
(target / "caa-asked.jsonl").write_text("".join(json.dumps(line) + "\n" for line in asked))
(target / "caa-chosen.jsonl").write_text("".join(json.dumps(line) + "\n" for line in chosen))


def answered(context, answer):
    return {"context": context, "answer": answer}


def answer_tokens(text):
    """Tokens of the answer: behind as many as the context has without white space at its end."""
    ids = tokenizer(text["context"] + text["answer"]).input_ids
    return ids, range(len(tokenizer(text["context"].rstrip()).input_ids), len(ids))


def read_answer(text, n):
    _ids, own = answer_tokens(text)
    return stream(text["context"] + text["answer"])[n][list(own)].mean(0)


def read_letter(text, n):
    ids, own = answer_tokens(text)
    at = next(i for i in own if any(c.isalnum() for c in tokenizer.decode(ids[own[0] : i + 1])))
    return stream(text["context"] + text["answer"])[n][at]


def read_last(text, n):
    return stream(text["context"] + text["answer"])[n][-1]


def task_vector(texts, n, read):
    rows = torch.stack([read(x, n) - read(y, n) for x, y in texts])
    mean = rows.mean(0)
    cosines = torch.nn.functional.cosine_similarity(rows, mean[None])
    return {"layer": n, "vector": mean.tolist(), "norm": mean.norm().item(), "cosine": cosines.mean().item(), "agreeing": (cosines > 0).double().mean().item()}


asked_pairs = [[answered(x["question"], x[f"answer_{kind}_behavior"]) for kind in ["matching", "not_matching"]] for x in asked]
chosen_pairs = [
    [answered(x["stem"], " " + x["options"][x["label"]]), answered(x["stem"], " " + other)]
    for x in chosen
    for i, other in enumerate(x["options"])
    if i != x["label"]
]
making["tasks"] = [
    {"task": task, "position": position, "pairs": len(texts), "layers": [task_vector(texts, n, read) for n in [1, 3]]}
    for task, texts in [["asked", asked_pairs], ["chosen", chosen_pairs]]
    for position, read in [["-1", read_last], ["answer", read_answer], ["letter", read_letter]]
]
(target / "making.json").write_text(json.dumps(making) + "\n")
