"""Writes fixtures/golden/vectors: files of steering vectors in the formats of other tools, and what a model steered with them answers.

    pip install gguf zstandard
    python tools/goldens/vectors.py

Model examples/demo/model in float32 by transformers, hooks on the outputs of its layers by the formulas of each tool's source (named in docs/vectors.md),
nothing of saeval. The GGUF files are written by ggml's own package gguf 0.19, as repeng's export_gguf calls it; zstd data by zstandard 0.25; folders of
pyreft by torch.save in the layout of pyvene's save. Made with transformers 5.18, torch 2.13 and numpy 2.4.
"""

import base64

import gguf
import numpy as np
import torch
import zstandard
from easysteer_payload import payload
from safetensors.numpy import save_file
from steered_scores import add, case, d, erase, everywhere, loreft, matched, model, renormalised, target, tensor, texts, tokenizer, write_cases, write_json

rng = np.random.default_rng(22)


def vector(size=1.0):
    v = rng.standard_normal(d).astype(np.float32)
    return (v * np.float32(size) / np.linalg.norm(v)).astype(np.float32)


# GGUF: repeng's ControlVector.export_gguf and llama.cpp's cvector-generator write these keys
def write_gguf(name, directions, hint="qwen2"):
    writer = gguf.GGUFWriter(target / name, "controlvector")
    writer.add_string("controlvector.model_hint", hint)
    writer.add_uint32("controlvector.layer_count", len(directions))
    for layer, values in directions.items():
        writer.add_tensor(f"direction.{layer}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


control = {layer: vector(4) for layer in [3, 2, 1]}
write_gguf("control.gguf", control, model.config.model_type)
case("control.gguf", [(n, add(v), everywhere) for n, v in control.items()])
case("control.gguf", [(n, add(control[n], -2), everywhere) for n in [1, 2]], scale=-2, layers="1:3")
case("control.gguf", [(n, add(v), lambda i, t, p: i == p - 1) for n, v in control.items()], positions="last_prompt")
half = {1: vector(6).astype(np.float16)}
write_gguf("half.gguf", half)
case("half.gguf", [(1, add(half[1].astype(np.float32)), everywhere)])

# plain vectors
plain = vector(6)
np.save(target / "plain.npy", plain)
np.save(target / "plain-f64.npy", plain.astype(np.float64)[None])
torch.save(tensor(plain), target / "plain.pt")
save_file({"v": plain}, target / "one.safetensors")
case("plain.npy", [(n, add(plain, 1.5), everywhere) for n in [1, 2]], layers="1 2", scale=1.5)
save_file({"layers.1": plain, "blocks.2.hook_resid_post": control[2]}, target / "places.safetensors")
case("places.safetensors", [(1, add(plain), everywhere), (2, add(control[2]), everywhere)])


# vllm-lens: _helpers/_serialize.py
def stored(array, original, compress=True):
    raw = array.tobytes()
    data = zstandard.ZstdCompressor(level=1).compress(raw) if compress else raw
    result = {"data": base64.b64encode(data).decode(), "dtype": str(array.dtype), "shape": list(array.shape)}
    return {**result, "original_dtype": original, **({"compression": "zstd"} if compress else {})}


a, b = vector(3), vector(5)
lens = {"layer_indices": [1, 2], "position_indices": None}
write_json(
    "lens-match.json",
    {**lens, "activations": stored(np.stack([a, b]), "torch.float32"), "scale": 0.5, "norm_match": True},
)
case("lens-match.json", [(1, matched(a, 0.5), everywhere), (2, matched(b, 0.5), everywhere)])
bfloat = tensor(np.stack([a, b])).bfloat16()
as_int16 = bfloat.view(torch.int16).numpy()
write_json("lens-bfloat16.json", [{**lens, "activations": stored(as_int16, "torch.bfloat16"), "scale": 2.0, "norm_match": False}])
numbers = bfloat.float().numpy()
case("lens-bfloat16.json", [(1, add(numbers[0], 2), everywhere), (2, add(numbers[1], 2), everywhere)])
three = np.stack([a, b, plain])[None]
write_json(
    "lens-positions.json",
    {"activations": stored(three, "torch.float32", False), "layer_indices": [2], "scale": 1.0, "position_indices": [1, 3, 6]},
)
at = lambda wanted: lambda i, t, n: i == wanted
case("lens-positions.json", [(2, add(v), at(i)) for v, i in zip(three[0], [1, 3, 6])])


# EasySteer: vllm/steer_vectors/api.py and payloads.py
both = {"prompt": "all", "generation": "all"}
write_json(
    "easysteer-source.json",
    {"vectors": [{"source": "control.gguf", "scale": 2.0, "layers": [1, 3], "normalize": True, "apply": both}]},
)
case("easysteer-source.json", [(n, renormalised(add(control[n], 2)), everywhere) for n in [1, 3]])
said = tokenizer("The beagle said").input_ids
clauses = {
    "tokens": ({"prompt_tokens": [said[0], said[-1]], "generation_positions": [0, 2]}, lambda i, t, n: (i < n and t in (said[0], said[-1])) or (i - n in (0, 2))),
    "positions": ({"prompt_positions": [-2, 0, 500], "exclude_prompt_positions": [0]}, lambda i, t, n: i < n and i in (n - 2, n - 1) and i != 0),
    "windows": (
        {"prompt_window": [-3, None], "exclude_prompt_window": [0, 1], "generation_window": [1, 4], "exclude_generation_positions": [2]},
        lambda i, t, n: (n - 3 <= i < n and i != 0) or (1 <= i - n < 4 and i - n != 2),
    ),
    "excluded": ({"prompt": "all", "exclude_prompt_tokens": [said[0]], "generation": "all", "exclude_generation_tokens": [texts[0].ids[texts[0].prompt]]},
                 lambda i, t, n: t != said[0] if i < n else t != texts[0].ids[texts[0].prompt]),
}
for name, (clause, select) in clauses.items():
    write_json(f"easysteer-{name}.json", {"vectors": [{"source": "half.gguf", "scale": 1.5, "apply": clause}]})
    case(f"easysteer-{name}.json", [(1, add(half[1].astype(np.float32), 1.5), select)])
direction = {"layer.1": a, "layer.2": b}
write_json("easysteer-erase.json", {"vectors": [{"data": payload("direction", direction), "algorithm": "erase", "apply": both}]})
case("easysteer-erase.json", [(1, erase(a), everywhere), (2, erase(b), everywhere)])
write_json(
    "easysteer-replace.json",
    {"vectors": [{"data": payload("direction", direction), "algorithm": "replace", "scale": 1.5, "normalize": True, "apply": {"prompt_positions": [-1]}}]},
)
last = lambda i, t, n: i == n - 1
replaced = lambda v: renormalised(lambda h: (1.5 * tensor(v)).expand_as(h))
case("easysteer-replace.json", [(1, replaced(a), last), (2, replaced(b), last)])
w = (np.eye(d) + 0.1 * rng.standard_normal((d, d)) / np.sqrt(d)).astype(np.float32)
write_json(
    "easysteer-linear.json",
    {"vectors": [{"data": payload("linear", {"weight": w, "bias": a}), "algorithm": "linear", "scale": 0.9, "layers": [2], "apply": both}]},
)
case("easysteer-linear.json", [(2, lambda h: (h @ tensor(w).T + tensor(a)) * 0.9, everywhere)])
rank = 3
rotate = np.linalg.qr(rng.standard_normal((d, rank)))[0].astype(np.float32)
source = (rng.standard_normal((rank, d)) / np.sqrt(d)).astype(np.float32)
bias = (3 * rng.standard_normal(rank)).astype(np.float32)
reft = {"rotate_layer": rotate, "learned_source_weight": source, "learned_source_bias": bias}
write_json(
    "easysteer-loreft.json",
    {"vectors": [{"data": payload("reft", reft, {"layer": 1}), "algorithm": "loreft", "scale": 1.25, "apply": {"prompt": "all"}}], "conflict": "sequential"},
)
case("easysteer-loreft.json", [(1, loreft(rotate, source, bias, 1.25), lambda i, t, n: i < n)])
two = [
    {"data": payload("direction", direction), "scale": 1.5, "apply": {"prompt_window": [1, None], "exclude_prompt_positions": [-1]}},
    {"source": "half.gguf", "apply": both},
]
first = lambda i, t, n: 1 <= i < n - 1
rest = lambda i, t, n: not first(i, t, n)
h1 = half[1].astype(np.float32)
write_json("easysteer-priority.json", {"vectors": two})
case("easysteer-priority.json", [(1, add(a, 1.5), first), (2, add(b, 1.5), first), (1, add(h1), rest)])
write_json("easysteer-sequential.json", {"vectors": [two[0], {"source": "half.gguf", "algorithm": "erase", "apply": both}], "conflict": "sequential"})
case("easysteer-sequential.json", [(1, add(a, 1.5), first), (2, add(b, 1.5), first), (1, erase(h1), everywhere)])


# pyreft: pyvene's IntervenableModel.save, LoreftIntervention.state_dict
def write_reft(name, items):
    folder = target / name
    folder.mkdir(exist_ok=True)
    keys = []
    for component, layer, (rot, src, bia) in items:
        part = component.replace(".", "_")
        key = f"comp_{part}_unit_pos_nunit_1#0" if "." in component else f"layer_{layer}_comp_{component}_unit_pos_nunit_1#0"
        keys.append(key)
        torch.save(
            torch.nn.Module().state_dict().__class__(weight=tensor(src).bfloat16(), bias=tensor(bia).bfloat16(), rotate_layer=tensor(rot)),
            folder / f"intkey_{key}.bin",
        )
    config = {
        "intervention_constant_sources": [True] * len(items),
        "intervention_dimensions": [d] * len(items),
        "intervention_types": ["<class 'pyreft.interventions.LoreftIntervention'>"] * len(items),
        "mode": "parallel",
        "representations": [[layer, component, "pos", 1, rank] + [None] * 9 for component, layer, _ in items],
        "sorted_keys": keys,
        "transformers_version": "4.57.3",
    }
    write_json(f"{name}/config.json", config)


rough = lambda x: tensor(x).bfloat16().float()
write_reft("reft", [("block_output", 1, (rotate, source, bias)), ("model.layers[2].output", 0, (rotate, source * 2, bias))])
ours = [(1, loreft(rotate, rough(source), rough(bias)), last), (2, loreft(rotate, rough(source * 2), rough(bias)), last)]
case("reft", ours, positions="last_prompt")

# Neuronpedia: requests of /api/steer and of its inference server, interp_engine/steer.py
unit = lambda v: tensor(v) / tensor(v).norm()
projected = lambda v, new: lambda h: h + (new((h * unit(v)).sum(-1, keepdim=True)) - (h * unit(v)).sum(-1, keepdim=True)) * unit(v)
hooks = [{"steering_vector": a.tolist(), "strength": 0.5, "hook": "blocks.1.hook_resid_post"}, {"steering_vector": b.tolist(), "strength": -1.5, "hook": "blocks.3.hook_resid_pre"}]
ask = {"prompt": "The dog", "model": "demo", "types": ["STEERED"], "vectors": hooks, "n_completion_tokens": 8, "temperature": 0.5, "freq_penalty": 1.0, "seed": 16.0, "normalize_steering": False}
a64, b64 = (np.asarray(x.tolist(), dtype=np.float32) for x in (a, b))
write_json("neuronpedia-add.json", {**ask, "steer_method": "SIMPLE_ADDITIVE", "strength_multiplier": 2.0, "normalize_steering": True})
case("neuronpedia-add.json", [(1, lambda h: h + unit(a64), everywhere), (2, lambda h: h - 3 * unit(b64), everywhere)])
write_json("neuronpedia-orthogonal.json", {**ask, "steer_method": "ORTHOGONAL_DECOMP", "strength_multiplier": 1.0})
case("neuronpedia-orthogonal.json", [(1, projected(a64, lambda p: 0.5 * p), everywhere), (2, projected(b64, lambda p: -1.5 * p), everywhere)])
write_json("neuronpedia-cap.json", {**ask, "steer_method": "PROJECTION_CAP", "strength_multiplier": 1.0, "steer_special_tokens": False})
special = lambda i, t, n: not (t in tokenizer.all_special_ids and i < n)
case("neuronpedia-cap.json", [(1, projected(a64, lambda p: p.clamp(max=0.5)), special), (2, projected(b64, lambda p: p.clamp(max=-1.5)), special)])

write_cases("expected.json")
