"""Chroma, as its introduction shows it: an in-memory client, a collection, documents in, texts queried."""

from __future__ import annotations

import chromadb
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction
from protocol import model_folder, serve


class Chroma:
    """One collection a story."""

    def __init__(self) -> None:
        self.client = chromadb.Client()
        self.embed = SentenceTransformerEmbeddingFunction(model_name=model_folder())

    def build(self, story: str, passages: list[str], body: str) -> None:
        """Add documents."""
        name = f"story-{story}"
        collection = self.client.create_collection(name, embedding_function=self.embed)
        step = self.client.get_max_batch_size()
        for at in range(0, len(passages), step):
            part = passages[at : at + step]
            collection.add(ids=[str(number) for number in range(at, at + len(part))], documents=part)

    def ask(self, story: str, question: str) -> int:
        """Query."""
        collection = self.client.get_collection(f"story-{story}", embedding_function=self.embed)
        return int(collection.query(query_texts=[question], n_results=10)["ids"][0][0])


serve(Chroma())
