from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "clinic.rights"
    label = "rights"
