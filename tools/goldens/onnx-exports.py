"""Makes small models and their ONNX exports, in the layouts that tools write.

    python tools/goldens/onnx-exports.py [NAME...]

Writes fixtures/golden/onnx/NAME: config.json, model.safetensors and onnx/*.onnx of a model with random weights, and golden.json, the log-probabilities
of some tokens by transformers. Graphs are made by torch.onnx.export; files of other tools are written from these by hand, as their sources do: optimum's
merged decoder (one If), external data, MatMulNBits, onnxruntime-genai's fused operators.
Made with torch 2.13, transformers 5.18, onnx 1.23 and onnxscript 0.7.
"""

import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import onnx
import torch
from onnx_layouts import fused, merged, quantized, sizes, slim
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.cache_utils import DynamicCache

logging.disable(logging.WARNING)
top = Path(__file__).resolve().parents[2] / "fixtures" / "golden" / "onnx"
END = 511
IDS = [11, 402, 77, 5, 230, 9, 9, 148, 333, 60, 412, 7]

base = {
    "vocab_size": 512,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 4,
    "max_position_embeddings": 64,
    "bos_token_id": END,
    "eos_token_id": END,
    "pad_token_id": END,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
}
narrow = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1}
configs = {
    "gpt2": {
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 512, "n_positions": 64, "n_embd": 8, "n_layer": 2, "n_head": 2,
        "bos_token_id": END, "eos_token_id": END, "torch_dtype": "float32",
    },
    # onnxruntime's GroupQueryAttention takes heads of 16, 32, …
    "llama": base | {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "model_type": "llama", "architectures": ["LlamaForCausalLM"]},
    "gpt-neox": {
        "model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"], "vocab_size": 512, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 64, "rotary_pct": 0.5, "bos_token_id": END, "eos_token_id": END, "torch_dtype": "float32",
        "use_parallel_residual": True, "tie_word_embeddings": False,
    },
    "gemma2": base | narrow | {
        "model_type": "gemma2", "architectures": ["Gemma2ForCausalLM"], "sliding_window": 6, "query_pre_attn_scalar": 4, "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0, "hidden_activation": "gelu_pytorch_tanh", "layer_types": ["sliding_attention", "full_attention"],
    },
    "qwen3": base | narrow | {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]},
}


def lively(model):
    """Weights that make logits of a few units, and norms around neutral."""
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            noise = torch.randn(tensor.shape, generator=draw)
            if tensor.ndim == 1:
                is_gain = ("norm" in name or "ln_" in name) and name.endswith("weight")
                tensor.copy_((1 if is_gain and "gemma" not in model.config.model_type else 0) + 0.25 * noise)
            elif "embed" in name or "lm_head" in name or "wte" in name or "wpe" in name:
                tensor.copy_(0.6 * noise)
            else:
                tensor.copy_(noise * 1.4 / tensor.shape[-1] ** 0.5)


class WithPast(torch.nn.Module):
    """A decoder with optimum's inputs and outputs."""

    def __init__(self, model, keeps):
        super().__init__()
        self.model, self.keeps = model, keeps

    def forward(self, input_ids, attention_mask, position_ids, *past):
        cache = DynamicCache(config=None)
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        out = self.model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, past_key_values=cache if self.keeps else None, use_cache=self.keeps
        )
        if not self.keeps:
            return out.logits
        return (out.logits, *[tensor for layer in out.past_key_values.layers for tensor in (layer.keys, layer.values)])


def export(model, path, past=3, tokens=4, keeps=True, dynamo=False, opset=18):
    layers, heads, width = sizes(model.config)
    ids = torch.tensor([IDS[:tokens], IDS[tokens : 2 * tokens]])
    mask = torch.ones(2, past + tokens, dtype=torch.int64)
    positions = torch.arange(past, past + tokens).expand(2, -1).contiguous()
    pasts = [torch.randn(2, heads, past, width, dtype=model.dtype) for _ in range(2 * layers)] if past > 0 and keeps else []
    names = [f"{layer}.{kind}" for layer in range(layers) for kind in ("key", "value")]
    inputs = ["input_ids", "attention_mask", "position_ids"] + ([f"past_key_values.{name}" for name in names] if pasts else [])
    outputs = ["logits"] + ([f"present.{name}" for name in names] if keeps else [])
    axes = {
        "input_ids": {0: "batch", 1: "tokens"},
        "attention_mask": {0: "batch", 1: "all"},
        "position_ids": {0: "batch", 1: "tokens"},
        "logits": {0: "batch", 1: "tokens"},
        **{f"past_key_values.{name}": {0: "batch", 2: "past"} for name in names},
        **{f"present.{name}": {0: "batch", 2: "all"} for name in names},
    }
    axes = {name: value for name, value in axes.items() if name in inputs + outputs}
    path.parent.mkdir(parents=True, exist_ok=True)
    options = dict(input_names=inputs, output_names=outputs, opset_version=opset, dynamo=dynamo)
    module = WithPast(model, keeps).eval()
    if dynamo:
        Dim = torch.export.Dim
        batch, new, all_, before = Dim("batch", min=1, max=64), Dim.DYNAMIC, Dim.DYNAMIC, Dim.DYNAMIC
        shapes = [{0: batch, 1: new}, {0: batch, 1: all_}, {0: batch, 1: new}, *[{0: batch, 2: before} for _ in pasts]]
        torch.onnx.export(module, (ids, mask, positions, *pasts), str(path), dynamic_shapes=tuple(shapes[:3]) + (tuple(shapes[3:]),), external_data=False, **options)
    else:
        torch.onnx.export(module, (ids, mask, positions, *pasts), str(path), dynamic_axes=axes, **options)


def golden(model, path):
    with torch.no_grad():
        logprobs = torch.log_softmax(model(torch.tensor([IDS])).logits[0].double(), -1)
        texts = model.generate(torch.tensor([IDS]), max_new_tokens=8, do_sample=False, pad_token_id=END)[0, len(IDS) :]
    scores = [logprobs[place, token].item() for place, token in enumerate(IDS[1:])]
    path.write_text(json.dumps({"ids": IDS, "logprobs": scores, "generated": texts.tolist()}) + "\n")


def write(name, config):
    """A folder with the configuration of a model and random weights."""
    folder = top / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "onnx").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), attn_implementation="eager", dtype=torch.float32).eval()
    lively(model)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    golden(model, folder / "golden.json")
    return model, folder


def gpt2(scratch):
    model, folder = write("gpt2", configs["gpt2"])
    export(model, scratch / "fresh.onnx", past=0, tokens=4, opset=14)
    export(model, scratch / "with_past.onnx", past=3, tokens=1, opset=14)
    onnx.save(merged(slim(scratch / "fresh.onnx"), slim(scratch / "with_past.onnx")), str(folder / "onnx" / "decoder_model_merged.onnx"))
    export(model, scratch / "no_cache.onnx", past=0, keeps=False, opset=13)
    onnx.save(slim(scratch / "no_cache.onnx"), str(folder / "onnx" / "no_cache.onnx"))


def llama(scratch):
    model, folder = write("llama", configs["llama"])
    export(model, scratch / "model.onnx")
    plain = slim(scratch / "model.onnx")
    onnx.save_model(plain, str(folder / "onnx" / "model.onnx"), save_as_external_data=True, all_tensors_to_one_file=True, location="model.onnx_data", size_threshold=64)
    onnx.save(fused(model.state_dict(), model.config), str(folder / "onnx" / "model_fused.onnx"))
    export(AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float16).eval(), scratch / "half.onnx")
    onnx.save(slim(scratch / "half.onnx"), str(folder / "onnx" / "model_fp16.onnx"))
    untied = configs["llama"] | {"tie_word_embeddings": False}
    state = model.state_dict() | {"lm_head.weight": model.state_dict()["model.embed_tokens.weight"].clone()}
    q4, rounded = quantized(slim(scratch / "model.onnx"), state)
    # the rows of the embedding are looked up as they are
    rounded["model.embed_tokens.weight"] = state["model.embed_tokens.weight"]
    onnx.save(q4, str(folder / "onnx" / "model_q4.onnx"))
    same = AutoModelForCausalLM.from_config(AutoConfig.for_model(**untied), attn_implementation="eager", dtype=torch.float32).eval()
    same.load_state_dict(rounded)
    golden(same, folder / "golden-q4.json")


def one_file(name, **options):
    def make(scratch):
        model, folder = write(name, configs[name])
        export(model, scratch / "model.onnx", **options)
        onnx.save(slim(scratch / "model.onnx"), str(folder / "onnx" / "model.onnx"))

    return make


makers = {
    "gpt2": gpt2,
    "llama": llama,
    "gpt-neox": one_file("gpt-neox", opset=14),
    "gemma2": one_file("gemma2", opset=17),
    "qwen3": one_file("qwen3", dynamo=True),
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for name in sys.argv[1:] or makers:
            makers[name](Path(scratch))
