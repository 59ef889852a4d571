from django.apps import AppConfig
from django.conf import settings


class CommonConfig(AppConfig):
    name = "clinic.common"
    label = "common"

    def ready(self) -> None:
        if settings.LOG_JSON:
            from . import logs_python

            logs_python.hook()
