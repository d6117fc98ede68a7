"""Documents: what rendering gives. Plain dicts, lists and scalars in which a string may be a `Text` or a `Ref`.

`fill` puts plain strings in (for `switchyard render`); `resolve` lets Outputs in: the only place where they do.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workload.text import Ref, Text

if TYPE_CHECKING:
    from pulumi import Input, Output

Json = Any  # a JSON value whose strings may also be Text or Ref
Document = dict[str, Json]


def refs(document: Json) -> Iterator[Ref]:
    """Every reference in the document, in order, repeated as often as it stands there."""
    match document:
        case Ref():
            yield document
        case Text():
            yield from document.refs()
        case Mapping():
            for value in document.values():
                yield from refs(value)
        case list() | tuple():
            for value in document:
                yield from refs(value)


def fill(document: Json, value: Callable[[Ref], str]) -> Json:
    """The document with every reference replaced by the string `value(ref)`."""
    match document:
        case Ref():
            return value(document)
        case Text():
            return document.fill(value)
        case Mapping():
            return {key: fill(item, value) for key, item in document.items()}
        case list() | tuple():
            return [fill(item, value) for item in document]
    return document


def canonical(document: Json) -> str:
    """JSON that is the same for the same document: sorted keys, no spaces."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(content: str | bytes) -> str:
    """Eight hexadecimal digits that change with the content."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:8]


def resolve(document: Json, values: "Mapping[str, Input[str]]") -> "Output[str]":
    """The canonical JSON of the document once every reference's value, by its path, is known."""
    import pulumi  # noqa: PLC0415 - rendering reads documents without the SDK

    needed = {ref.path: values[ref.path] for ref in refs(document)}
    return pulumi.Output.all(**needed).apply(lambda known: canonical(fill(document, lambda ref: str(known[ref.path]))))


def bind(document: Json, values: "Mapping[str, Input[str]]") -> Json:
    """The document with every reference replaced by its value in place, so that a preview still shows all the rest."""
    import pulumi  # noqa: PLC0415 - rendering reads documents without the SDK

    match document:
        case Ref():
            return values[document.path]
        case Text():
            return pulumi.Output.concat(*(p if isinstance(p, str) else values[p.path] for p in document.parts))
        case Mapping():
            return {key: bind(item, values) for key, item in document.items()}
        case list() | tuple():
            return [bind(item, values) for item in document]
    return document
