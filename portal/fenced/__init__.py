"""Django's backend of PostgreSQL that tells each connection who asks (``portal.asking``)."""
