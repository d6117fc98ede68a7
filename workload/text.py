"""Text with holes: values that only a placement can fill stay typed references until it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that is not known while reading or rendering, by its dotted path.

    `db.host`, `db.port`, `db.scheme`, `db.sslmode` are the endpoint variables of the service `db`;
    rendering adds its own (`image.api`, `secret.db_password`, `role.api.task`, ...).
    `default` is what plain Compose would put in its place, if anything.
    """

    path: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A string that may hold references: literal pieces and `Ref`s in order, no two literals side by side."""

    parts: tuple[str | Ref, ...]

    @classmethod
    def of(cls, *parts: "str | Ref | Text") -> "Text":
        """Join pieces into one text, merging neighbouring literals and dropping empty ones."""
        joined: list[str | Ref] = []
        for part in parts:
            for piece in part.parts if isinstance(part, Text) else (part,):
                if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                    joined[-1] += piece
                elif piece != "":
                    joined.append(piece)
        return cls(tuple(joined))

    def refs(self) -> Iterator[Ref]:
        """The references in order of appearance."""
        return (part for part in self.parts if isinstance(part, Ref))

    def fill(self, value: Callable[[Ref], str]) -> str:
        """The string with every reference replaced by `value(ref)`."""
        return "".join(part if isinstance(part, str) else value(part) for part in self.parts)

    def replace(self, value: "Callable[[Ref], str | Ref | Text]") -> "Text":
        """A text with every reference replaced by another piece, which may itself be a reference."""
        return Text.of(*(part if isinstance(part, str) else value(part) for part in self.parts))

    def __str__(self) -> str:
        """What plain Compose would make of it: every reference by its default."""
        return self.fill(lambda ref: ref.default or "")
