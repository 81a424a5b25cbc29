"""What ``./bin/bench`` runs: a program per measurement, with the variants it holds ours against."""
