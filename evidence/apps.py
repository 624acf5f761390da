"""What we learn: the door, events, beliefs, thesis breaks."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """What we learn: the door, events, beliefs, thesis breaks."""

    name = "evidence"
