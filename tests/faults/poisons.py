"""Photos that break a worker, by their colour: all that intake leaves of a file."""

COLOURS = {"hang": (250, 10, 10), "memory": (10, 250, 10), "crash": (10, 10, 250)}
