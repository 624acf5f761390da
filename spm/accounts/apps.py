"""Who may do what: people, their roles in portfolios, and keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles and keys."""

    name = "spm.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to what the library of sign-ins says."""
        from allauth.account.signals import password_changed, password_reset, password_set
        from allauth.mfa.signals import (
            authenticator_added,
            authenticator_removed,
            authenticator_reset,
        )

        from spm.accounts import sign_in_changed

        for of_password in (password_changed, password_reset, password_set):
            of_password.connect(sign_in_changed.on_password_changed, dispatch_uid="new-password")
        for of_app in (authenticator_added, authenticator_removed):
            of_app.connect(sign_in_changed.on_app_changed, dispatch_uid="other-app")
        authenticator_reset.connect(sign_in_changed.on_codes_made_anew, dispatch_uid="other-codes")
