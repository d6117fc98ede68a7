"""Letter grades on the 4.0 scale, and the grade point average."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

POINTS = {
    "A": Decimal("4.0"),
    "A-": Decimal("3.7"),
    "B+": Decimal("3.3"),
    "B": Decimal("3.0"),
    "B-": Decimal("2.7"),
    "C+": Decimal("2.3"),
    "C": Decimal("2.0"),
    "C-": Decimal("1.7"),
    "D": Decimal("1.0"),
    "F": Decimal("0.0"),
}


def average(results: Iterable[tuple[str | None, int]]) -> Decimal | None:
    """The average of (grade, credits) weighted by credits, to two decimals; None while nothing is graded."""
    graded = [(POINTS[grade], credit) for grade, credit in results if grade is not None]
    total = sum(credit for _, credit in graded)
    if total == 0:
        return None
    return (sum((points * credit for points, credit in graded), Decimal(0)) / total).quantize(
        Decimal("0.01"), rounding=ROUND_HALF_UP
    )


def earned(results: Iterable[tuple[str | None, int]]) -> int:
    """The credits of the courses that were passed."""
    return sum(credit for grade, credit in results if grade is not None and POINTS[grade] > 0)
