"""Payloads of EasySteer as its to_wire gives them, their numbers in base64: vllm/steer_vectors/payloads.py."""

import base64
import hashlib

import numpy as np


def payload(kind, tensors, extra=None):
    digest = hashlib.sha256(f"{kind}:1".encode())
    wire = {}
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name], dtype=np.float32)
        for part in [name.encode(), str(values.shape).encode(), values.tobytes()]:
            digest.update(part)
        wire[name] = {"shape": list(values.shape), "data": base64.b64encode(values.tobytes()).decode()}
    extra = extra or {}
    for key in sorted(extra):
        digest.update(f"{key}={extra[key]!r}".encode())
    return {"version": 1, "kind": kind, "tensors": wire, "extra": extra, "sha256": digest.hexdigest()}
