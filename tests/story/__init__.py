"""The main story, in a real browser on real servers."""
