"""Where Jira sends its webhooks: kept, and answered at once."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from evidence.jira import hooks

SIGNATURE = "X-Hub-Signature"
NOT_THEIRS = "This address needs the secret of the connection, or a signature made with it."


@csrf_exempt
@require_POST
def hook(request: HttpRequest, connection_id: int, secret: str = "") -> HttpResponse:
    """Take a body in. Whatever it is, a worker looks at it later."""
    signature = request.headers.get(SIGNATURE, "")
    try:
        hooks.take_in(connection_id, request.body, signature, secret)
    except hooks.NotTheirs:
        return HttpResponse(NOT_THEIRS, status=401, content_type="text/plain")
    return HttpResponse(status=202)
