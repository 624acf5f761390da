"""Parts of a page that are compressed once and sent often.

Gzip holds one stream of deflated blocks. A part that ends with a full flush refers to nothing
outside of itself, so that it can stand between others in any page; what is left to do for each
answer is to put the checksums together (RFC 1952; Mark Adler's ``crc32_combine`` in zlib).
"""

import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.regex_helper import _lazy_re_compile

LEVEL = 6
LONGEST_NAME = 100
_POLYNOMIAL = 0xEDB88320  # of CRC-32, bits reflected
_ONE = 1 << 31  # the polynomial 1, and what an empty text counts
_END = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS).flush(zlib.Z_FINISH)
_accepts_gzip = _lazy_re_compile(r"\bgzip\b")


@dataclass(frozen=True)
class Compressed:
    """A text as deflated blocks, with what its checksum and length add to those of a page.

    ``shift`` is x to the power of the text's bits, modulo the checksum's polynomial.
    """

    blocks: bytes
    checksum: int
    length: int
    shift: int

    @classmethod
    def of(cls, text: str) -> "Compressed":
        """Compress a text."""
        data = text.encode()
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        blocks = deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH)
        return cls(blocks, zlib.crc32(data), len(data), _power(8 * len(data)))

    @property
    def text(self) -> str:
        """The text again."""
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.blocks).decode()


def page_of(request: HttpRequest, parts: Sequence[Compressed]) -> HttpResponse:
    """The parts one after the other as a page, compressed if the browser takes that."""
    if not _accepts_gzip.search(request.headers.get("Accept-Encoding", "")):
        answer = HttpResponse([part.text for part in parts])
    else:
        answer = HttpResponse(gzip_of(parts), headers={"Content-Encoding": "gzip"})
    patch_vary_headers(answer, ("Accept-Encoding",))
    return answer


def gzip_of(parts: Sequence[Compressed]) -> bytes:
    """A gzip file of the parts. As in Django's own, a name of random length hides how long a
    page is to the byte, so that its length gives no token away.
    """
    name = b"a" * secrets.randbelow(LONGEST_NAME)
    checksum = length = 0
    for part in parts:
        checksum = _times(part.shift, checksum) ^ part.checksum
        length += part.length
    head = b"\x1f\x8b\x08\x08" + bytes(5) + b"\xff" + name + b"\0"
    tail = checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")
    return b"".join([head, *(part.blocks for part in parts), _END, tail])


def _times(one: int, other: int) -> int:
    """The product of two polynomials modulo that of the checksum."""
    product, bit = 0, _ONE
    while bit:
        if one & bit:
            product ^= other
        other = other >> 1 ^ _POLYNOMIAL if other & 1 else other >> 1
        bit >>= 1
    return product


def _power(bits: int) -> int:
    """x to the power of so many bits, modulo the polynomial of the checksum."""
    result, square = _ONE, _ONE >> 1
    while bits:
        if bits & 1:
            result = _times(result, square)
        square = _times(square, square)
        bits >>= 1
    return result
