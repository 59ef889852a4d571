"""Where patients practise at home: by a link without an account."""

from django.urls import path

from . import views_patient

app_name = "practising"
urlpatterns = [
    path("home/", views_patient.today, name="today"),
    path("home/done/", views_patient.note, name="note"),
    path("home/camera/", views_patient.camera, name="camera"),
    path("home/photos/", views_patient.photo, name="photo"),
]
