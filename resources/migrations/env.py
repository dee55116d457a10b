"""Where Alembic starts: runs the migrations on the connection that the ledger hands over, in one transaction."""

from alembic import context

from resources.ledger.database.schema import VERSION_TABLE
from resources.ledger.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # SQLite can, given an explicit BEGIN: a killed migration leaves nothing behind
)
with context.begin_transaction():
    context.run_migrations()
