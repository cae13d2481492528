"""Makes sets of transcoders in circuit-tracer's layout, and what a model steered through them computes, apart from saeval.

    python tools/goldens/circuit-tracer.py

Writes fixtures/hf-home/hub/models--fixture--clt-gpt2 (a cross-layer transcoder; clt-gpt2-jump has thresholds) and
models--fixture--transcoders-gpt2 (a set for each activation in a folder), all of random weights, for fixture/gpt2, and
fixtures/golden/circuit-tracer.json. Formulas: a latent of layer L is f = act(W_enc[L] x + b_enc[L]) of x at blocks.L.hook_resid_mid (a set's:
mlp.hook_in); an edit f -> f' adds (f' - f) W_dec[L][latent, j] to blocks.(L + j).hook_mlp_out, for every later layer, as circuit-tracer's
CrossLayerTranscoder decodes. Made with transformers 5.18 and torch 2.13, float32, on the CPU.
"""

import json
import shutil
from pathlib import Path

import torch
import yaml
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

top = Path(__file__).resolve().parents[2] / "fixtures"
hub = top / "hf-home" / "hub"
COMMIT = "0" * 39 + "3"
LATENTS = 24
draw = torch.Generator().manual_seed(11)


def normal(*shape, scale=1.0):
    return torch.randn(shape, generator=draw) * scale


def repository(name):
    target = hub / f"models--fixture--{name}" / "snapshots" / COMMIT
    shutil.rmtree(target.parents[1], ignore_errors=True)
    target.mkdir(parents=True)
    (target.parents[1] / "refs").mkdir()
    (target.parents[1] / "refs" / "main").write_text(COMMIT)
    return target


def config(kind, reads, **more):
    return yaml.safe_dump({"model_name": "fixture/gpt2", "model_kind": kind, "feature_input_hook": reads, "feature_output_hook": "hook_mlp_out", **more})


folder = next((hub / "models--fixture--gpt2" / "snapshots").iterdir())
model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
blocks = model.transformer.h
n, d = len(blocks), model.config.n_embd
tokenizer = AutoTokenizer.from_pretrained(folder)
prompt = "The keeper counted the boats"
prompt_ids = tokenizer(prompt).input_ids
ids = [int(value) for value in torch.randint(0, 500, (24,), generator=draw)]


def cross_layer(name, jump):
    target = repository(name)
    (target / "config.yaml").write_text(config("cross_layer_transcoder", "hook_resid_mid"))
    parts = []
    for layer in range(n):
        part = {"enc": normal(LATENTS, d, scale=d**-0.5), "b_enc": normal(LATENTS, scale=0.2), "dec": normal(LATENTS, n - layer, d, scale=0.5), "b_dec": normal(d, scale=0.1)}
        part["threshold"] = normal(LATENTS).abs() * 0.3 if jump else None
        stored = {f"W_enc_{layer}": part["enc"], f"b_enc_{layer}": part["b_enc"], f"b_dec_{layer}": part["b_dec"]}
        if jump:
            stored[f"threshold_{layer}"] = part["threshold"]
        save_file({key: value.contiguous() for key, value in stored.items()}, target / f"W_enc_{layer}.safetensors")
        save_file({f"W_dec_{layer}": part["dec"].contiguous()}, target / f"W_dec_{layer}.safetensors")
        parts.append(part | {"read": "resid_mid", "k": None})
    return parts


def transcoders(target, folder, kind):
    at = target / folder
    at.mkdir(parents=True)
    more = {"activation": "topk", "k": 5} if kind == "topk" else {}
    (at / "config.yaml").write_text(config("transcoder_set", "mlp.hook_in", **more))
    parts = []
    for layer in range(n):
        part = {"enc": normal(LATENTS, d, scale=d**-0.5), "b_enc": normal(LATENTS, scale=0.2), "dec": normal(LATENTS, 1, d, scale=0.5), "threshold": None, "k": more.get("k"), "read": "mlp_in"}
        stored = {"W_enc": part["enc"], "b_enc": part["b_enc"], "W_dec": part["dec"][:, 0], "b_dec": normal(d, scale=0.1)}
        if kind == "jump":
            part["threshold"] = stored["activation_function.threshold"] = normal(LATENTS).abs() * 0.3
        if kind == "skip":
            stored["W_skip"] = normal(d, d, scale=0.1)
        save_file({key: value.contiguous() for key, value in stored.items()}, at / f"layer_{layer}.safetensors")
        parts.append(part)
    return parts


def activations(part, x):
    p = x @ part["enc"].T + part["b_enc"]
    if part["threshold"] is not None:
        return p * (p > part["threshold"])
    if part["k"] is not None:
        kept = torch.zeros_like(p).scatter_(-1, p.topk(part["k"], -1).indices, 1.0)
        return torch.relu(p * kept)
    return torch.relu(p)


def edited(f, row):
    action, c, i = row["action"], row["coefficient"], row["latent"]
    own = f[..., i]
    wanted = {"add": own + c, "add_latent": own + c, "clamp": torch.full_like(own, c), "scale": own * c, "ablate": torch.zeros_like(own),
              "clamp_above": torch.where(own > row.get("threshold", 0), torch.full_like(own, c), own)}[action]
    return wanted - own


@torch.no_grad()
def steered(parts, rows, tokens):
    """Logits; rows on one layer read the same clean x."""
    waiting, handles = {}, []
    for layer, block in enumerate(blocks):
        mine = [row for row in rows if row["layer"] == layer]

        def read(_, args, layer=layer, mine=mine):
            f = activations(parts[layer], args[0])
            for row in mine:
                delta = edited(f, row)
                for j in range(parts[layer]["dec"].shape[1]):
                    waiting.setdefault(layer + j, []).append(delta[..., None] * parts[layer]["dec"][row["latent"], j])

        def write(_, __, output, layer=layer):
            return output + sum(waiting[layer]) if layer in waiting else output

        reader = block.ln_2 if parts[layer]["read"] == "resid_mid" else block.mlp
        handles += [reader.register_forward_pre_hook(read), block.mlp.register_forward_hook(write)]
    logits = model(torch.tensor([tokens]), use_cache=False).logits[0]
    for handle in handles:
        handle.remove()
    return logits


def written(parts, rows, count=12):
    tokens = prompt_ids
    for _ in range(count):
        best = steered(parts, rows, tokens)[-1].topk(2)
        # greedy texts must match exactly
        if best.values[0] - best.values[1] < 0.004 or best.indices[0] == model.config.eos_token_id:
            break
        tokens = [*tokens, best.indices[0].item()]
    return tokenizer.decode(tokens[len(prompt_ids) :]), len(tokens) - len(prompt_ids)


def case(release, prefix, parts, rows):
    plain, changed = steered(parts, [], ids), steered(parts, rows, ids)
    off = (changed - plain).abs().max().item()
    assert off > 0.05, (release, rows, off)
    text, count = written(parts, rows)
    logits = [float(f"{value:.8g}") for value in changed[-1].tolist()]
    return {"release": release, "rows": [row | {"id": f"{prefix}{row['layer']}"} for row in rows], "logits": logits, "text": text, "new_tokens": count}


def rows_of(layer, latent):
    row = {"layer": layer, "latent": latent}
    return [
        [row | {"action": "add", "coefficient": 3.0}],
        [row | {"action": "add_latent", "coefficient": -2.0}],
        [row | {"action": "clamp", "coefficient": 4.0}],
        [row | {"action": "scale", "coefficient": 3.0}],
        [row | {"action": "ablate", "coefficient": 0.0}],
        [row | {"action": "clamp_above", "coefficient": 6.0, "threshold": 0.4}],
    ]


def busiest(parts, layer):
    """The latent that is active at most tokens of the text."""
    seen = []
    reader = blocks[layer].ln_2 if parts[layer]["read"] == "resid_mid" else blocks[layer].mlp
    handle = reader.register_forward_pre_hook(lambda _, args: seen.append(activations(parts[layer], args[0])))
    with torch.no_grad():
        model(torch.tensor([ids]), use_cache=False)
    handle.remove()
    return (seen[0][0] > 0.4).sum(0).argmax().item()


if __name__ == "__main__":
    cases = []
    for name, jump in (("clt-gpt2", False), ("clt-gpt2-jump", True)):
        parts = cross_layer(name, jump)
        layer = 1
        latent = busiest(parts, layer)
        cases += [case(f"fixture/{name}", "layer_", parts, rows) for rows in rows_of(layer, latent)]
        # two rows, the upper one of which reads what the lower one has changed
        upper = busiest(parts, 2)
        cases.append(case(f"fixture/{name}", "", parts, [{"layer": 0, "latent": 3, "action": "add", "coefficient": 2.0}, {"layer": 2, "latent": upper, "action": "scale", "coefficient": 2.5}]))
    target = repository("transcoders-gpt2")
    for kind in ("relu", "jump", "skip", "topk"):
        parts = transcoders(target, kind, kind)
        cases += [case("fixture/transcoders-gpt2", f"{kind}/layer_", parts, rows) for rows in rows_of(1, busiest(parts, 1))[2:4]]
    (top / "golden" / "circuit-tracer.json").write_text(json.dumps({"ids": ids, "prompt": prompt, "cases": cases}, separators=(",", ":")) + "\n")
    print(len(cases), "cases")
