"""The floor: sentence-transformers and FAISS in twenty lines, as their first examples show them."""

from __future__ import annotations

import faiss
from protocol import model_folder, serve
from sentence_transformers import SentenceTransformer


class Floor:
    """A flat index a story."""

    def __init__(self) -> None:
        self.model = SentenceTransformer(model_folder())
        self.indexes: dict[str, faiss.Index] = {}

    def build(self, story: str, passages: list[str], body: str) -> None:
        """Embed and add."""
        self.indexes[story] = faiss.IndexFlatIP(self.model.get_embedding_dimension())
        self.indexes[story].add(self.model.encode(passages))

    def ask(self, story: str, question: str) -> int:
        """Embed and search."""
        return int(self.indexes[story].search(self.model.encode([question]), 10)[1][0][0])

    def encode(self, texts: list[str]) -> None:
        """Embed and nothing else, for comparison."""
        self.model.encode(texts)


serve(Floor())
