"""Makes crosscoders in the layouts that are read, and what a model steered through them computes, apart from saeval.

    python tools/goldens/crosscoder.py

Writes, of random weights for fixture/gpt2, fixtures/hf-home/hub/models--fixture--scope-gpt2 (Gemma Scope 2's layout: a weakly causal crosscoder of
residual streams, and a cross-layer transcoder with skip connections) and models--fixture--crosscoders-gpt2 (a state dict of all layers as Neel Nanda's
code saves it, one of two models as Connor Kissane's, and dictionary_learning's CrossCoder as its trainer and as push_to_hub write it), and
fixtures/golden/crosscoder.json. Formulas: a latent of a weakly causal crosscoder in layer L is f = JumpReLU(x W_enc + b_enc) of what arrives at its hook
point, before any edit there; an edit f -> f' adds (f' - f) w_dec[latent, j] to layer j, for its own and every later layer. Of a crosscoder that reads all
layers, or two models, only what does not need f is there: add c adds c W_dec[i][latent] to x_i as stored; add_latent c the same, divided by what training
multiplied x_i by. Made with transformers 5.18 and torch 2.13, float32, on the CPU.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

top = Path(__file__).resolve().parents[2] / "fixtures"
hub = top / "hf-home" / "hub"
COMMIT = "0" * 39 + "4"
LATENTS = 24
draw = torch.Generator().manual_seed(17)


def normal(*shape, scale=1.0):
    return torch.randn(shape, generator=draw) * scale


def repository(name):
    target = hub / f"models--fixture--{name}" / "snapshots" / COMMIT
    shutil.rmtree(target.parents[1], ignore_errors=True)
    target.mkdir(parents=True)
    (target.parents[1] / "refs").mkdir()
    (target.parents[1] / "refs" / "main").write_text(COMMIT)
    return target


def written(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


folder = next((hub / "models--fixture--gpt2" / "snapshots").iterdir())
model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
blocks = model.transformer.h
n, d = len(blocks), model.config.n_embd
tokenizer = AutoTokenizer.from_pretrained(folder)
prompt = "The keeper counted the boats"
prompt_ids = tokenizer(prompt).input_ids
ids = [int(value) for value in torch.randint(0, 500, (24,), generator=draw)]


def modules(kind, layer):
    """What is hooked: whether before or after, and the module."""
    return {
        "hook_resid_pre": (blocks[layer], True),
        "hook_resid_post": (blocks[layer], False),
        "mlp.hook_in": (blocks[layer].mlp, True),
        "hook_mlp_out": (blocks[layer].mlp, False),
    }[kind]


class Latent:
    """A latent that is read at one place, or nowhere, and written at several."""

    def __init__(self, reads, writes):
        # reads: (kind, layer, encoder [d], bias, threshold) or None; writes: [(kind, layer, row [d], divisor)]
        self.reads, self.writes = reads, writes

    def activation(self, x):
        _, _, encoder, bias, threshold = self.reads
        p = x @ encoder + bias
        return torch.relu(p) * (p > threshold)


def changed(latent, row, f):
    action, c = row["action"], row["coefficient"]
    return {"add_latent": f + c, "clamp": torch.full_like(f, c), "clamp_active": torch.where(f > 0, torch.full_like(f, c), f), "scale": f * c,
            "ablate": torch.zeros_like(f), "clamp_above": torch.where(f > row.get("threshold", 0), torch.full_like(f, c), f)}[action]


@torch.no_grad()
def steered(rows, tokens):
    """Logits; rows are (latent, row). All edits of one hook point are added to what arrives there."""
    deltas, handles = {}, []
    places = {}
    for index, (latent, row) in enumerate(rows):
        if latent.reads is not None:
            places.setdefault(latent.reads[:2], [[], []])[0].append(index)
        for kind, layer, *_ in latent.writes:
            places.setdefault((kind, layer), [[], []])[1].append(index)

    def hook(kind, layer, reading, writing):
        def change(x):
            for index in reading:
                latent, row = rows[index]
                if row["action"] != "add":
                    f = latent.activation(x)
                    deltas[index] = changed(latent, row, f) - f
            for index in dict.fromkeys(writing):
                latent, row = rows[index]
                _, _, vector, divisor = next(item for item in latent.writes if item[:2] == (kind, layer))
                if row["action"] == "add":
                    x = x + row["coefficient"] * vector
                elif latent.reads is None:
                    x = x + row["coefficient"] * vector / divisor
                else:
                    x = x + deltas[index][..., None] * vector
            return x

        module, before = modules(kind, layer)
        if before:
            return module.register_forward_pre_hook(lambda _, args: (change(args[0]), *args[1:]))
        return module.register_forward_hook(lambda _, __, output: (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output))

    # reading must come before writing at one place, which one hook does
    for (kind, layer), (reading, writing) in places.items():
        handles.append(hook(kind, layer, reading, writing))
    logits = model(torch.tensor([tokens]), use_cache=False).logits[0]
    for handle in handles:
        handle.remove()
    return logits


def text_of(rows, count=12):
    tokens = prompt_ids
    for _ in range(count):
        best = steered(rows, tokens)[-1].topk(2)
        # greedy texts must match exactly
        if best.values[0] - best.values[1] < 0.004 or best.indices[0] == model.config.eos_token_id:
            break
        tokens = [*tokens, best.indices[0].item()]
    return tokenizer.decode(tokens[len(prompt_ids) :]), len(tokens) - len(prompt_ids)


def case(release, rows):
    """rows: (latent, row with its id)."""
    plain, moved = steered([], ids), steered(rows, ids)
    off = (moved - plain)[-1].abs().max().item()
    assert off > 0.05, (release, [row for _, row in rows], off)
    # texts take a session of their own: two actions and rows together are enough
    written_too = len(rows) > 1 or rows[0][1]["action"] in ("clamp", "add_latent")
    text, count = text_of(rows) if written_too else ("", 0)
    return {"release": release, "rows": [row for _, row in rows], "logits": [float(f"{value:.8g}") for value in moved[-1].tolist()], "text": text, "new_tokens": count}


def scope(target, kind, layers, reads, writes, affine):
    """Gemma Scope 2's files, and for each layer its latents."""
    name = f"{kind}/{'layer_' + '_'.join(map(str, layers)) + '_' if kind == 'crosscoder' else ''}width_24_l0_small{'_affine' if affine else ''}"
    listed = "all" if kind == "clt" else ",".join(map(str, layers))
    tensor = {"hook_resid_post": "output", "mlp.hook_in": "pre_feedforward_layernorm.output", "hook_mlp_out": "post_feedforward_layernorm.output"}
    written(target / name / "config.json", {
        "hf_hook_point_in": f"model.layers.{{{listed}}}.{tensor[reads]}", "hf_hook_point_out": f"model.layers.{{{listed}}}.{tensor[writes]}",
        "width": LATENTS * len(layers), "model_name": "fixture/gpt2", "architecture": "jump_relu", "l0": 50, "affine_connection": affine, "type": kind})
    found = []
    for at, layer in enumerate(layers):
        enc, bias, threshold = normal(d, LATENTS, scale=d**-0.5), normal(LATENTS, scale=0.2), normal(LATENTS).abs() * 0.3
        dec = normal(LATENTS, len(layers), d, scale=0.3)
        stored = {"w_enc": enc, "w_dec": dec, "b_enc": bias, "b_dec": normal(d, scale=0.1), "threshold": threshold}
        if affine:
            stored["affine_skip_connection"] = normal(d, d, scale=0.1)
        save_file({key: value.contiguous() for key, value in stored.items()}, target / name / f"params_layer_{at}.safetensors")
        found.append([Latent((reads, layer, enc[:, j], bias[j], threshold[j]), [(writes, layers[k], dec[j, k], 1.0) for k in range(at, len(layers))]) for j in range(LATENTS)])
    return name, found


def busiest(latents):
    """The latent that is active at most tokens of the text."""
    kind, layer = latents[0].reads[:2]
    module, before = modules(kind, layer)
    seen = []
    take = lambda x: seen.append(x)
    handle = module.register_forward_pre_hook(lambda _, args: take(args[0])) if before else module.register_forward_hook(lambda _, __, out: take(out[0] if isinstance(out, tuple) else out))
    with torch.no_grad():
        model(torch.tensor([ids]), use_cache=False)
    handle.remove()
    counts = [(latent.activation(seen[0]) > 0.4).sum().item() for latent in latents]
    return counts.index(max(counts))


def scope_cases(release, name, found):
    cases = []
    for at in (0, 1):
        latent = busiest(found[at])
        row = {"id": f"{name}/params_layer_{at}", "latent": latent}
        rows = [row | {"action": "add", "coefficient": 2.0}, row | {"action": "add_latent", "coefficient": -2.0}, row | {"action": "clamp", "coefficient": 4.0},
                row | {"action": "scale", "coefficient": 3.0}, row | {"action": "ablate", "coefficient": 0.0}, row | {"action": "clamp_active", "coefficient": -3.0},
                row | {"action": "clamp_above", "coefficient": 6.0, "threshold": 0.4}]
        cases += [case(release, [(found[at][latent], item)]) for item in rows]
    # the second reads where the first writes, and both write to the layers above
    first, second = busiest(found[0]), busiest(found[1])
    together = [(found[0][first], {"id": f"{name}/params_layer_0", "latent": first, "action": "scale", "coefficient": 3.0}),
                (found[1][second], {"id": f"{name}/params_layer_1.safetensors", "latent": second, "action": "clamp", "coefficient": 5.0})]
    # so does the last, which writes to its own layer only
    last, final = len(found) - 1, busiest(found[-1])
    ended = [together[0], (found[last][final], {"id": f"{name}/params_layer_{last}", "latent": final, "action": "clamp", "coefficient": 5.0})]
    return [*cases, case(release, together), case(release, ended)]


@torch.no_grad()
def whole(name, found):
    """Lengths of a latent's rows and of the activations that they are added to, of all layers one after the other; and the logit lens of the rows' sum."""
    latent, squares, handles = found[0][busiest(found[0])], torch.zeros(len(ids)), []
    for kind, layer, *_ in latent.writes:
        module, _ = modules(kind, layer)
        handles.append(module.register_forward_hook(lambda _, __, out: (squares.add_(((out[0] if isinstance(out, tuple) else out)[0] ** 2).sum(-1)), None)[1]))
    model(torch.tensor([ids]), use_cache=False)
    for handle in handles:
        handle.remove()
    rows = [row for _, _, row, _ in latent.writes]
    lens = lambda row: model.lm_head(model.transformer.ln_f(row[None]))[0].topk(12).indices.tolist()
    assert lens(sum(rows)) != lens(rows[0])
    return {"id": f"{name}/params_layer_0", "latent": found[0].index(latent), "row": torch.cat(rows).norm().item(), "lengths": squares.sqrt().tolist(), "lens": lens(sum(rows))}


def state_dict(target, name, parts):
    torch.save(parts, target / name)


def crosscoders(target):
    release, cases = "fixture/crosscoders-gpt2", []

    def added(identity, latent, row):
        return case(release, [(latent, row | {"id": identity})])

    # Neel Nanda's: all layers of one model
    dec = normal(LATENTS, n, d, scale=0.3)
    state_dict(target, "lambda_2.pt", {"W_enc": normal(n, d, LATENTS), "W_dec": dec, "b_enc": normal(LATENTS), "b_dec": normal(n, d)})
    written(target / "lambda_2_cfg.json", {"seed": 51, "dict_size": LATENTS, "enc_dtype": "fp32", "model_name": "fixture/gpt2", "site": "resid_post", "dec_init_norm": 0.005})
    latent = Latent(None, [("hook_resid_post", k, dec[5, k], 1.0) for k in range(n)])
    cases.append(added("lambda_2", latent, {"latent": 5, "action": "add", "coefficient": 2.0}))

    # Connor Kissane's: two models at one hook point
    dec = normal(LATENTS, 2, d, scale=0.3)
    place = "blocks.1.hook_resid_pre"
    (target / place).mkdir()
    state_dict(target, f"{place}/cc_weights.pt", {"W_enc": normal(2, d, LATENTS), "W_dec": dec, "b_enc": normal(LATENTS), "b_dec": normal(2, d)})
    written(target / place / "cfg.json", {"seed": 49, "d_in": d, "dict_size": LATENTS, "enc_dtype": "fp32", "model_name": "fixture/gpt2", "site": "resid_pre", "hook_point": place})
    for at, side in enumerate(("base", "chat")):
        cases.append(added(f"{place}/{side}", Latent(None, [("hook_resid_pre", 1, dec[7, at], 1.0)]), {"latent": 7, "action": "add", "coefficient": 4.0}))

    # dictionary_learning's, as push_to_hub writes it: of two models, and of layers, with normalised activations
    for name, count, ending in (("hub", 2, "blocks.2.hook_resid_post/chat"), ("layers", 3, "blocks.0_1_3.hook_resid_post")):
        dec, mean, std = normal(count, LATENTS, d, scale=0.3), normal(count, d), normal(count, d).abs() + 0.1
        scale = 1.5 / torch.sqrt((std**2).sum(-1) + 1e-8)
        (target / name).mkdir()
        stored = {"encoder.weight": normal(count, d, LATENTS), "encoder.bias": normal(LATENTS), "decoder.weight": dec, "decoder.bias": normal(count, d),
                  "code_normalization_id": torch.tensor(1), "k": torch.tensor(4, dtype=torch.int32), "threshold": torch.tensor(0.5), "target_rms": torch.tensor(1.5),
                  "activation_mean": mean, "activation_std": std, "activation_global_scale": scale}
        save_file({key: value.contiguous() for key, value in stored.items()}, target / name / "model.safetensors")
        written(target / name / "config.json", {"activation_dim": d, "dict_size": LATENTS, "num_layers": count, "k": 4, "code_normalization": "CROSSCODER"})
        at = [(2, 1)] if count == 2 else [(0, 0), (1, 1), (3, 2)]
        latent = Latent(None, [("hook_resid_post", layer, dec[part, 3], scale[part] + 1e-8) for layer, part in at])
        cases += [added(f"{name}/{ending}", latent, {"latent": 3, "action": action, "coefficient": c}) for action, c in (("add", 3.0), ("add_latent", 0.4))]

    # and as its trainer does, compiled, with activations as they are
    dec = normal(2, LATENTS, d, scale=0.3)
    nothing = torch.full((2, d), float("nan"))
    (target / "run").mkdir()
    stored = {"encoder.weight": normal(2, d, LATENTS), "encoder.bias": normal(LATENTS), "decoder.weight": dec, "decoder.bias": normal(2, d), "code_normalization_id": torch.tensor(1),
              "target_rms": torch.tensor(1.0), "activation_mean": nothing, "activation_std": nothing, "activation_global_scale": torch.ones(2)}
    state_dict(target, "run/model_final.pt", {f"_orig_mod.{key}": value for key, value in stored.items()})
    written(target / "run" / "config.json", {"trainer": {"dict_class": "CrossCoder", "trainer_class": "CrossCoderTrainer", "activation_dim": d, "dict_size": LATENTS, "layer": 1, "lm_name": "fixture/chat-fixture/gpt2", "submodule_name": "layer_1_out"}})
    latent = Latent(None, [("hook_resid_post", 1, dec[0, 9], 1.0)])
    cases += [added("run/base", latent, {"latent": 9, "action": action, "coefficient": -4.0}) for action in ("add", "add_latent")]
    return cases


if __name__ == "__main__":
    target = repository("scope-gpt2")
    name, found = scope(target, "crosscoder", [0, 2, 3], "hook_resid_post", "hook_resid_post", False)
    cases = scope_cases("fixture/scope-gpt2", name, found)
    cases += scope_cases("fixture/scope-gpt2", *scope(target, "clt", list(range(n)), "mlp.hook_in", "hook_mlp_out", True))[::4]
    cases += crosscoders(repository("crosscoders-gpt2"))
    (top / "golden" / "crosscoder.json").write_text(json.dumps({"ids": ids, "prompt": prompt, "whole": whole(name, found), "cases": cases}, separators=(",", ":")) + "\n")
    print(len(cases), "cases")
