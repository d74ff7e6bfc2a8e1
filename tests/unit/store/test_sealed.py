"""Every column that holds something sealed is known, so that no rotation of keys passes one by."""

from sqlalchemy import LargeBinary

from calferry.store.sealed import COLUMNS
from calferry.store.tables import metadata

NOT_SEALED = {"quarantine.raw"}


def test_every_column_of_bytes_is_a_fingerprint_or_sealed() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and not column.name.endswith("_hash")
    }
    assert columns == {column.name for column in COLUMNS} | NOT_SEALED
