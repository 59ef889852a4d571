"""The addresses that allauth knows by its own names; sign-up, e-mail and social pages have none."""

from django.urls import path

from .views import factor, login

urlpatterns = [
    path("login/", login.LoginView.as_view(), name="account_login"),
    path("login/passkey/", login.PasskeyLogin.as_view(), name="mfa_login_webauthn"),
    path("login/code/", login.SecondStep.as_view(), name="mfa_authenticate"),
    path("logout/", login.Logout.as_view(), name="account_logout"),
    path("again/password/", login.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("again/code/", login.CodeAgain.as_view(), name="mfa_reauthenticate"),
    path("again/passkey/", login.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("factor/", factor.overview, name="mfa_index"),
    path("factor/app/", factor.AddTotp.as_view(), name="mfa_activate_totp"),
    path("factor/app/remove/", factor.RemoveTotp.as_view(), name="mfa_deactivate_totp"),
    path("factor/passkeys/new/", factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("factor/passkeys/<int:pk>/edit/", factor.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("factor/passkeys/<int:pk>/remove/", factor.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("factor/codes/", factor.codes, name="mfa_view_recovery_codes"),
    path("factor/codes/new/", factor.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
]
