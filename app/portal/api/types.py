"""Types that several routes take."""

from typing import Annotated

from fastapi import Path

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""An identity in the database (bigint)."""
