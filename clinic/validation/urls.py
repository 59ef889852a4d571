"""Pages of the analysis: its state, and the models that do it."""

from django.urls import path

from . import views

app_name = "inference"
urlpatterns = [
    path("analyses/status/", views.status, name="status"),
    path("models/", views.models, name="models"),
    path("clinic/model/", views.use, name="use"),
    path("models/<str:name>/", views.release, name="release"),
    path("models/<str:name>/figures/<str:file>", views.figure, name="figure"),
]
