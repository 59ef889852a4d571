from django.apps import AppConfig


class ValidationConfig(AppConfig):
    name = "clinic.validation"
    label = "validation"
