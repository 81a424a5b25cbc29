"""The backend: with its first statement each asker is told to the connection, at no further round trip.

It remembers on the connection who was told last. What was told in a transaction goes with its rollback, so
nothing is remembered after one. Meant for connections that stay with a client: direct ones, or PgBouncer
with ``pool_mode = session``.
"""

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from portal import asking


def _untold(connection) -> asking.Asker | None:
    """Return who asks, unless the connection knows or cannot listen (a failed transaction only ends)."""
    asker = asking.current()
    if getattr(connection, "told", None) == asker:
        return None
    return None if connection.info.transaction_status == TransactionStatus.INERROR else asker


def _tell(connection) -> None:
    if asker := _untold(connection):
        connection.told = None
        base.Cursor(connection).execute("; ".join(asker.statements()))
        connection.told = asker


class Cursor(base.Cursor):
    """Sends who asks together with a statement, as one message."""

    def execute(self, query, params=None, **options):
        """Run ``query``; its result is that of the last statement."""
        asker = _untold(self.connection)
        if asker is None:
            return super().execute(query, params, **options)
        if not isinstance(query, str):
            _tell(self.connection)
            return super().execute(query, params, **options)
        told = asker.statements()
        self.connection.told = None  # a statement that fails takes what was told with it
        super().execute("; ".join((*told, query)), params, **options)
        for _ in told:
            self.nextset()
        self.connection.told = asker
        return self

    def executemany(self, query, params_seq, **options):
        """Run ``query`` for each of the parameters."""
        _tell(self.connection)
        return super().executemany(query, params_seq, **options)

    def copy(self, statement, params=None, **options):
        """Begin a COPY."""
        _tell(self.connection)
        return super().copy(statement, params, **options)


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, told who asks."""

    is_fenced = True  # COPY FROM is refused where row-level security holds

    def get_connection_params(self) -> dict:
        """Return what a connection is made with."""
        return super().get_connection_params() | {"cursor_factory": Cursor}

    def create_cursor(self, name=None):
        """Return a cursor; one of the server is declared after the connection knows who asks."""
        if name:
            _tell(self.connection)
        return super().create_cursor(name)

    def _rollback(self):
        super()._rollback()
        self._forget()

    def _savepoint_rollback(self, sid):
        super()._savepoint_rollback(sid)
        self._forget()

    def _forget(self) -> None:
        if self.connection is not None:
            self.connection.told = None
