"""What a form is bound with: what was sent, also where that is nothing at all."""

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, or None on a visit: an empty POST is judged like any other."""
    return request.POST if request.method == "POST" else None
