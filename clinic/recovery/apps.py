from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    name = "clinic.recovery"
    label = "recovery"
