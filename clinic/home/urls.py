"""Where home programmes live."""

from django.urls import path

from . import views

app_name = "home"
urlpatterns = [
    path("episodes/<uuid:pk>/home-programme/", views.programmes, name="programmes"),
    path("episodes/<uuid:pk>/home-programme/new/", views.start, name="start"),
    path("episodes/<uuid:pk>/home-programme/link/", views.send, name="send"),
    path("home-programmes/sent/", views.queue, name="queue"),
    path("visits/<uuid:pk>/seen/", views.seen, name="seen"),
    path("home-programmes/<uuid:pk>/edit/", views.edit, name="edit"),
    path("home-programmes/<uuid:pk>/end/", views.end, name="end"),
    path("home-programmes/<uuid:pk>/resume/", views.resume, name="resume"),
]
