"""The addresses that allauth knows by its own names; sign-up, e-mail and social pages have none."""

from django.urls import path

from . import views_factor, views_login

urlpatterns = [
    path("login/", views_login.LoginView.as_view(), name="account_login"),
    path("login/passkey/", views_login.PasskeyLogin.as_view(), name="mfa_login_webauthn"),
    path("login/code/", views_login.SecondStep.as_view(), name="mfa_authenticate"),
    path("logout/", views_login.Logout.as_view(), name="account_logout"),
    path("again/password/", views_login.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("again/code/", views_login.CodeAgain.as_view(), name="mfa_reauthenticate"),
    path("again/passkey/", views_login.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("factor/", views_factor.overview, name="mfa_index"),
    path("factor/app/", views_factor.AddTotp.as_view(), name="mfa_activate_totp"),
    path("factor/app/remove/", views_factor.RemoveTotp.as_view(), name="mfa_deactivate_totp"),
    path("factor/passkeys/new/", views_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("factor/passkeys/<int:pk>/edit/", views_factor.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path(
        "factor/passkeys/<int:pk>/remove/", views_factor.RemovePasskey.as_view(), name="mfa_remove_webauthn"
    ),
    path("factor/codes/", views_factor.codes, name="mfa_view_recovery_codes"),
    path("factor/codes/new/", views_factor.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
]
