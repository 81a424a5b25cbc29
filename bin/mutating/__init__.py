"""Mutation testing of what decides: one fault at a time is put in, and the tests have to notice.

``changes`` says which faults there are, ``swaps`` puts one into the running program, ``plugin`` runs the
tests against each in a process of its own. The door is ``./bin/mutate``. Programs that set a database up for
each fault take longer than a night here; a forked process has what its parent has set up.
"""
