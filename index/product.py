"""Products with matrices, in the form that this processor multiplies fastest by; chosen once, when a model is loaded.

torch stores a matrix output by input and leaves the rest to the library below it. A question is short, so what
that library does to the matrix first counts: Intel's MKL is quicker with one that is turned, oneDNN with one that
it laid out for itself before (packed). Measured in `bench/RESULTS.md`. Import it only where torch may be loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import torch

if TYPE_CHECKING:
    from torch import Tensor

_AMX_WIDTH: Final = 384
"""Columns of a product in bfloat16 up to which rows come out the same to the bit, however many there are. On
processors with AMX wider ones are summed in another order when there are many: scores differ by up to .09."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A product with a matrix that is stored output by input."""

    weight: Tensor
    bias: Tensor

    def __call__(self, rows: Tensor) -> Tensor:
        """Return the product of `rows`, (n, input), with the matrix, (n, output), and its bias added."""
        return torch.nn.functional.linear(rows, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class Turned:
    """A product with a matrix that is stored input by output."""

    weight: Tensor
    bias: Tensor

    def __call__(self, rows: Tensor) -> Tensor:
        """Return the product of `rows`, (n, input), with the matrix, (n, output), and its bias added."""
        return torch.addmm(self.bias, rows, self.weight)


@dataclass(frozen=True, slots=True)
class Packed:
    """A product with a matrix in oneDNN's own form, whose columns may be in parts: then one after the other is added.

    torch compiles models into these operations (`torch/_inductor/mkldnn_lowerings.py`).
    """

    parts: tuple[Tensor, ...]
    bias: Tensor

    def __call__(self, rows: Tensor) -> Tensor:
        """Return the product of `rows`, (n, input), with the matrix, (n, output), and its bias added."""
        product = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 - there is no public name
        first, *others = self.parts
        begin, *further = torch.split(rows, first.shape[1], -1)
        made: Tensor = product(begin, first, self.bias, "none", [], "")
        for columns, part in zip(further, others, strict=True):
            made = product.binary(columns, made, part, None, "add")
        return made


Product: TypeAlias = Plain | Turned | Packed


def product_with(weight: Tensor, bias: Tensor) -> Product:
    """Return the product with `weight`, (output, input), and `bias`, (output,), in their dtype.

    It keeps a copy of `weight`, so that the file in which that lies can be let go.
    """
    if weight.dtype == torch.bfloat16 and packs():
        pack = torch.ops.mkldnn._reorder_linear_weight  # noqa: SLF001 - there is no public name
        parts = torch.split(weight, _AMX_WIDTH if has_amx() else weight.shape[1], 1)
        return Packed(tuple(pack(part.contiguous(), None) for part in parts), bias)
    if weight.dtype == torch.float32 and has_amx():
        return Turned(weight.t().contiguous(), bias)
    return Plain(weight.clone(), bias)


def packs() -> bool:
    """Say whether this torch has oneDNN's products with packed matrices."""
    return all(hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight"))


def has_amx() -> bool:
    """Say whether the processor has Intel's matrix instructions (AMX) for bfloat16.

    It tells too that MKL uses its kernels for AVX-512, for which a turned matrix takes three quarters of the
    time; for AVX2, which other processors get, it takes a tenth more.
    """
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))
