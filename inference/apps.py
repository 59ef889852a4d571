from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "inference"
    label = "inference"

    def ready(self) -> None:
        from clinic.config import checks

        checks.register_all()
