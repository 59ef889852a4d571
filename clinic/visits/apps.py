from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "clinic.visits"
    label = "visits"

    def ready(self) -> None:
        """What registers itself where it is imported."""
        from . import mirroring  # noqa: F401
