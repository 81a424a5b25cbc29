"""The read-only JSON interface under ``/api/v1/``: what anybody may read on the public pages, for programs.

Entries, editions, differences, notices and targets; nothing that was not published, no personal field.
"""
