"""What `make` runs: installing, starting and stopping the demo."""
