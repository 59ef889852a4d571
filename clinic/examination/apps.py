from django.apps import AppConfig


class ExaminationConfig(AppConfig):
    name = "clinic.examination"
    default_auto_field = "django.db.models.BigAutoField"
