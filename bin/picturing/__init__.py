"""Pictures of the running portal: which there are, who looks, how they are taken (``./bin/screenshots``)."""
