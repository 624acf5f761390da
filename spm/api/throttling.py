"""How often one principal may ask, counted in Valkey for all server processes together."""

import math
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from spm import valkey
from spm.accounts.models import ApiKey

SECONDS = {"s": 1, "sec": 1, "min": 60, "hour": 3600}

# The generic cell rate algorithm. One number is kept for each principal: the moment at which all
# that was admitted would be paid off at the steady rate. A request is admitted while that moment
# is less than one period ahead; a refused one costs nothing and hears how long to wait.
_ADMIT = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local period, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
local paid_off = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now)) + cost
local owed = paid_off - now
if owed > period then return {tostring(owed - period), tostring(owed - cost)} end
redis.call('SET', KEYS[1], string.format('%.6f', paid_off), 'EX', math.ceil(owed) + 1)
return {'0', tostring(owed)}
"""

_valkey: redis.Redis | None = None


class PrincipalThrottle(BaseThrottle):
    """So many requests a minute for each person or key; ``view.throttle_cost`` counts for more."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether this request is admitted now; the view's ``rate`` says what is left."""
        most, period = parse_rate(str(api_settings.DEFAULT_THROTTLE_RATES["principal"]))
        cost = min(getattr(view, "throttle_cost", 1), most) * period / most
        counted = _counted(_name_of(request.user), period, cost)
        self.seconds = counted.seconds_to_wait
        view.rate = Rate(most, period, counted.seconds_owed)
        return self.seconds <= 0

    def wait(self) -> float:
        """Seconds until the same request would be admitted."""
        return self.seconds


@dataclass(frozen=True)
class Counted:
    """How long to wait, 0 where it is admitted, and how long until all is paid off."""

    seconds_to_wait: float
    seconds_owed: float


@dataclass(frozen=True)
class Rate:
    """How many requests are admitted in how many seconds, and what is used of them."""

    most: int
    period: int
    seconds_owed: float

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says of it; ``RateLimit-Reset`` is when all may be used again."""
        left = int((self.period - self.seconds_owed) * self.most / self.period + 1e-6)
        return {
            "RateLimit-Policy": f"{self.most};w={self.period}",
            "RateLimit-Limit": str(self.most),
            "RateLimit-Remaining": str(max(0, left)),
            "RateLimit-Reset": str(math.ceil(max(0.0, self.seconds_owed))),
        }


def parse_rate(text: str) -> tuple[int, int]:
    """``6000/min`` as (requests, seconds)."""
    most, _, period = text.partition("/")
    return int(most), SECONDS[period]


def _name_of(principal: Any) -> str:
    kind = "key" if isinstance(principal, ApiKey) else "person"
    return f"rate:{kind}:{principal.pk}"


def _counted(name: str, period: float, cost: float) -> Counted:
    global _valkey
    if _valkey is None:
        _valkey = valkey.client(settings.LIVE_URL)
    try:
        with valkey.asked():
            wait, owed = _valkey.eval(_ADMIT, 1, name, str(period), str(cost))
    except valkey.Away:
        # Without Valkey nothing is counted: evidence matters more than the limit.
        return Counted(0.0, 0.0)
    return Counted(float(wait), float(owed))
