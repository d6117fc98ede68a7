"""The table of keys in docs/description.md, out of the reader's own data: python -m workload.reference."""

from workload.compose import schema
from workload.compose.shapes import Record
from workload.portability import FATES


def table() -> str:
    """Every key of a service in one Markdown table, then what becomes of nested and top-level keys."""
    lines = ["| key of a service | what becomes of it |", "|---|---|"]
    lines += [f"| `{key}` | {_fate(f'services.{key}')} |" for key in sorted(schema.SERVICE.keys)]
    nested = sorted(path for path in FATES if path.removeprefix("services.") not in schema.SERVICE.keys)
    lines += ["", "| key | what becomes of it |", "|---|---|"]
    lines += [f"| `{path.removeprefix('services.')}` | {_fate(path)} |" for path in nested]
    return "\n".join(lines) + "\n"


def _fate(path: str) -> str:
    fate = FATES.get(path)
    if fate is None:
        return "carried"
    only = f" ({fate.only})" if fate.only else ""
    return f"**{'refused' if fate.refused else 'local-only'}**{only}: {fate.reason}"


def unknown() -> list[str]:
    """Paths of the table that no shape knows: always none."""
    return [path for path in FATES if not _known(path)]


def _known(path: str) -> bool:
    shape: object = schema.TOP
    for key in path.split("."):
        while not isinstance(shape, Record):
            shape = getattr(shape, "item", None) or getattr(shape, "value", None) or getattr(shape, "record", None)
            if shape is None:
                return False
        if key not in shape.keys:
            return False
        shape = shape.keys[key]
    return True


if __name__ == "__main__":
    print(table(), end="")
