"""Trains a sparse autoencoder on one layer's resid_post and stores it in SAELens' native folder format."""

import csv
import json
import pathlib
from dataclasses import dataclass

import torch
from safetensors.torch import save_file

STEPS = 2500
BATCH = 256
RATE = 1e-3
PREFIXES = (32, 128)  # numbers of first latents that must reconstruct alone
SAMPLE = 64  # rows that the threshold is measured on at each step
AUX_LATENTS = 32
DEAD_STEPS = 100
CURVE_EVERY = 100


@dataclass
class Sae:
    """f = p where p > threshold, else 0, with p = (x - b_dec) W_enc + b_enc; reconstruction f W_dec + b_dec."""

    w_enc: torch.Tensor  # [d_in, d_sae]
    b_enc: torch.Tensor  # [d_sae]
    w_dec: torch.Tensor  # [d_sae, d_in], rows of length 1
    b_dec: torch.Tensor  # [d_in]
    threshold: torch.Tensor  # [d_sae]

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        before = (x - self.b_dec) @ self.w_enc + self.b_enc
        return before * (before > self.threshold)

    def decode(self, f: torch.Tensor) -> torch.Tensor:
        return f @ self.w_dec + self.b_dec


def train_sae(rows: torch.Tensor, *, latents: int, active: int, seed: int, curve: pathlib.Path) -> Sae:
    """
    `rows` [tokens, d_in] are drawn at random, in epochs. All latents share one threshold, which follows the value that lets `active` latents
    through on average: top-k over a whole batch (BatchTopK), measured on a sample of it, so that the trained SAE is a JumpReLU as it is.
    The first latents must also reconstruct alone (a Matryoshka SAE): without that, "dogs" falls apart into a latent for every word around a dog.
    Latents that have been silent for long learn to explain what the others leave over.
    """
    random = torch.Generator().manual_seed(seed)
    mean = rows.mean(0)
    scale = (rows - mean).norm(dim=1).mean() / rows.shape[1] ** 0.5
    d_in = rows.shape[1]
    w_dec = torch.nn.functional.normalize(torch.randn(latents, d_in, generator=random), dim=1)
    sae = Sae(w_dec.T.clone(), torch.zeros(latents), w_dec, torch.zeros(d_in), torch.zeros(latents))
    weights = [sae.w_enc, sae.b_enc, sae.w_dec, sae.b_dec]
    for weight in weights:
        weight.requires_grad_()
    optimizer = torch.optim.Adam(weights, lr=RATE, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, step / 100, (STEPS - step) / (0.3 * STEPS)))
    silent = torch.zeros(latents, dtype=torch.long)
    order = torch.randperm(len(rows), generator=random)
    at = 0
    with open(curve, "w", newline="") as file:
        log = csv.writer(file)
        log.writerow(["step", "variance_explained", "l0", "dead"])
        explained = l0 = 0.0
        for step in range(1, STEPS + 1):
            if at + BATCH > len(order):
                order, at = torch.randperm(len(rows), generator=random), 0
            x = (rows[order[at : at + BATCH]] - mean) / scale
            at += BATCH
            before = (x - sae.b_dec) @ sae.w_enc + sae.b_enc
            with torch.no_grad():
                sample = before[:SAMPLE].flatten()
                wanted = sample.kthvalue(len(sample) - active * SAMPLE).values.clamp(min=0)
                sae.threshold += (wanted - sae.threshold) * (1 if step == 1 else 0.05)
            f = before * (before > sae.threshold)
            error = x - sae.decode(f)
            loss = error.pow(2).mean()
            for first in PREFIXES:
                loss = loss + (x - f[:, :first] @ sae.w_dec[:first] - sae.b_dec).pow(2).mean()
            with torch.no_grad():
                fired = (f > 0).any(0)
                silent = torch.where(fired, 0, silent + 1)
                dead = silent > DEAD_STEPS
            if dead.any():
                spare = before.relu() * dead
                best = spare.topk(min(AUX_LATENTS, int(dead.sum())), dim=1)
                found = torch.zeros_like(spare).scatter(1, best.indices, best.values) @ sae.w_dec
                loss = loss + (error.detach() - found).pow(2).mean() / 32
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                sae.w_dec.copy_(torch.nn.functional.normalize(sae.w_dec, dim=1))
                explained += float(1 - error.pow(2).sum() / (x - x.mean(0)).pow(2).sum()) / CURVE_EVERY
                l0 += float((f > 0).float().sum(1).mean()) / CURVE_EVERY
            if step % CURVE_EVERY == 0:
                log.writerow([step, f"{explained:.4f}", f"{l0:.1f}", int(dead.sum())])
                file.flush()
                explained = l0 = 0.0
    # undo the scaling of the inputs: latents are then in units of the residual stream
    with torch.no_grad():
        return Sae(sae.w_enc.detach(), sae.b_enc * scale, sae.w_dec.detach(), sae.b_dec * scale + mean, sae.threshold * scale)


@torch.no_grad()
def measure_sae(sae: Sae, rows: torch.Tensor) -> dict:
    """Variance explained, mean number of active latents, and the share of latents that never fire, on rows [tokens, d_in] not trained on."""
    error = active = 0.0
    ever = torch.zeros(len(sae.b_enc), dtype=torch.bool)
    for part in rows.split(4096):
        f = sae.encode(part)
        error += float((part - sae.decode(f)).pow(2).sum())
        active += float((f > 0).sum())
        ever |= (f > 0).any(0)
    return {
        "tokens": len(rows),
        "variance_explained": round(1 - error / float((rows - rows.mean(0)).pow(2).sum()), 4),
        "l0": round(active / len(rows), 2),
        "dead": round(float((~ever).float().mean()), 4),
    }


def write_sae(sae: Sae, folder: pathlib.Path, layer: int, model_name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {"W_enc": sae.w_enc, "b_enc": sae.b_enc, "W_dec": sae.w_dec, "b_dec": sae.b_dec, "threshold": sae.threshold}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "sae_weights.safetensors")
    d_in, d_sae = sae.w_enc.shape
    config = {
        "architecture": "jumprelu",
        "d_in": d_in,
        "d_sae": d_sae,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {
            "sae_lens_version": "6.0.0",
            "model_name": model_name,
            "hook_name": f"blocks.{layer}.hook_resid_post",
            "prepend_bos": True,
            "context_size": 256,
        },
    }
    (folder / "cfg.json").write_text(json.dumps(config, indent=2) + "\n")
