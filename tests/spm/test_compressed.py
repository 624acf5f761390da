"""Parts that were compressed by themselves make one page."""

import gzip

from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from spm.compressed import LONGEST_NAME, Compressed, gzip_of, page_of


@given(st.lists(st.text(max_size=200), max_size=5))
def test_whatever_the_parts_are_they_come_out_one_after_the_other(texts: list[str]) -> None:
    parts = [Compressed.of(text) for text in texts]
    assert gzip.decompress(gzip_of(parts)).decode() == "".join(texts)
    assert [part.text for part in parts] == texts


def test_a_long_part_is_compressed_once_and_fits_into_any_page() -> None:
    board = Compressed.of("<article>A bet</article>" * 20_000)
    assert len(board.blocks) < 5_000
    for before, after in (("", ""), ("<main>", "</main>"), ("é" * 999, "€")):
        parts = [Compressed.of(before), board, Compressed.of(after)]
        assert gzip.decompress(gzip_of(parts)).decode() == before + board.text + after


def test_a_browser_that_takes_no_gzip_gets_the_text() -> None:
    request = RequestFactory().get("/", headers={"accept-encoding": "identity"})
    answer = page_of(request, [Compressed.of("one "), Compressed.of("two")])
    assert answer.content == b"one two"
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_the_length_of_a_page_says_nothing_to_the_byte() -> None:
    parts = [Compressed.of("a token")]
    lengths = {len(gzip_of(parts)) for _ in range(200)}
    assert len(lengths) > LONGEST_NAME / 4
