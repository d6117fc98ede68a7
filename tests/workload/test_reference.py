"""docs/description.md says what the reader does."""

from pathlib import Path

from workload.compose import schema
from workload.extensions import EXTENSIONS
from workload.reference import table, unknown

DOCUMENT = (Path(__file__).parents[2] / "docs" / "description.md").read_text()


def test_the_document_ends_with_the_table_of_keys():
    assert DOCUMENT.endswith(table()), "run python -m workload.reference and put its output at the document's end"


def test_every_key_of_a_service_is_in_the_document():
    assert [key for key in (*schema.SERVICE.keys, *EXTENSIONS) if f"`{key}`" not in DOCUMENT] == []


def test_the_table_names_no_key_that_cannot_be_written():
    assert unknown() == []
