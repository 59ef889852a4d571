from django.urls import path

from . import views, views_clinic

app_name = "accounts"
urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("password/set/<uidb64>/<token>/", views.SetPassword.as_view(), name="set_password"),
    path("language/", views.language, name="language"),
    path("switch/", views.switch_clinic, name="switch_clinic"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.password, name="password"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<str:key>/revoke/", views.token_revoke, name="token_revoke"),
    path("clinic/", views_clinic.settings, name="clinic"),
    path("members/", views_clinic.members, name="members"),
    path("members/<uuid:pk>/", views_clinic.member, name="member"),
    path("members/<uuid:pk>/access/", views_clinic.member_active, name="member_active"),
    path("members/<uuid:pk>/link/", views_clinic.member_link, name="member_link"),
]
