"""The project as an application: its commands, and the grants after each migration."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class OfficeConfig(AppConfig):
    """The strategic portfolio office."""

    name = "spm"
    label = "spm"
    verbose_name = "Strategic portfolio office"

    def ready(self) -> None:
        """Connect what has to happen once after each migration."""
        from spm.database_roles import grant_after_migrate

        # post_migrate is sent once for each app with models; once is enough, for all tables.
        post_migrate.connect(
            grant_after_migrate,
            sender=apps.get_app_config("accounts"),
            dispatch_uid="runtime-role",
        )
