"""Today at the door; the list of patients and the review under theirs."""

from __future__ import annotations

from django.urls import path

from . import views

of_patients = [
    path("", views.patient_list, name="list"),
    path("search/", views.search, name="search"),
]
of_visits = [path("review/", views.review, name="review")]
urlpatterns = [path("", views.today, name="today")]
