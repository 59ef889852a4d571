"""The check of all files and records: what may be wrong (codes), where to look, and what is safe to put right."""
