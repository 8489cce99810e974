"""Find the words of a passage that answer a question, and say how likely the passage answers at all.

Any extractive question-answering model does it: it gives every token a logit for being the
answer's start and one for being its end, and the first token, [CLS], stands for "no answer here".
The models themselves are in `bot.reader_models`.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeVar

from index import heap
from index.bundled import bundled_model_folder, load_bert, load_tokenizer
from index.cores import usable_cores
from index.errors import ModelError, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

    from index.bert import Bert

_T = TypeVar("_T")

BUNDLED_READER: Final = "storydesk-reader"
"""The name, in the settings, of the reader that ships."""

MAX_TOKENS: Final = 192
"""Tokens of question and passage together; a longer passage is cut at its end."""

MAX_ANSWER_TOKENS: Final = 30
"""Tokens; the longest answer that is looked for."""

_BATCH: Final = 8
_THREADS: Final = 4
_STEP: Final = 16
_FULL_TILES: Final = 64
"""Tokens by which lengths differ, and from where on by twice that. Padding then changes no bit of a score, so that a
question is answered the same alone and among others (at 8 in bfloat16 by some hundredths otherwise, on processors
with AMX beyond 64 tokens at 16 too); 3 % of a question's time. And torch keeps what it compiled for each length
(120 MB more without this)."""
_NO_SPAN: Final = -1e30


@dataclass(frozen=True, slots=True)
class Reading:
    """The best answer in a passage: characters `start`..`end` (exclusive), and how much it beats no answer.

    `score` is the logit of the best span minus the logit of "no answer", higher is better. A
    passage without a single word gives the empty span 0..0 and minus infinity.
    """

    start: int
    end: int
    score: float


class Model(Protocol):
    """A question-answering model, of `bot.reader_models` or like one of those."""

    def __call__(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of starts and of ends, (batch, tokens) float32; the arguments as `Bert` takes them."""


class Reader:
    """An extractive question-answering model and its tokenizer.

    Batches are read side by side, each in a thread of its own, which do not wait for each other as
    torch's own threads do: on two cores twice as fast, on busy ones no slower.
    """

    def __init__(
        self,
        model: Model,
        tokenizer: Tokenizer,
        *,
        fingerprint: str,
        pad_id: int = 0,
        max_tokens: int = MAX_TOKENS,
    ) -> None:
        """Wrap a question-answering `model` and the `tokenizer` it was trained with, which nobody else uses.

        `fingerprint` tells its scores from any other reader's, `pad_id` is the token that fills short rows.
        """
        self._model = model
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self.fingerprint = fingerprint
        self._pad_id = pad_id
        self._max_tokens = min(max_tokens, MAX_TOKENS)
        self._threads = min(usable_cores(), _THREADS)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="reader")

    @classmethod
    def open(cls, name: str, encoder: Bert | None = None) -> Self:
        """Return the reader called `name`: the one that ships, a folder, or one of the Hugging Face hub.

        The one that ships stands on `encoder`, the bundled one; without it, that is loaded besides.

        Raises:
            ModelError: it cannot be loaded.
        """
        from safetensors import SafetensorError

        try:
            if name != BUNDLED_READER:
                return cls.from_pretrained(name)
            with resources.as_file(resources.files("bot").joinpath("reader_model")) as folder:
                return cls.load(folder, encoder)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            message = f"The reader {name!r} cannot be loaded: {reason_of(error)}"
            raise ModelError(message) from error

    @classmethod
    def load(cls, folder: Path, encoder: Bert | None = None, *, bfloat16: bool | None = None) -> Self:
        """Load the reader of `folder` on top of the `encoder` it was trained from, by default the bundled one.

        The frozen tensors are the encoder's own. `bfloat16` computes matrix products with 16 bits: twice
        as fast where the processor has instructions for it, scores within a few hundredths, and very slow
        elsewhere; None means: when the processor has them.

        Raises:
            ValueError: the encoder is another model than `reader.json` names.
        """
        from bot.reader_models import ShippedModel, computes_bfloat16

        bundled = bundled_model_folder()
        fast = computes_bfloat16() if bfloat16 is None else bfloat16
        digest = hashlib.sha256((folder / "reader.safetensors").read_bytes()).hexdigest()
        model = ShippedModel.load(folder, encoder or load_bert(bundled), bfloat16=fast)
        heap.give_back()  # what the weights took in 32 bits, 40 MB
        return cls(model, load_tokenizer(bundled), fingerprint=digest)

    @classmethod
    def from_pretrained(cls, name_or_path: str | Path) -> Self:
        """Load any `AutoModelForQuestionAnswering` by folder or hub name."""
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer
        from transformers.utils import logging

        from bot.reader_models import HubModel

        logging.disable_progress_bar()
        model = AutoModelForQuestionAnswering.from_pretrained(str(name_or_path))
        tokenizer = AutoTokenizer.from_pretrained(str(name_or_path), use_fast=True)
        reader = cls(
            HubModel(model, has_types="token_type_ids" in tokenizer.model_input_names),
            tokenizer.backend_tokenizer,
            fingerprint="",
            pad_id=tokenizer.pad_token_id or 0,
            max_tokens=tokenizer.model_max_length,
        )
        probe = reader.read("What is probed?", ["The probe of a reader."])[0]
        reader.fingerprint = hashlib.sha256(f"{name_or_path} {probe.score:.3f}".encode()).hexdigest()
        return reader

    def knows(self, word: str) -> bool:
        """Say whether the lower-case `word` is one entry of the vocabulary: a common word, spelt right."""
        return len(self._tokenizer.encode(word, add_special_tokens=False).ids) == 1

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """Return the best answer to `question` in each of `passages`, in their order."""
        return self.read_pairs([(question, passage) for passage in passages])

    def read_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
        """Return the best answer of each (question, passage), in their order.

        Pairs are run longest first in batches of similar length, because padding costs as much as text.
        """
        if not pairs:
            return []
        encodings = self._encodings(pairs)
        order = sorted(range(len(pairs)), key=lambda at: (-len(encodings[at].ids), at))
        size = min(_BATCH, -(-len(order) // self._threads))
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        found = self._pool.map(lambda batch: self._best_spans([encodings[at] for at in batch]), batches)
        readings = {
            at: _reading(encodings[at].offsets, pairs[at][1], start, end, score)
            for batch, spans in zip(batches, found, strict=True)
            for at, (start, end, score) in zip(batch, spans, strict=True)
        }
        return [readings[at] for at in range(len(pairs))]

    def _encodings(self, pairs: Sequence[tuple[str, str]]) -> list[Encoding]:
        """Tokenize without padding; the passage is cut, never the question unless it is very long."""
        asked = [(question.strip()[: MAX_TOKENS * 2], passage) for question, passage in pairs]
        is_long = max(len(question) for question, _ in asked) > self._max_tokens
        self._tokenizer.enable_truncation(self._max_tokens, strategy="longest_first" if is_long else "only_second")
        found: list[Encoding] = self._tokenizer.encode_batch(asked)
        return found

    def _best_spans(self, encodings: Sequence[Encoding]) -> list[tuple[int, int, float]]:
        """Return, per encoding, the first and last token of the best span and its score."""
        import torch

        length = _padded_length(max(len(encoding.ids) for encoding in encodings))
        ids = torch.tensor([_padded(encoding.ids, length, self._pad_id) for encoding in encodings])
        types = torch.tensor([_padded(encoding.type_ids, length, 0) for encoding in encodings])
        mask = torch.tensor([_padded(encoding.attention_mask, length, 0) for encoding in encodings]).bool()
        inside = torch.tensor([[at == 1 for at in _padded(e.sequence_ids, length, None)] for e in encodings])
        with torch.inference_mode():
            scores, starts, ends = best_spans(*self._model(ids, types, mask), inside)
        return list(zip(starts.tolist(), ends.tolist(), scores.tolist(), strict=True))


def best_spans(starts: Tensor, ends: Tensor, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return score, first token and last token of the best span, each of shape (batch,).

    `starts`, `ends`: logits, (batch, tokens) float32. `inside`: whether a token is of the passage,
    (batch, tokens) bool. The score is the span's summed logits minus those of token 0.
    """
    import torch

    count = starts.shape[1]
    outside = torch.finfo(starts.dtype).min / 4
    starts_in = starts.masked_fill(~inside, outside)
    ends_in = ends.masked_fill(~inside, outside)
    allowed = torch.ones(count, count, dtype=torch.bool).triu().tril(MAX_ANSWER_TOKENS - 1)
    spans = (starts_in[:, :, None] + ends_in[:, None, :]).masked_fill(~allowed, 4 * outside)
    best, where = spans.flatten(1).max(dim=1)
    return best - starts[:, 0] - ends[:, 0], where // count, where % count


def _padded_length(count: int) -> int:
    """Return how many tokens rows of at most `count` are padded to."""
    step = _STEP if count <= _FULL_TILES else 2 * _STEP
    return -(-count // step) * step


def _padded(values: Sequence[_T], length: int, filler: _T) -> list[_T]:
    return [*values, *[filler] * (length - len(values))]


def _reading(offsets: Sequence[tuple[int, int]], passage: str, start: int, end: int, score: float) -> Reading:
    first, last = offsets[start][0], offsets[end][1]
    words = passage[first:last]
    if not words.strip() or score < _NO_SPAN:
        return Reading(0, 0, float("-inf"))
    return Reading(first + len(words) - len(words.lstrip()), first + len(words.rstrip()), score)
