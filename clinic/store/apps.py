from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "clinic.store"
    label = "store"
