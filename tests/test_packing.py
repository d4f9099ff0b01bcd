from __future__ import annotations

import numpy as np
import pytest
import tiny
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zslre.candidates import candidate_pairs
from zslre.packing import PackedBatch, Packer, Pair, pack_phrases, plain_tokenizer, token_span, window
from zslre.types import Mention, Sentence

TOKENIZER = tiny.tokenizer()
CLS, SEP = TOKENIZER.encode("").ids
words = st.sampled_from([*tiny.WORDS, "Xyz", "Éva", "e-mail", "日本", "§1"])


@st.composite
def sentences(draw: st.DrawFn, max_words: int = 60) -> Sentence:
    """Words between blanks, some of them mentions."""
    chosen = draw(st.lists(words, min_size=1, max_size=max_words))
    text = draw(st.sampled_from(["", " ", "\n"])) + " ".join(chosen)
    spans, place = [], len(text) - len(" ".join(chosen))
    for word in chosen:
        spans.append((place, place + len(word)))
        place += len(word) + 1
    numbers = draw(st.lists(st.integers(0, len(spans) - 1), unique=True, max_size=5))
    found = tuple(Mention(text[a:b], a, b) for a, b in (spans[i] for i in sorted(numbers)))
    return Sentence(text, found)


def test_a_pair_by_hand() -> None:
    sentence = Sentence("Ann lives in Rome", tiny.capitals("Ann lives in Rome"))
    ((batch, numbers),) = Packer(TOKENIZER).pack([(sentence, candidate_pairs(sentence))])
    ann, lives, in_, rome = (TOKENIZER.token_to_id(word) for word in ("ann", "lives", "in", "rome"))
    np.testing.assert_array_equal(batch.text_ids, [[CLS, ann, lives, in_, rome, SEP]])
    np.testing.assert_array_equal(batch.text_mask, np.ones((1, 6)))
    np.testing.assert_array_equal(batch.marker_positions, [[[1, 1, 4, 4], [4, 4, 1, 1]]])  # head and tail, both ways
    np.testing.assert_array_equal(batch.pair_mask, [[True, True]])
    np.testing.assert_array_equal(numbers, [0, 1])


def test_a_mention_of_several_tokens_has_its_first_and_last() -> None:
    text = "in New Zeta City bob"
    head, tail = Mention("New Zeta City", 3, 16), Mention("bob", 17, 20)
    ((batch, _),) = Packer(TOKENIZER).pack([(Sentence(text), [(head, tail)])])
    np.testing.assert_array_equal(batch.marker_positions, [[[2, 4, 5, 5]]])


def test_addresses_are_not_read_unless_a_mention_stands_there() -> None:
    text = "Ann (http://oslo) lives in Rome"
    ann, oslo, rome = (Mention(name, text.index(name), text.index(name) + 4) for name in ("Ann ", "oslo", "Rome"))
    ((batch, _),) = Packer(TOKENIZER).pack([(Sentence(text), [(ann, rome)])])
    assert TOKENIZER.token_to_id("oslo") not in batch.text_ids
    ((batch, _),) = Packer(TOKENIZER).pack([(Sentence(text), [(ann, rome), (oslo, rome)])])
    assert TOKENIZER.token_to_id("oslo") in batch.text_ids


def test_token_ids_positions_and_mask_by_hand() -> None:
    batch = PackedBatch(
        np.array([[7, 8, 9], [7, 9, 0]]),
        np.array([[True, True, True], [True, True, False]]),
        np.array([[[1, 1, 2, 2]], [[1, 1, 1, 1]]]),
        np.array([[True], [True]]),
    )
    np.testing.assert_array_equal(batch.token_ids([3, 4, 5, 6]), [[7, 8, 9, 3, 4, 5, 6], [7, 9, 0, 3, 4, 5, 6]])
    np.testing.assert_array_equal(batch.position_ids(), [[0, 1, 2, 1, 1, 2, 2], [0, 1, 2, 1, 1, 1, 1]])
    mask = batch.attention_mask()
    assert mask.shape == (2, 7, 7)
    np.testing.assert_array_equal(mask[0, 0], [True, True, True, False, False, False, False])  # text sees text only
    np.testing.assert_array_equal(mask[1, 3], [True, True, False, True, True, True, True])  # a marker, its pair too


def test_markers_in_the_text_by_hand() -> None:
    batch = PackedBatch(
        np.array([[7, 10, 11, 12, 8], [7, 13, 8, 0, 0]]),
        np.array([[True] * 5, [True] * 3 + [False] * 2]),
        # 10 and 11 12 both ways; 11 inside of 10 11 12; padding beside one word that is head and tail
        np.array([[[1, 1, 2, 3], [2, 3, 1, 1], [1, 3, 2, 2]], [[1, 1, 1, 1], [0] * 4, [0] * 4]]),
        np.array([[True, True, True], [True, False, False]]),
    )
    hs, he, ts, te = 1, 2, 3, 4
    marked = batch.in_text([hs, he, ts, te])
    expected = [
        [7, hs, 10, he, ts, 11, 12, te, 8],
        [7, ts, 10, te, hs, 11, 12, he, 8],
        [7, hs, 10, ts, 11, te, 12, he, 8],
        [7, hs, ts, 13, he, te, 8, 0, 0],
    ]
    np.testing.assert_array_equal(marked.text_ids, expected)
    np.testing.assert_array_equal(marked.text_mask, np.array(expected) > 0)
    np.testing.assert_array_equal(
        marked.marker_positions[:, 0], [[1, 3, 4, 7], [4, 7, 1, 3], [1, 7, 3, 5], [1, 4, 2, 5]]
    )
    np.testing.assert_array_equal(marked.pair_mask, np.ones((4, 1)))
    parts = list(marked.parts(3))
    assert [len(part.text_ids) for part in parts] == [3, 1]
    np.testing.assert_array_equal(np.concatenate([part.marker_positions for part in parts]), marked.marker_positions)


@settings(max_examples=40)
@given(st.lists(sentences(max_words=20), min_size=1, max_size=4))
def test_markers_in_the_text_stand_around_their_mentions(some: list[Sentence]) -> None:
    items = [(sentence, candidate_pairs(sentence)) for sentence in some]
    markers = [901, 902, 903, 904]
    for batch, _ in Packer(TOKENIZER, max_text_tokens=tiny.WINDOW, max_padding=9).pack(items):
        marked = batch.in_text(markers)
        pairs = list(zip(*batch.pair_mask.nonzero(), strict=True))
        assert len(marked.text_ids) == len(pairs)
        for (row, pair), ids, mask, places in zip(
            pairs, marked.text_ids, marked.text_mask, marked.marker_positions[:, 0], strict=True
        ):
            real = ids[mask].tolist()
            assert [token for token in real if token not in markers] == batch.text_ids[row][
                batch.text_mask[row]
            ].tolist()
            assert [real[place] for place in places] == [901, 902, 903, 904]
            for first, last, ends in ((901, 902, (0, 1)), (903, 904, (2, 3))):
                inside = [token for token in real[real.index(first) + 1 : real.index(last)] if token not in markers]
                start, end = (batch.marker_positions[row, pair, place] for place in ends)
                assert inside == batch.text_ids[row, start : end + 1].tolist()


def test_markers_of_different_pairs_do_not_see_each_other() -> None:
    sentence = Sentence("Ann Bob Carl", tiny.capitals("Ann Bob Carl"))
    ((batch, _),) = Packer(TOKENIZER).pack([(sentence, candidate_pairs(sentence))])
    length = batch.text_ids.shape[1]
    seen = batch.attention_mask()[0, length:, length:]
    expected = np.kron(np.eye(6, dtype=bool), np.ones((4, 4), dtype=bool))
    np.testing.assert_array_equal(seen, expected)


def read_back(packer: Packer, sentences: list[Sentence], pairs: list[list[Pair]]) -> list[tuple[list[int], list[int]]]:
    """For every pair, by its number: the real text ids of its row and its markers' positions."""
    found: dict[int, tuple[list[int], list[int]]] = {}
    for batch, numbers in packer.pack(list(zip(sentences, pairs, strict=True))):
        rows, columns = np.nonzero(batch.pair_mask)
        assert len(rows) == len(numbers)
        for row, column, number in zip(rows, columns, numbers, strict=True):
            assert number not in found
            found[int(number)] = (
                batch.text_ids[row][batch.text_mask[row]].tolist(),
                batch.marker_positions[row, column].tolist(),
            )
        for mask in batch.pair_mask:
            assert mask.any()
            assert (np.sort(mask)[::-1] == mask).all()  # real pairs come first
        for mask in batch.text_mask:
            assert (np.sort(mask)[::-1] == mask).all()
        assert (batch.marker_positions[~batch.pair_mask] == 0).all()
    return [found[number] for number in range(sum(map(len, pairs)))]


@settings(max_examples=40)
@given(st.lists(sentences(), max_size=4), st.integers(6, 40), st.integers(1, 5), st.integers(1, 900))
def test_every_pair_is_packed_once_and_its_markers_stand_on_its_tokens(
    given_sentences: list[Sentence], max_text_tokens: int, max_pairs: int, max_tokens: int
) -> None:
    packer = Packer(
        TOKENIZER, max_text_tokens=max_text_tokens, max_pairs=max_pairs, max_tokens=max_tokens, max_padding=4
    )
    pairs = [candidate_pairs(sentence) for sentence in given_sentences]
    found = read_back(packer, given_sentences, pairs)
    wanted = [(s, pair) for s, some in zip(given_sentences, pairs, strict=True) for pair in some]
    for (sentence, pair), (ids, positions) in zip(wanted, found, strict=True):
        assert (ids[0], ids[-1]) == (CLS, SEP)
        assert len(ids) <= max_text_tokens
        encoding = TOKENIZER.encode(sentence.text, add_special_tokens=False)
        spans = [token_span(np.array(encoding.offsets), mention) for mention in pair]
        ends = [spans[0][0], spans[0][1] - 1, spans[1][0], spans[1][1] - 1]
        assert all(0 < position < len(ids) - 1 for position in positions)
        half = (max_text_tokens - 2) // 2
        if all(b - a <= half for a, b in spans):
            assert [ids[position] for position in positions] == [encoding.ids[token] for token in ends]


@settings(max_examples=40)
@given(st.lists(sentences(), max_size=4), st.integers(1, 5), st.integers(1, 400), st.floats(1, 4))
def test_batches_are_bounded(
    given_sentences: list[Sentence], max_pairs: int, max_tokens: int, max_padding: float
) -> None:
    packer = Packer(TOKENIZER, max_text_tokens=20, max_pairs=max_pairs, max_tokens=max_tokens, max_padding=max_padding)
    for batch, _ in packer.pack([(s, candidate_pairs(s)) for s in given_sentences]):
        rows, length = batch.text_ids.shape
        pairs = batch.pair_mask.shape[1]
        assert pairs <= max_pairs
        assert rows == 1 or rows * (length + 4 * pairs) <= max_tokens
        real = batch.text_mask.sum() + 4 * batch.pair_mask.sum()
        assert rows * (length + 4 * pairs) <= max_padding * real + 1e-6


def test_thousands_of_pairs_share_rows_of_max_pairs() -> None:
    text = " ".join(f"X{number}" for number in range(40))
    sentence = Sentence(text, tiny.capitals(text))
    pairs = candidate_pairs(sentence)
    assert len(pairs) == 40 * 39
    packer = Packer(TOKENIZER, max_text_tokens=192, max_pairs=64, max_tokens=2000)
    shapes = [(batch.text_ids.shape, batch.pair_mask.sum()) for batch, _ in packer.pack([(sentence, pairs)])]
    assert sum(count for _, count in shapes) == len(pairs)
    assert sum(rows for (rows, _), _ in shapes) == -(-len(pairs) // 64)


def test_a_window_depends_on_the_pair_alone() -> None:
    text = " ".join(["Ann", *["new"] * 30, "Bob", *["old"] * 30, "Carl"])
    sentence = Sentence(text, tiny.capitals(text))
    packer = Packer(TOKENIZER, max_text_tokens=24)
    pairs = candidate_pairs(sentence)
    together = read_back(packer, [sentence], [pairs])
    alone = [read_back(packer, [sentence], [[pair]])[0] for pair in pairs]
    assert together == alone


spans = st.tuples(st.integers(0, 119), st.integers(1, 30))


@settings(max_examples=300)
@given(st.integers(1, 120), st.integers(2, 60), spans, spans)
@example(100, 20, (5, 25), (9, 1))  # one mention inside another
def test_window_keeps_to_the_room_and_holds_the_mentions(
    n_tokens: int, room: int, head: tuple[int, int], tail: tuple[int, int]
) -> None:
    def clipped(start: int, length: int) -> tuple[int, int]:
        start = min(start, n_tokens - 1)
        return start, min(start + length, n_tokens)

    head, tail = clipped(*head), clipped(*tail)
    pieces = window(n_tokens, room, head, tail)
    tokens = [token for start, end in pieces for token in range(start, end)]
    assert tokens == sorted(set(tokens))  # in text order, none twice
    assert all(start <= end for start, end in pieces)
    assert 0 < len(tokens) <= room
    assert tokens[0] >= 0
    assert tokens[-1] < n_tokens
    low, high = min(head[0], tail[0]), max(head[1], tail[1])
    if n_tokens <= room:
        assert tokens == list(range(n_tokens))
    elif high - low <= room:
        assert len(tokens) == room
        assert set(range(low, high)) <= set(tokens)
    elif not set(range(*head)) & set(range(*tail)):
        for start, end in (head, tail):
            wanted = range(start, end if end - start <= room // 2 else start + room // 2)
            assert set(wanted) <= set(tokens)


def test_neighbouring_pairs_share_a_window() -> None:
    assert window(200, 40, (100, 101), (104, 105)) == window(200, 40, (102, 103), (106, 107))


def test_window_is_symmetric_in_head_and_tail() -> None:
    for head, tail in [((3, 5), (90, 92)), ((50, 52), (60, 61)), ((0, 40), (80, 81))]:
        assert window(100, 20, head, tail) == window(100, 20, tail, head)


def slow_token_span(offsets: list[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    touching = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
    return (touching[0], touching[-1] + 1) if touching else None


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=12), spans)
def test_token_span_against_a_slow_search(gaps: list[tuple[int, int]], span: tuple[int, int]) -> None:
    offsets, place = [], 0
    for gap, length in gaps:
        offsets.append((place + gap, place + gap + length))
        place += gap + length
    start, end = span[0], span[0] + span[1]
    first, last = token_span(np.array(offsets), Mention("x" * (end - start), start, end))
    expected = slow_token_span(offsets, start, end)
    if expected is not None:
        assert (first, last) == expected
    else:
        assert last == first + 1 <= len(offsets)


def test_a_text_without_tokens_has_its_markers_on_cls() -> None:
    text = "\u200d \u200d"  # joiners, which the tokenizer drops
    assert TOKENIZER.encode(text, add_special_tokens=False).ids == []
    pair = (Mention("\u200d", 0, 1), Mention("\u200d", 2, 3))
    ((batch, _),) = Packer(TOKENIZER).pack([(Sentence(text), [pair])])
    np.testing.assert_array_equal(batch.text_ids, [[CLS, SEP]])
    np.testing.assert_array_equal(batch.marker_positions, np.zeros((1, 1, 4)))


def test_nothing_to_pack() -> None:
    assert list(Packer(TOKENIZER).pack([])) == []
    assert list(Packer(TOKENIZER).pack([(Sentence("Ann lives"), [])])) == []


def test_phrases_by_hand_and_cut_with_their_end_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, mask = pack_phrases(TOKENIZER, ["lives in", "city"])
    lives, in_, city = (TOKENIZER.token_to_id(word) for word in ("lives", "in", "city"))
    np.testing.assert_array_equal(mask, [[True, True, True, True], [True, True, True, False]])
    np.testing.assert_array_equal(ids, [[CLS, lives, in_, SEP], [CLS, city, SEP, 0]])
    monkeypatch.setattr("zslre.packing.PHRASE_TOKENS", 6)
    ids, _ = pack_phrases(TOKENIZER, ["city " * 50])
    np.testing.assert_array_equal(ids, [[CLS, city, city, city, city, SEP]])


def test_plain_tokenizer_neither_pads_nor_cuts() -> None:
    other = tiny.tokenizer()
    other.enable_truncation(3)
    other.enable_padding(length=50)
    plain = plain_tokenizer(other.to_str())
    assert len(plain.encode("ann bob carl dora rome").ids) == 7


@pytest.mark.parametrize("text", ["Ann lives in Rome", "  Ann\tlives\r\nin Rome ", "Ännä lives ín Rome"])
def test_mentions_align_whatever_the_white_space(text: str) -> None:
    encoding = TOKENIZER.encode(text, add_special_tokens=False)
    start = text.index("Rome")
    first, end = token_span(np.array(encoding.offsets), Mention("Rome", start, start + 4))
    assert encoding.ids[first:end] == [TOKENIZER.token_to_id("rome")]
