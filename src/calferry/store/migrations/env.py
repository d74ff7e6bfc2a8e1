"""Alembic's entry: runs the migrations on the connection, in the transaction, that it is given."""

from alembic import context

from calferry.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
