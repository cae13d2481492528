"""Makes examples/demo from nothing: corpus, tokenizer, language model, SAEs, features, tasks. See README.md."""

import argparse
import json
import pathlib

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from world import build_world

HERE = pathlib.Path(__file__).parent
DEMO = HERE.parent.parent / "examples" / "demo"
CURVES = HERE / "curves"
SEED = 1
SAE_LAYERS = (2, 3)


def make_model(world) -> None:
    from tokenizer import train_tokenizer
    from train_model import train_model

    tokenizer = train_tokenizer(world, SEED, vocab_size=2048)
    model = train_model(
        world, tokenizer, seed=SEED, steps=2000, batch=32, length=128, rate=2e-3, curve=str(CURVES / "model.csv")
    )
    model.to(torch.bfloat16).save_pretrained(DEMO / "model")
    tokenizer.save_pretrained(DEMO / "model")
    for_transformers_4()


def for_transformers_4() -> None:
    """Adds what transformers 4 calls otherwise than 5, so that either opens the folder."""
    path = DEMO / "model" / "config.json"
    config = json.loads(path.read_text())
    config |= {"rope_theta": config["rope_parameters"]["rope_theta"], "torch_dtype": config["dtype"]}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    path = DEMO / "model" / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 256, "model_input_names": ["input_ids", "attention_mask"]}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def open_model():
    """The model as saeval computes it: the stored 16-bit weights in 32-bit arithmetic."""
    tokenizer = AutoTokenizer.from_pretrained(DEMO / "model")
    model = AutoModelForCausalLM.from_pretrained(DEMO / "model", dtype=torch.float32, attn_implementation="eager")
    return model.eval(), tokenizer


def make_saes(world) -> None:
    from activations import collect_activations
    from features import write_features
    from train_sae import measure_sae, train_sae, write_sae

    model, tokenizer = open_model()
    _, _, seen = collect_activations(model, tokenizer, world, SAE_LAYERS, seed=SEED + 10, tokens=400_000)
    ids, domains, unseen = collect_activations(model, tokenizer, world, SAE_LAYERS, seed=SEED + 11, tokens=60_000)
    for layer in SAE_LAYERS:
        sae = train_sae(seen[layer], latents=512, active=10, seed=SEED, curve=CURVES / f"sae-layer-{layer}.csv")
        folder = DEMO / "saes" / f"layer_{layer}"
        write_sae(sae, folder, layer, model_name="examples/demo/model")
        write_features(model, tokenizer, world, sae, ids, domains, unseen[layer], folder / "features.jsonl")
        summary = measure_sae(sae, unseen[layer])
        (CURVES / f"sae-layer-{layer}.json").write_text(json.dumps(summary, indent=2) + "\n")
        print(layer, summary, flush=True)


def make_tasks(world) -> None:
    from write_tasks import write_tasks

    write_tasks(world, DEMO / "tasks", SEED)


if __name__ == "__main__":
    parts = {"tasks": make_tasks, "model": make_model, "saes": make_saes}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="what to make; all in this order by default")
    torch.set_num_threads(1)  # results do not depend on the number of cores
    wanted = parser.parse_args().parts or list(parts)
    CURVES.mkdir(exist_ok=True)
    for name, make in parts.items():
        if name in wanted:
            make(build_world())
