"""The forms in which products with matrices are computed, and what loading a model keeps in memory."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from index import product
from index.product import Packed, Plain, Turned, product_with

ROWS, INPUT, OUTPUT = 5, 1024, 48

_RESIDENT = """
from index.bundled import bundled_model_folder, load_bert
bert = load_bert(bundled_model_folder())
inside, kilobytes = False, 0
for line in open("/proc/self/smaps"):
    if "-" in line.split(maxsplit=1)[0]:
        inside = "model.safetensors" in line
    elif inside and line.startswith("Rss:"):
        kilobytes += int(line.split()[1])
print(kilobytes)
"""


@pytest.mark.parametrize(
    ("dtype", "amx", "packs", "form"),
    [
        (torch.float32, False, True, Plain),
        (torch.float32, True, True, Turned),
        (torch.bfloat16, False, True, Packed),
        (torch.bfloat16, True, True, Packed),
        (torch.bfloat16, True, False, Plain),
    ],
)
def test_every_form_gives_the_same_product(
    dtype: torch.dtype, *, amx: bool, packs: bool, form: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "has_amx", lambda: amx)
    monkeypatch.setattr(product, "packs", lambda: packs)
    weight, bias, rows = torch.randn(OUTPUT, INPUT) / 32, torch.randn(OUTPUT), torch.randn(ROWS, INPUT)
    weight, bias, rows = weight.to(dtype), bias.to(dtype), rows.to(dtype)
    with torch.inference_mode():
        made = product_with(weight, bias)
        found = made(rows)
    assert isinstance(made, form)
    assert found.shape == (ROWS, OUTPUT)
    expected = rows.double() @ weight.double().t() + bias.double()
    assert (found.double() - expected).abs().max() < (1e-4 if dtype == torch.float32 else 0.1)


def test_wide_products_are_in_parts_on_processors_with_amx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "has_amx", lambda: True)
    made = product_with(torch.zeros(OUTPUT, INPUT, dtype=torch.bfloat16), torch.zeros(OUTPUT, dtype=torch.bfloat16))
    assert isinstance(made, Packed)
    assert [part.shape[1] for part in made.parts] == [384, 384, 256]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_layers_of_a_loaded_model_are_in_memory_once() -> None:
    """They are copied out of the file, which would stay mapped, 43 MB of it, if anything of it were held."""
    found = subprocess.run([sys.executable, "-c", _RESIDENT], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 10_000
