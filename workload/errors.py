"""The one error of the description: everything that is wrong with it, at once, each with its place and repair."""

from collections.abc import Sequence
from dataclasses import dataclass

from workload.model import Position, Workload


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: `at` may be None when there is no file to point into."""

    at: Position | None
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" if self.at else self.message


class DescriptionError(Exception):
    """The description cannot be used. `str()` is one line per problem, in order of place.

    Where every form is right and only the meaning is not, `workload` is what was read, for others to judge too.
    """

    def __init__(self, problems: Sequence[Problem], workload: Workload | None = None) -> None:
        self.workload = workload
        self.problems = tuple(
            sorted(set(problems), key=lambda p: (str(p.at.file), p.at.line, p.at.column) if p.at else ("", 0, 0))
        )
        super().__init__("\n".join(map(str, self.problems)))
