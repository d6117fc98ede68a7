"""Manifests as a folder: what one service or job consists of in one file, what belongs to all in one file per kind."""

from collections.abc import Iterable

from orchestrators.documents import Document
from orchestrators.eks.render import Manifests
from orchestrators.eks.render.scene import NAME_LABEL


def files(manifests: Manifests) -> dict[str, list[Document]]:
    """By path: `core/` and `aws/`, each in the order in which `kubectl apply -f` takes the files of a folder."""
    folders = {"core": manifests.core, "aws": manifests.aws}
    return {f"{folder}/{name}": found for folder, all_ in folders.items() for name, found in _grouped(all_).items()}


def _grouped(documents: Iterable[Document]) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    for document in documents:
        found.setdefault(_file(document), []).append(document)
    return dict(sorted(found.items()))


def _file(document: Document) -> str:
    """Digits sort before the letter that every object name starts with: namespaces, what all share, then each unit."""
    kind = document["kind"].lower()
    unit = document["metadata"].get("labels", {}).get(NAME_LABEL)
    return f"{unit or ('0-namespace' if kind == 'namespace' else f'1-{kind}')}.yaml"
