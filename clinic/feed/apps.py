from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "clinic.feed"
    label = "feed"
