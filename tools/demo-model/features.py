"""Describes every latent of an SAE by the texts it fires on, as one line of JSON each."""

import json
import pathlib

import torch

SNIPPETS = 3
BEFORE, AFTER = 8, 2  # tokens of a snippet around the one that the latent fires on
LOCAL_SHARE = 0.4  # a latent belongs to a domain that has at least this share of its mean activations over the domains


@torch.no_grad()
def write_features(model, tokenizer, world, sae, ids, domains, rows, path: pathlib.Path) -> None:
    """`ids`, `domains` [tokens] and `rows` [tokens, d_model] as collect_activations gives them, from texts the SAE was not trained on."""
    f = sae.encode(rows)
    mean = torch.stack([f[domains == index].mean(0) for index in range(len(world))])
    share = mean / mean.sum(0).clamp(min=1e-9)
    # what the latent's row says to the unembedding by itself
    logits = (sae.w_dec * (1 + model.model.norm.weight)) @ model.lm_head.weight.T
    logits -= logits.mean(0)
    with open(path, "w") as file:
        for latent in range(f.shape[1]):
            values, places = f[:, latent].sort(descending=True)
            places = places[values > 0]
            words = counted(tokenizer, ids[places[:200]])
            best = int(share[:, latent].argmax())
            topic = f"{world[best].name}: " if share[best, latent] >= LOCAL_SHARE else ""
            line = {
                "latent": latent,
                "label": f"{topic}on {', '.join(words[:4])}" if words else "silent",
                "raises": [tokenizer.decode(token).strip() for token in logits[latent].topk(5).indices],
                "density": round(len(places) / len(f), 5),
                "max_activation": round(float(values[0]), 2),
                "domains": {world[index].name: round(float(share[index, latent]), 2) for index in share[:, latent].topk(2).indices.tolist()},
                "snippets": snippets(tokenizer, ids, places),
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def counted(tokenizer, tokens: torch.Tensor) -> list[str]:
    """The tokens as texts, most frequent first."""
    found, counts = tokens.unique(return_counts=True)
    return [tokenizer.decode(int(found[index])).strip() or "(space)" for index in counts.argsort(descending=True, stable=True)]


def snippets(tokenizer, ids: torch.Tensor, places: torch.Tensor) -> list[str]:
    """The texts around the strongest activations, no two alike, the token itself in «»."""
    texts: list[str] = []
    for place in places[:400].tolist():
        start, end = max(0, place - BEFORE), place + 1 + AFTER
        for other in range(start, place):
            if ids[other] == tokenizer.eos_token_id:
                start = other + 1
        before, token, after = (tokenizer.decode(part) for part in (ids[start:place], ids[place : place + 1], ids[place + 1 : end]))
        after = after.split(tokenizer.eos_token)[0] if ids[place] != tokenizer.eos_token_id else ""
        text = f"{before.strip()} «{token.strip()}»{after}".strip()
        if text not in texts:
            texts.append(text)
        if len(texts) == SNIPPETS:
            break
    return texts
