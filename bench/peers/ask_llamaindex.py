"""LlamaIndex, as its introduction shows it: a `VectorStoreIndex` over documents, and its retriever."""

from __future__ import annotations

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from protocol import model_folder, serve


class LlamaIndex:
    """One index a story."""

    def __init__(self) -> None:
        self.embed = HuggingFaceEmbedding(model_name=model_folder())
        self.stories: dict[str, VectorStoreIndex] = {}

    def build(self, story: str, passages: list[str], body: str) -> None:
        """Index nodes."""
        nodes = [TextNode(text=text, id_=str(number)) for number, text in enumerate(passages)]
        self.stories[story] = VectorStoreIndex(nodes, embed_model=self.embed)

    def ask(self, story: str, question: str) -> int:
        """Retrieve."""
        return int(self.stories[story].as_retriever(similarity_top_k=10).retrieve(question)[0].node.node_id)

    def chunks(self, story: str, body: str, questions: list[str]) -> list[list[int]]:
        """Return where in the body the best chunk for each question stands; chunks as `from_documents` cuts them."""
        self.stories[story] = VectorStoreIndex.from_documents([Document(text=body)], embed_model=self.embed)
        retriever = self.stories[story].as_retriever()
        best = [retriever.retrieve(question)[0].node for question in questions]
        return [[node.start_char_idx, node.end_char_idx] for node in best]


serve(LlamaIndex())
