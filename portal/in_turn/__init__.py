"""The engine of SQLite with its writers in a queue."""
