"""Makes stand-ins for families of models, and what transformers computes from them.

    python tools/goldens/models.py [MODEL...]

Writes fixtures/hf-home/hub/models--ORG--NAME (random weights, the tokenizer of fixture/gpt2) and fixtures/golden/models/ORG--NAME.json and
.safetensors: tokens, log-probabilities, hook points, steered logits, greedy texts, log-likelihoods and the reference's own rounding noise.
Made with transformers 5.18 and torch 2.13, float32, eager attention, on the CPU. Fields and tensors are those of the larger set
(fixtures/README.md), where a model has fewer texts.
"""

import json
import logging
import shutil
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

logging.disable(logging.WARNING)
torch.manual_seed(0)
top = Path(__file__).resolve().parents[2] / "fixtures"
hub = top / "hf-home" / "hub"
tokenizer_folder = next((hub / "models--fixture--gpt2" / "snapshots").iterdir())
COMMIT = "0" * 39 + "2"
END = 511

base = {
    "vocab_size": 512,
    "hidden_size": 32,
    "intermediate_size": 72,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": END,
    "eos_token_id": END,
    "pad_token_id": END,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
}
gemma4 = base | {
    "model_type": "gemma4_text",
    "head_dim": 8,
    "global_head_dim": 16,
    "hidden_activation": "gelu_pytorch_tanh",
    "rms_norm_eps": 1e-06,
    "sliding_window": 9,
    "attention_bias": False,
    "final_logit_softcapping": 30.0,
    "use_bidirectional_attention": None,
    "vocab_size_per_layer_input": 512,
    "tie_word_embeddings": True,
    "rope_parameters": {
        "full_attention": {"partial_rotary_factor": 0.25, "rope_theta": 1000000.0, "rope_type": "proportional"},
        "sliding_attention": {"rope_theta": 10000.0, "rope_type": "default"},
    },
}


def inside(kind, architectures, text):
    """The file of a model with towers, which are left out but for a tensor."""
    return {"architectures": architectures, "model_type": kind, "tie_word_embeddings": text["tie_word_embeddings"], "text_config": text}


# where tensors of the text model stand in files of models with towers
prefixes = {"gemma4": ("model.", "model.language_model.", "model.vision_tower.patch_embedder.input_proj.weight"),
            "llama4": ("", "language_model.", "vision_model.patch_embedding.linear.weight"),
            "mistral3": ("", "language_model.", "vision_tower.patch_conv.weight")}

# each in the form of the real repository's file
models = {
    "microsoft/Phi-3-mini-4k-instruct": base
    | {"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "sliding_window": 17, "rope_scaling": None, "rope_theta": 10000.0, "attention_bias": False, "original_max_position_embeddings": 128, "num_key_value_heads": 4},
    "microsoft/Phi-4-mini-instruct": base
    | {"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "sliding_window": 262144, "partial_rotary_factor": 0.75, "rope_theta": 10000.0, "original_max_position_embeddings": 128, "max_position_embeddings": 1024, "tie_word_embeddings": True, "attention_bias": False,
       "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.25, 2.5], "long_factor": [1.0, 4.5, 9.0]}},
    "allenai/OLMo-2-1124-7B": base
    | {"architectures": ["Olmo2ForCausalLM"], "model_type": "olmo2", "rope_theta": 500000, "rope_scaling": None, "attention_bias": False},
    "allenai/Olmo-3-1025-7B": base
    | {"architectures": ["Olmo3ForCausalLM"], "model_type": "olmo3", "rope_theta": 500000, "attention_bias": False, "sliding_window": 9, "layer_types": ["sliding_attention"] * 3 + ["full_attention"],
       "rope_scaling": {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 8, "attention_factor": 1.2079441541679836, "beta_fast": 32, "beta_slow": 1}},
    "google/gemma-4-E2B": inside("gemma4", ["Gemma4ForConditionalGeneration"], gemma4
    | {"num_hidden_layers": 6, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "sliding_attention", "sliding_attention", "full_attention"], "hidden_size_per_layer_input": 12, "num_kv_shared_layers": 3, "use_double_wide_mlp": True, "attention_k_eq_v": False, "num_global_key_value_heads": None, "enable_moe_block": False, "num_experts": None, "top_k_experts": None, "moe_intermediate_size": None}),
    "google/gemma-4-26B-A4B": inside("gemma4", ["Gemma4ForConditionalGeneration"], gemma4
    | {"num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"], "hidden_size_per_layer_input": 0, "num_kv_shared_layers": 0, "use_double_wide_mlp": False, "attention_k_eq_v": True, "num_global_key_value_heads": 1, "enable_moe_block": True, "num_experts": 6, "top_k_experts": 2, "moe_intermediate_size": 20}),
    "meta-llama/Llama-4-Scout-17B-16E": inside("llama4", ["Llama4ForConditionalGeneration"], base
    | {"model_type": "llama4_text", "head_dim": 8, "intermediate_size": 40, "intermediate_size_mlp": 72, "hidden_act": "silu", "rms_norm_eps": 1e-05, "num_local_experts": 4, "num_experts_per_tok": 1, "interleave_moe_layer_step": 2, "use_qk_norm": True, "no_rope_layers": [], "no_rope_layer_interval": 4, "attention_chunk_size": 8, "attn_temperature_tuning": True, "floor_scale": 16, "attn_scale": 0.1, "attention_bias": False, "rope_theta": 500000.0,
       "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 64, "rope_type": "llama3"}}),
    "zai-org/GLM-4-9B-0414": base
    | {"architectures": ["Glm4ForCausalLM"], "model_type": "glm4", "head_dim": 8, "hidden_act": "silu", "rms_norm_eps": 1e-05, "attention_bias": True, "partial_rotary_factor": 0.5, "rope_theta": 10000.0},
    "mistralai/Ministral-3-3B-Base-2512": inside("mistral3", ["Mistral3ForConditionalGeneration"], base
    | {"model_type": "ministral3", "head_dim": 8, "hidden_act": "silu", "rms_norm_eps": 1e-05, "sliding_window": None,
       "rope_parameters": {"type": "yarn", "rope_type": "yarn", "rope_theta": 1000000.0, "factor": 8.0, "original_max_position_embeddings": 16, "max_position_embeddings": 128, "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}}),
    "HuggingFaceTB/SmolLM3-3B-Base": base
    | {"architectures": ["SmolLM3ForCausalLM"], "model_type": "smollm3", "rope_theta": 2000000.0, "rope_scaling": None, "no_rope_layers": [1, 1, 0, 1], "no_rope_layer_interval": 3, "use_sliding_window": False, "sliding_window": None, "layer_types": ["full_attention"] * 4, "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": True},
}

texts = [
    "",
    "The keeper counted",
    "Yesterday morning the old keeper walked down",
    "One day a dog and a cat were in the house and it was good",
]


def lively(model):
    """Weights that make logits of a few units, and norms around neutral."""
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            noise = torch.randn(tensor.shape, generator=draw)
            if tensor.ndim == 1:
                tensor.copy_((1 if "norm" in name or "scale" in name else 0) + 0.25 * noise)
            elif "embed" in name or "lm_head" in name:
                tensor.copy_(0.6 * noise)
            else:
                tensor.copy_(noise * 1.4 / tensor.shape[-1] ** 0.5)
        for name, tensor in model.named_buffers():
            if name.endswith("layer_scalar"):
                tensor.copy_(1 + 0.25 * torch.randn(tensor.shape, generator=draw))


def write_stand_in(name, config):
    target = hub / f"models--{name.replace('/', '--')}" / "snapshots" / COMMIT
    shutil.rmtree(target.parents[1], ignore_errors=True)
    target.mkdir(parents=True)
    refs = target.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)
    (target / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copyfile(tokenizer_folder / file, target / file)
    (target / "tokenizer.json").chmod(0o644)
    (target / "generation_config.json").write_text(json.dumps({"eos_token_id": END, "pad_token_id": END}) + "\n")
    model = text_model(target)
    lively(model)
    tied = config["tie_word_embeddings"]
    tensors = {key: value.contiguous().clone() for key, value in model.state_dict().items() if not (tied and key == "lm_head.weight")}
    if "text_config" in config:
        own, within, tower = prefixes[config["model_type"]]
        tensors = {within + key.removeprefix(own) if key.startswith(own) else key: value for key, value in tensors.items()}
        tensors[tower] = torch.ones(2, 2)
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    return target


def text_model(folder, tensors=None):
    """The model of a folder without its towers, with the folder's weights where they are given."""
    config = AutoConfig.from_pretrained(folder).get_text_config()
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
    if tensors is not None:
        missing, unexpected = model.load_state_dict(tensors, strict=False)
        assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
        model.tie_weights()
    return model


def read_model(folder):
    config = json.loads((folder / "config.json").read_text())
    if "text_config" not in config:
        return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    own, within, tower = prefixes[config["model_type"]]
    tensors = load_file(folder / "model.safetensors")
    del tensors[tower]
    return text_model(folder, {own + key.removeprefix(within) if key.startswith(within) else key: value for key, value in tensors.items()})


class Hooks:
    """What passes through a model at TransformerLens' hook points, and what is to be changed there."""

    def __init__(self, model):
        self.seen, self.edits, self.noise = {}, {}, None
        for index, layer in enumerate(model.model.layers):
            at = lambda hook, index=index: f"blocks.{index}.{hook}"
            layer.register_forward_pre_hook(self.entering(at("hook_resid_pre")), with_kwargs=True)
            mlp = layer.feed_forward if hasattr(layer, "feed_forward") else layer.mlp
            layer.self_attn.o_proj.register_forward_pre_hook(self.entering(at("attn.hook_z")), with_kwargs=True)
            mlp.register_forward_pre_hook(self.entering(at("mlp_in_normalized")), with_kwargs=True)
            if hasattr(mlp, "down_proj"):
                mlp.down_proj.register_forward_pre_hook(self.entering(at("mlp.hook_post")), with_kwargs=True)
            is_olmo = not hasattr(layer, "input_layernorm")
            has_post_norms = hasattr(layer, "post_feedforward_layernorm")
            is_glm = hasattr(layer, "post_self_attn_layernorm")
            attention_out = layer.post_self_attn_layernorm if is_glm else layer.post_attention_layernorm if has_post_norms else layer.self_attn
            mlp_out = layer.post_mlp_layernorm if is_glm else layer.post_feedforward_layernorm if has_post_norms else mlp
            attention_out.register_forward_hook(self.leaving(at("hook_attn_out")))
            mlp_out.register_forward_hook(self.leaving(at("hook_mlp_out")))
            layer.register_forward_hook(self.leaving(at("hook_resid_post")))
            if not is_olmo:
                norm = layer.pre_feedforward_layernorm if has_post_norms else layer.post_attention_layernorm
                epsilon = norm.variance_epsilon if hasattr(norm, "variance_epsilon") else norm.eps
                norm.register_forward_pre_hook(self.normalized(at("hook_resid_mid"), at("ln2.hook_normalized"), epsilon), with_kwargs=True)
        model.model.embed_tokens.register_forward_hook(self.embedded)

    def change(self, name, value):
        # experts of llama 4 see all tokens as one row
        self.seen[name] = (value if value.ndim == 3 else value[None]).detach()
        return self.edits[name](value) if name in self.edits else value

    def entering(self, name):
        def hook(_, args, kwargs):
            # a call by keyword
            if not args:
                return args, {**kwargs, "hidden_states": self.change(name, kwargs["hidden_states"])}
            return (self.change(name, args[0]), *args[1:]), kwargs

        return hook

    def leaving(self, name):
        def hook(_, __, output):
            if isinstance(output, tuple):
                return (self.change(name, output[0]), *output[1:])
            return self.change(name, output)

        return hook

    def normalized(self, mid, normalized, epsilon):
        def hook(_, args, kwargs):
            value = args[0]
            self.seen[mid] = value.detach()
            self.seen[normalized] = (value * torch.rsqrt(value.pow(2).mean(-1, keepdim=True) + epsilon)).detach()

        return hook

    def embedded(self, _, __, output):
        return output if self.noise is None else output * (1 + 1e-6 * torch.randn(output.shape, generator=self.noise))


@torch.no_grad()
def golden(name, folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = read_model(folder)
    hooks = Hooks(model)
    forward = lambda ids: model(torch.tensor([ids]), use_cache=False).logits[0]
    config = json.loads(model.config.to_json_string(use_diff=False))
    # where it lay on this machine
    config.pop("_name_or_path", None)
    tensors, result = {}, {"repo": name, "config_as_parsed": config}

    result["tokenizer_info"] = {"len": len(tokenizer), "config_vocab_size": model.config.vocab_size}
    result["tokenizer"] = []
    for text in texts + ["déjà vu <|endoftext|> 12"]:
        ids, plain = tokenizer(text).input_ids, tokenizer(text, add_special_tokens=False).input_ids
        result["tokenizer"].append({"text": text, "ids": ids, "ids_no_special": plain, "decode": tokenizer.decode(ids), "decode_skip_special": tokenizer.decode(ids, skip_special_tokens=True)})

    prompts = [tokenizer(text).input_ids for text in texts[1:]]
    whole = [id for ids in prompts for id in ids]
    runs = [[END], prompts[0], whole[:40], (whole * 2)[:60]]
    result["forward"] = []
    for index, ids in enumerate(runs):
        logits = forward(ids)
        if index == 2:
            kept = dict(hooks.seen)
        log = F.log_softmax(logits, -1)
        tensors[f"forward.{index}.last_logits"] = logits[-1]
        result["forward"].append({
            "text": tokenizer.decode(ids), "ids": ids, "argmax": logits.argmax(-1).tolist(),
            "next_token_log_prob": [log[position, ids[position + 1]].item() for position in range(len(ids) - 1)],
        })
    for hook, value in kept.items():
        tensors[f"hooks.{hook}"] = value[0]
    layers = len(model.model.layers)
    for layer in range(layers):
        value = lambda hook: kept.get(f"blocks.{layer}.{hook}")
        middle = value("hook_resid_pre") + value("hook_attn_out")
        if value("hook_resid_mid") is not None:
            assert torch.allclose(middle, value("hook_resid_mid"), atol=1e-5)
        else:
            tensors[f"hooks.blocks.{layer}.hook_resid_mid"] = middle[0]
        # gemma 4 adds something more and scales
        if model.config.model_type != "gemma4_text":
            assert torch.allclose(middle + value("hook_mlp_out").view_as(middle), value("hook_resid_post"), atol=1e-5)
    result["hooks"] = {"prompt": 2, "n_layers": layers, "parallel_residual": False}

    width, z = model.config.hidden_size, kept["blocks.0.attn.hook_z"].shape[-1]
    draw = torch.Generator().manual_seed(3)
    v, v_z, d_hat, b = (torch.randn(size, generator=draw) for size in (width, z, width, width))
    d_hat /= d_hat.norm()
    coefficient, layer = 1.5, 2
    clamp = 2 * abs(((kept[f"blocks.{layer}.hook_resid_post"][0] - b) @ d_hat)).max().item()
    tensors |= {"steered.v": v, "steered.v_z": v_z, "steered.d_hat": d_hat, "steered.b": b}
    add = lambda vector: lambda x: x + coefficient * vector
    modes = {
        "resid_post": ("hook_resid_post", add(v)),
        "mlp_out": ("hook_mlp_out", add(v)),
        "attn_out": ("hook_attn_out", add(v)),
        "hook_z": ("attn.hook_z", add(v_z)),
        "clamp": ("hook_resid_post", lambda x: x + (clamp - ((x - b) @ d_hat)).unsqueeze(-1) * d_hat),
    }
    result["steered"] = {"layer": layer, "coefficient": coefficient, "clamp_a": clamp, "modes": {}}
    plain = tensors["forward.2.last_logits"]
    for mode, (hook, edit) in modes.items():
        at = f"blocks.{layer}.{hook}"
        hooks.edits = {at: edit}
        tensors[f"steered.{mode}.last_logits"] = forward(runs[2])[-1]
        hooks.edits = {}
        change = (tensors[f"steered.{mode}.last_logits"] - plain).abs().max().item()
        assert change > 0.05, (name, mode, change)
        result["steered"]["modes"][mode] = {"hook": at, "max_abs_change_last_logits": change}

    result["generate"] = {"max_new_tokens": 16, "eos_token_id": END, "steered_layer": layer, "prompts": []}
    for text in texts[1:]:
        ids = tokenizer(text).input_ids
        entry, margins = {"text": text, "ids": ids}, []
        for key, edits in (("unsteered", {}), ("steered", {f"blocks.{layer}.hook_resid_post": add(v)})):
            hooks.edits = edits
            new = []
            while len(new) < 16 and (not new or new[-1] != END):
                best = forward(ids + new)[-1].topk(2)
                margins.append((best.values[0] - best.values[1]).item())
                new.append(best.indices[0].item())
            hooks.edits = {}
            entry[key] = new
        # greedy ids must match exactly
        if min(margins) > 0.004:
            result["generate"]["prompts"].append(entry)
    assert result["generate"]["prompts"], name

    pairs = [(texts[1], " the"), (texts[2], " to the house"), (texts[3], " dog"), ("", "The")]
    result["loglikelihood"] = {"pairs": [], "rolling": []}
    for context, continuation in pairs:
        both, head = tokenizer(context + continuation).input_ids, tokenizer(context).input_ids or [END]
        rest = both[len(tokenizer(context).input_ids):]
        logits = F.log_softmax(forward((head + rest)[:-1]), -1)[-len(rest):]
        result["loglikelihood"]["pairs"].append({
            "context": context, "continuation": continuation, "continuation_ids": rest,
            "ll": sum(logits[place, id].item() for place, id in enumerate(rest)),
            "is_greedy": logits.argmax(-1).tolist() == rest,
        })
    ids = tokenizer(texts[3]).input_ids
    log = F.log_softmax(forward([END, *ids][:-1]), -1)
    result["loglikelihood"]["rolling"].append({"text": texts[3], "ll": sum(log[place, id].item() for place, id in enumerate(ids))})

    noise = 0
    for seed, ids in enumerate(runs):
        hooks.noise = torch.Generator().manual_seed(seed)
        disturbed = forward(ids)
        hooks.noise = None
        noise = max(noise, (disturbed - forward(ids)).abs().max().item())
    result["tolerance"] = {"logits_change_for_1e-6_relative_embedding_noise": noise}
    out = top / "golden" / "models" / name.replace("/", "--")
    out.with_name(out.name + ".json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
    save_file({key: value.contiguous().clone() for key, value in tensors.items()}, out.with_name(out.name + ".safetensors"))
    print(name, "noise", noise, "logits std", plain.std().item(), "texts", len(result["generate"]["prompts"]))


if __name__ == "__main__":
    for name in sys.argv[1:] or models:
        golden(name, write_stand_in(name, models[name]))
