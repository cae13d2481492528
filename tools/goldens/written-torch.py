"""Checks fixtures/golden/vectors/written.pt, which packages/steering/src/vectors/write/torch-bytes.test.ts compares its bytes with: torch.load reads it.

    python tools/goldens/written-torch.py

Ran with torch 2.13. After a change of torch-bytes.ts write the file by its torchBytes, and run this.
"""

from pathlib import Path

import torch

path = Path(__file__).resolve().parents[2] / "fixtures/golden/vectors/written.pt"
for mmap in [False, True]:
    value = torch.load(path, weights_only=True, mmap=mmap)
    fields = value["layers.3"]
    vector = fields.pop("steering_vector")
    assert list(value) == ["layers.3"] and vector.shape == (2, 3) and vector.dtype == torch.float32
    assert torch.equal(vector, torch.tensor([[0, 1, -2.5], [1e-8, 3, 1e30]]))
    assert fields == {"steering_coefficient": -0.1, "action": "clamp", "bias": None, "head_index": 300, "description": "Hündchen"}, fields
print("torch reads it")
