"""Writes fixtures/golden/vectors/reft-*, concept and low-rank-*.json: interventions of pyreft and pyvene beside LoReFT, and EasySteer's low-rank algorithms.

    pip install gguf
    python tools/goldens/low-rank.py

The tensors stand in modules of the names and kinds that pyreft/interventions.py, easysteer's copy of it and pyvene/models/interventions.py have, rotations
under torch's own parametrization, and are saved by torch.save of state_dict(), as pyvene's save does; the formulas are theirs. Made with torch 2.13.
"""

import gguf
import numpy as np
import torch
from easysteer_payload import payload
from steered_scores import case, d, everywhere, target, write_cases, write_json

torch.manual_seed(23)
rank = 3


class Rotation(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(d, rank))
        torch.nn.init.orthogonal_(self.weight)


def rotation():
    """LowRankRotateLayer under torch's parametrization, moved as training moves it."""
    layer = torch.nn.utils.parametrizations.orthogonal(Rotation())
    with torch.no_grad():
        layer.parametrizations.weight.original.add_((0.3 * torch.randn(d, rank)).tril(-1))
    return layer


def linear(bias=True):
    layer = torch.nn.Linear(d, rank, bias=bias)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(rank, d) / d**0.5)
        if bias:
            layer.bias.copy_(3 * torch.randn(rank))
    return layer.to(torch.bfloat16)


class Intervention(torch.nn.Module):
    """What pyvene's classes hold besides their numbers."""

    def __init__(self, **parts):
        super().__init__()
        self.register_buffer("embed_dim", torch.tensor(d))
        self.register_buffer("interchange_dim", torch.tensor(d))
        for name, part in parts.items():
            if isinstance(part, torch.Tensor) and not isinstance(part, torch.nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)


source = lambda: torch.nn.Parameter(2 * torch.randn(rank))
m = {
    "NoreftIntervention": Intervention(proj_layer=linear(), learned_source=linear()),
    "ConsreftIntervention": Intervention(rotate_layer=rotation(), learned_source=source()),
    "LobireftIntervention": Intervention(rotate_layer=rotation(), learned_source=source()),
    "DireftIntervention": Intervention(rotate_layer=rotation(), learned_source=linear()),
    "NodireftIntervention": Intervention(proj_layer=linear(), learned_source=linear()),
}


def applied(layer, h):
    """A linear layer of bfloat16 numbers in float32."""
    return h @ layer.weight.float().T + layer.bias.float()


constants = {name: Intervention(source_representation=3 * torch.randn(d)) for name in ["Addition", "Subtraction", "Vanilla"]}
for name, module in constants.items():
    m[f"{name}Intervention"] = module
no, co, lo, di, nd = (m[f"{name}reftIntervention"] for name in ["No", "Cons", "Lobi", "Di", "Nodi"])
formulas = {
    "NoreftIntervention": lambda h: h + (applied(no.learned_source, h) - applied(no.proj_layer, h)) @ no.proj_layer.weight.float(),
    "ConsreftIntervention": lambda h: h + (co.learned_source - h @ co.rotate_layer.weight) @ co.rotate_layer.weight.T,
    "LobireftIntervention": lambda h: h + lo.learned_source @ lo.rotate_layer.weight.T,
    "DireftIntervention": lambda h: h + applied(di.learned_source, h) @ di.rotate_layer.weight.T,
    "NodireftIntervention": lambda h: h + applied(nd.learned_source, h) @ nd.proj_layer.weight.float(),
    "AdditionIntervention": lambda h: h + constants["Addition"].source_representation,
    "SubtractionIntervention": lambda h: h - constants["Subtraction"].source_representation,
    "VanillaIntervention": lambda h: constants["Vanilla"].source_representation.expand_as(h),
    "ZeroIntervention": lambda h: torch.zeros_like(h),
}
last = lambda i, t, n: i == n - 1


def write_folder(name, kind, state, package="pyreft.interventions"):
    folder = target / name
    folder.mkdir(exist_ok=True)
    key = "layer_1_comp_block_output_unit_pos_nunit_1#0"
    if state is not None:
        torch.save(state, folder / f"intkey_{key}.bin")
    constant = "reft" not in kind
    config = {
        "intervention_constant_sources": [True],
        "intervention_dimensions": [d],
        "intervention_types": [f"<class '{package}.{kind}'>"],
        "mode": "parallel",
        "representations": [[1, "block_output", "pos", 1, rank] + [None] * 7 + [True if constant else None, None]],
        "sorted_keys": [key],
        "transformers_version": "4.57.3",
    }
    write_json(f"{name}/config.json", config)


for kind, formula in formulas.items():
    name = "reft-" + kind.removesuffix("Intervention").lower()
    package = "pyreft.interventions" if "reft" in kind else "pyvene.models.interventions"
    write_folder(name, kind, m[kind].state_dict() if kind in m else None, package)
    # zeros everywhere leave no text apart from another
    case(name, [(1, formula, last)], positions="last_prompt")

# EasySteer's copy of pyreft saves rotations themselves, and has one kind of its own
copied = di.learned_source.state_dict()
copied["rotate_layer"] = di.rotate_layer.weight.data
write_folder("reft-direft-copy", "DireftIntervention", copied, "easysteer.reft.pyreft.reft.algorithms.direft")
case("reft-direft-copy", [(1, formulas["DireftIntervention"], last)], positions="last_prompt")
bias = 3 * torch.randn(d)
write_folder("reft-bias", "BiasIntervention", {"bias": bias}, "easysteer.reft.pyreft.reft.algorithms.bias")
case("reft-bias", [(1, lambda h: h + bias, last)], positions="last_prompt")

# EasySteer: algorithms/lm_steer.py and concept_replace.py
both = {"prompt": "all", "generation": "all"}
p1, p2 = torch.randn(d, rank) / d**0.5, torch.randn(d, rank) / d**0.5
lm_steer = {"data": payload("lowrank", {"projector1": p1.numpy(), "projector2": p2.numpy()}), "algorithm": "lm_steer", "scale": 2.5, "layers": [1, 3], "apply": both}
write_json("low-rank-lm-steer.json", {"vectors": [lm_steer]})
case("low-rank-lm-steer.json", [(n, lambda h: h + 2.5 * (h @ p1) @ p2.T, everywhere) for n in [1, 3]])
h1, h2 = ({n: 4 * torch.randn(d) / d**0.5 for n in [1, 2]} for _ in range(2))


def replaced(n, keep=False):
    def apply(h):
        new = h + (h * h1[n]).sum(-1, keepdim=True) / ((h1[n] ** 2).sum() + 1e-8) * (h2[n] - h1[n])
        return new * h.norm(dim=-1, keepdim=True) / (new.norm(dim=-1, keepdim=True) + 1e-8) if keep else new

    return apply


pair = payload("concept_pair", {f"{side}.layer.{n}": v.numpy() for side, named in [["h1", h1], ["h2", h2]] for n, v in named.items()})
write_json("low-rank-concept.json", {"vectors": [{"data": pair, "algorithm": "concept_replace", "normalize": True, "apply": {"prompt": "all"}}]})
case("low-rank-concept.json", [(n, replaced(n, True), lambda i, t, p: i < p) for n in [1, 2]])
(target / "concept").mkdir(exist_ok=True)
for side, named in [["h1", h1], ["h2", h2]]:
    writer = gguf.GGUFWriter(target / "concept" / f"dogs_{side}.gguf", "controlvector")
    writer.add_string("controlvector.model_hint", "unknown")
    writer.add_uint32("controlvector.layer_count", len(named))
    for n, v in named.items():
        writer.add_tensor(f"direction.{n}", np.ascontiguousarray(v.numpy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
write_json("low-rank-folder.json", {"vectors": [{"source": "concept", "algorithm": "concept_replace", "layers": [2], "apply": both}]})
case("low-rank-folder.json", [(2, replaced(2), everywhere)])

with torch.no_grad():
    write_cases("expected-low-rank.json")
