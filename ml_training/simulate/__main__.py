"""`python -m ml_training.simulate`: see `ml_training.simulate.generate`."""

from ml_training import sources
from ml_training.simulate.generate import main

if __name__ == "__main__":
    sources.told(main)
