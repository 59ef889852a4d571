"""Where patients answer: by a link without an account, or on a tablet that was handed over."""

from django.urls import path

from clinic.patients import opened_links

from . import views_answering

app_name = "answering"
urlpatterns = [
    path("answer/", opened_links.open_page, name="open"),
    path("answer/questions/", views_answering.questions, name="questions"),
    path("handed-over/", views_answering.handed_over_page, name="handed_over"),
    path("handed-over/unlock/", views_answering.unlock, name="unlock"),
]
