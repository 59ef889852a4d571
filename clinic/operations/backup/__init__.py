"""Backups: one archive of database, photos and models as they were at one moment, and the way back from it."""
