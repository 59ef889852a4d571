#!/usr/bin/env python
"""Django's command line for Risorius."""

import os
import sys

# What a shell reports of a program that a closed pipe ended: 128 and the signal's number.
BROKEN_PIPE = 141


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.config.settings.demo")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError, ProgrammingError

    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read, as `head` does, has read enough. Python would flush once more at its end, into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    except ImproperlyConfigured as error:
        # A new machine: what is missing is a sentence, not a traceback.
        sys.exit(f"This installation is not set up yet: {error} docs/settings.md lists the settings.")
    except OperationalError as error:
        sys.exit(without_database(error))
    except ProgrammingError as error:
        if "does not exist" not in str(error):
            raise
        sys.exit(without_database(error))


def without_database(error: Exception) -> str:
    """What is said of a database that isn't there, or has no tables yet; further lines could quote a statement."""
    first = (str(error).splitlines() or [""])[0]
    remedy = "manage.py doctor says what it lacks; manage.py migrate makes its tables."
    return f"The database is not ready: {first}\n{remedy}"


if __name__ == "__main__":
    main()
