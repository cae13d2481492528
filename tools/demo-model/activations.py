"""Residual-stream activations of training-like documents: what SAEs are trained on and features are found in."""

from itertools import islice

import torch

from texts import documents

POOL = 1024
BATCH = 64


@torch.no_grad()
def activation_batches(model, tokenizer, world, layers, seed: int):
    """
    Endless (ids [tokens], domain index [tokens], {layer: activations [tokens, d_model]}), one batch of whole documents at a time, <bos> left out:
    its activation is the same large vector in every text. Documents of like length share a batch.
    """
    stream = documents(world, seed)
    domain_index = {domain.name: index for index, domain in enumerate(world)}
    order = torch.Generator().manual_seed(seed)
    while True:
        pool = [(domain_index[name], tokenizer(text)["input_ids"] + [tokenizer.eos_token_id]) for name, text in islice(stream, POOL)]
        pool.sort(key=lambda item: len(item[1]))
        batches = [pool[start : start + BATCH] for start in range(0, POOL, BATCH)]
        for index in torch.randperm(len(batches), generator=order).tolist():
            batch = batches[index]
            length = max(len(ids) for _, ids in batch)
            ids = torch.full([BATCH, length], tokenizer.pad_token_id)
            mask = torch.zeros([BATCH, length], dtype=torch.long)
            for row, (_, tokens) in enumerate(batch):
                ids[row, : len(tokens)] = torch.tensor(tokens)
                mask[row, : len(tokens)] = 1
            # padding stands on the right, where no causal row sees it
            states = model.model(ids, output_hidden_states=True).hidden_states
            kept = mask.bool()
            kept[:, 0] = False
            domains = torch.tensor([domain for domain, _ in batch])[:, None].expand(-1, length)
            yield ids[kept], domains[kept], {layer: states[layer + 1][kept] for layer in layers}


def collect_activations(model, tokenizer, world, layers, seed: int, tokens: int):
    """The first `tokens` rows of activation_batches, in one piece."""
    ids, domains, rows, found = [], [], {layer: [] for layer in layers}, 0
    for batch_ids, batch_domains, batch_rows in activation_batches(model, tokenizer, world, layers, seed):
        ids.append(batch_ids)
        domains.append(batch_domains)
        for layer in layers:
            rows[layer].append(batch_rows[layer])
        found += len(batch_ids)
        if found >= tokens:
            break
    return torch.cat(ids)[:tokens], torch.cat(domains)[:tokens], {layer: torch.cat(rows[layer])[:tokens] for layer in layers}
