from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "clinic.operations"
    label = "operations"

    def ready(self) -> None:
        """The checks of the installation are Django's own system checks too."""
        from .checks import installation

        installation.register_all()
