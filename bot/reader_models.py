"""The models that a reader reads with: the one that ships, and any other of transformers.

The one that ships is fine-tuned from the bundled encoder with its embeddings frozen, so those are taken from the
encoder that is in memory already and only the layers are stored, as bytes with one scale per row. Import this only
where torch may be loaded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import torch
from safetensors.torch import load_file
from torch.nn.functional import linear

from index.bert import Bert, layers_of
from index.product import has_amx, packs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn


class ShippedModel:
    """A BERT with two logits for each token: for being an answer's start, and for being its end."""

    def __init__(self, bert: Bert, weight: Tensor, bias: Tensor) -> None:
        """Put a head of `weight` (2, hidden) and `bias` (2,) on `bert`."""
        self.bert = bert
        self._weight = weight.float()
        self._bias = bias.float()

    @classmethod
    def load(cls, folder: Path, encoder: Bert, *, bfloat16: bool) -> Self:
        """Load what `folder` holds on top of the `encoder` it was trained from, whose embeddings it shares.

        Raises:
            ValueError: the encoder is another model than `reader.json` names, or tensors are missing.
        """
        about = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
        if encoder.digest() != about["frozen_sha256"]:
            message = f"{folder} was trained on {about['base_model']}, the encoder is another model"
            raise ValueError(message)
        stored = restored(load_file(folder / "reader.safetensors"))
        dtype = torch.bfloat16 if bfloat16 else torch.float32
        tensors = encoder.embeddings | {
            name.removeprefix("bert."): found.to(dtype) for name, found in stored.items() if name.startswith("bert.")
        }
        if len(layers_of(tensors)) != about["layers"] or "qa_outputs.weight" not in stored:
            message = f"{folder} lacks layers, or its head"
            raise ValueError(message)
        return cls(Bert(tensors, encoder.shape, dtype), stored["qa_outputs.weight"], stored["qa_outputs.bias"])

    def __call__(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of starts and of ends, (batch, tokens) float32 each; the arguments as `Bert` takes them."""
        logits = linear(self.bert(ids, types, mask).float(), self._weight, self._bias)
        return logits[..., 0], logits[..., 1]


class HubModel:
    """Any question-answering model of transformers."""

    def __init__(self, model: nn.Module, *, has_types: bool = True, bfloat16: bool = False) -> None:
        """Wrap `model`; `has_types` says whether it tells a first text from a second by their type."""
        self.module = model.eval()
        self._has_types = has_types
        self._bfloat16 = bfloat16

    def __call__(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of starts and of ends, (batch, tokens) float32 each; the arguments as `Bert` takes them."""
        inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": mask.long()}
        if self._has_types:
            inputs["token_type_ids"] = types
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
            output = self.module(**inputs)
        return output.start_logits.float(), output.end_logits.float()


def computes_bfloat16() -> bool:
    """Say whether matrix products in bfloat16 are quick here: the processor has instructions for them, torch packs."""
    return packs() and (bool(torch.cpu.get_capabilities().get("avx512_bf16")) or has_amx())


def restored(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the float32 tensors of what a file stores: matrices as bytes with scales, others as float16."""
    return {
        name: dequantised(tensor, stored[f"{name}.scale"]) if tensor.dtype == torch.int8 else tensor.float()
        for name, tensor in stored.items()
        if not name.endswith(".scale")
    }


def dequantised(rows: Tensor, scales: Tensor) -> Tensor:
    """Return the float32 matrix that `rows` (n, m) int8 and `scales` (n,) float stand for."""
    return rows.float() * scales.float()[:, None]
