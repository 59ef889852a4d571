"""Drills: processes are killed, servers emptied and disks filled, and nothing may be lost or doubled."""
