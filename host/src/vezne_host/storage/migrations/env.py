"""Alembic's entry: runs one branch on the connection that ``vezne_host.storage.migrate`` has opened."""

from alembic import context

settings = context.config.attributes

context.configure(
    connection=settings["connection"],
    version_table=settings["version_table"],
    on_version_apply=settings["on_version_apply"],
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
