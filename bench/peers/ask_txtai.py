"""txtai, as its introduction shows it: an `Embeddings` that indexes texts and searches."""

from __future__ import annotations

from protocol import model_folder, serve
from txtai import Embeddings


class Txtai:
    """One `Embeddings` a story; the model is shared between them."""

    def __init__(self) -> None:
        self.models: dict[str, object] = {}
        self.stories: dict[str, Embeddings] = {}

    def build(self, story: str, passages: list[str], body: str) -> None:
        """Index a list of texts."""
        self.stories[story] = Embeddings(path=model_folder(), models=self.models)
        self.stories[story].index(passages)

    def ask(self, story: str, question: str) -> int:
        """Search."""
        return int(self.stories[story].search(question, 10)[0][0])


serve(Txtai())
