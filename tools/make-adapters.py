"""
Makes fixtures/golden/adapters: small PEFT adapters of random numbers, and what transformers with peft computes with them. Run in the repository's root:

    python tools/make-adapters.py HF_HOME

with peft 0.21, transformers 5.18, torch 2.13; HF_HOME holds the stand-in models. Float32, eager attention, CPU, as the other goldens.
"""
import json, pathlib, shutil, sys
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

hub = pathlib.Path(sys.argv[1]) / "hub"
out = pathlib.Path("fixtures/golden/adapters")
ids = [[2, 733, 750, 353, 709, 498, 1201, 537, 492, 456, 786, 357], [5, 17, 300, 42, 7, 7, 250, 11, 90, 3]]
gemma, gpt2, qwen, pythia = "google/gemma-2-2b", "openai-community/gpt2", "Qwen/Qwen2.5-7B-Instruct", "EleutherAI/pythia-70m-deduped"
cases = {
    "gemma-all-linear": (gemma, dict(target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"], r=4, lora_alpha=6, use_rslora=True, layers_to_transform=[0, 1, 12])),
    "gemma-dora": (gemma, dict(target_modules=["q_proj", "down_proj"], r=3, lora_alpha=5, use_dora=True, layers_to_transform=[3, 20])),
    "gemma-embedding": (gemma, dict(target_modules=["embed_tokens", "o_proj"], r=4, lora_alpha=8, layers_to_transform=None)),
    "gemma-head": (gemma, dict(target_modules=["lm_head", "v_proj"], r=4, lora_alpha=8)),
    "gemma-saved": (gemma, dict(target_modules=["v_proj"], r=2, lora_alpha=4, modules_to_save=["norm", "lm_head"])),
    "gemma-saved-embedding": (gemma, dict(target_modules=["v_proj"], r=2, lora_alpha=4, modules_to_save=["embed_tokens"])),
    "gemma-tokens": (gemma, dict(target_modules=["v_proj"], r=2, lora_alpha=4, trainable_token_indices=[5, 17, 733])),
    "gpt2-conv1d": (gpt2, dict(target_modules=["c_attn", "c_proj", "c_fc"], r=4, lora_alpha=8, fan_in_fan_out=True, bias="all",
                               rank_pattern={"c_fc": 2, "h.1.attn.c_attn": 6}, alpha_pattern={"attn.c_proj": 3})),
    "gpt2-dora": (gpt2, dict(target_modules=["c_attn", "mlp.c_proj"], r=3, lora_alpha=3, use_dora=True)),
    "gpt2-embedding": (gpt2, dict(target_modules=["wte", "wpe"], r=2, lora_alpha=4)),
    "qwen-biases": (qwen, dict(target_modules=["q_proj", "k_proj", "v_proj"], r=4, lora_alpha=8, bias="lora_only", lora_bias=True)),
    "pythia-pattern": (pythia, dict(target_modules=r".*\.(query_key_value|dense|dense_h_to_4h)", r=4, lora_alpha=8, exclude_modules=["attention.dense"],
                                    rank_pattern={r"layers\.[13]\.mlp\.dense_h_to_4h": 3})),
}


def snapshot(repo):
    return next((hub / ("models--" + repo.replace("/", "--")) / "snapshots").iterdir())


def load(repo):
    return AutoModelForCausalLM.from_pretrained(snapshot(repo), dtype=torch.float32, attn_implementation="eager").eval()


def numbers(model):
    rows = []
    for row in ids:
        with torch.no_grad():
            logits = model(torch.tensor([row]), use_cache=False).logits[0].double()
        logprobs = logits.log_softmax(-1)[:-1].gather(-1, torch.tensor(row[1:])[:, None])[:, 0]
        rows.append({"ids": row, "logprobs": logprobs.tolist(), "last_logits": logits[-1, ::97].tolist()})
    return rows


def largest(a, b):
    return max(abs(x - y) for p, q in zip(a, b) for k in ("logprobs", "last_logits") for x, y in zip(p[k], q[k]))


shutil.rmtree(out, ignore_errors=True)
for seed, (name, (repo, config)) in enumerate(cases.items()):
    torch.manual_seed(seed)
    folder = out / name
    base = load(repo)
    plain = numbers(base)
    layers = config.pop("layers_to_transform", None)
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", init_lora_weights=False, layers_to_transform=layers, **config))
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "lora_magnitude" in key:
                value.mul_(1 + 0.2 * torch.randn_like(value))
            elif "lora_" in key:
                value.copy_(0.15 * torch.randn_like(value))
            elif "modules_to_save" in key or "trainable_tokens_delta" in key:
                value.add_(0.1 * value.std() * torch.randn_like(value))
            elif key.endswith("bias") and config.get("bias", "none") != "none" and value.requires_grad:
                value.add_(0.1 * torch.randn_like(value))
    model.save_pretrained(folder)
    path = folder / "adapter_model.safetensors"
    save_file({key: value.half() for key, value in load_file(path).items()}, path, {"format": "pt"})
    written = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(written | {"base_model_name_or_path": repo}, indent=1) + "\n")
    (folder / "README.md").unlink(missing_ok=True)
    # as lm_eval's peft= does; transformers' own load_adapter gives the same, but loses the magnitudes of DoRA
    loaded = PeftModel.from_pretrained(load(repo), str(folder)).eval()
    golden = numbers(loaded)
    print(name, "moves", f"{largest(golden, plain):.3f}", "parameters", loaded.num_parameters(), path.stat().st_size, flush=True)
    assert largest(golden, plain) > 0.05
    (folder / "golden.json").write_text(json.dumps({"model": repo, "num_parameters": loaded.num_parameters(), "rows": golden}) + "\n")
