"""Haystack, as its introduction shows it: an in-memory store, an indexing and a query pipeline."""

from __future__ import annotations

from haystack import Document, Pipeline

from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from protocol import model_folder, serve


class Haystack:
    """One store and query pipeline a story; the embedders are shared between them."""

    def __init__(self) -> None:
        self.documents = SentenceTransformersDocumentEmbedder(model=model_folder())
        self.documents.warm_up()
        self.stories: dict[str, Pipeline] = {}

    def build(self, story: str, passages: list[str], body: str) -> None:
        """Embed documents and write them."""
        self._write(story, [Document(content=text, meta={"number": at}) for at, text in enumerate(passages)])

    def _write(self, story: str, documents: list[Document]) -> None:
        store = InMemoryDocumentStore()
        store.write_documents(self.documents.run(documents)["documents"])
        pipeline = Pipeline()
        pipeline.add_component("embedder", SentenceTransformersTextEmbedder(model=model_folder()))
        pipeline.add_component("retriever", InMemoryEmbeddingRetriever(document_store=store))
        pipeline.connect("embedder.embedding", "retriever.query_embedding")
        self.stories[story] = pipeline

    def _best(self, story: str, question: str) -> Document:
        found = self.stories[story].run({"embedder": {"text": question}})
        return found["retriever"]["documents"][0]

    def ask(self, story: str, question: str) -> int:
        """Run the query pipeline."""
        return int(self._best(story, question).meta["number"])

    def chunks(self, story: str, body: str, questions: list[str]) -> list[list[int]]:
        """Return where in the body the best chunk for each question stands; chunks as `DocumentSplitter` cuts them."""
        splitter = DocumentSplitter()
        splitter.warm_up()
        self._write(story, splitter.run([Document(content=body)])["documents"])
        best = [self._best(story, question) for question in questions]
        return [[found.meta["split_idx_start"], found.meta["split_idx_start"] + len(found.content)] for found in best]


serve(Haystack())
