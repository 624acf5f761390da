"""Who may do what: people, their roles in portfolios, and keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles and keys."""

    name = "spm.accounts"
    label = "accounts"
