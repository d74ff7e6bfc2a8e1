"""What a frame's id says, and what is made of ids that others invent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.web.stream_position import StreamPosition, read_frame_id

MASKS = st.integers(0, (1 << 20) - 1)


@given(st.integers(0, 10**17), st.integers(0, 10**14), MASKS, MASKS, st.sampled_from(["", "c", "t"]))
def test_an_id_gives_the_position_back(change: int, events: int, synced: int, failed: int, end: str) -> None:
    position = StreamPosition(change, events, synced, failed, end)
    assert read_frame_id(position.frame_id("sync_abc123")) == ("sync_abc123", position)


@given(st.text())
def test_anything_else_is_no_id(text: str) -> None:
    found = read_frame_id(text)
    assert found is None or found[1].frame_id(found[0]) == text


@pytest.mark.parametrize(
    "text", [None, "", "x\r\ny", "sync_a:1.0.0.0.x", "sync_a:1.0.0", "a" * 200, "sync_a:١.0.0.0"]
)
def test_ids_that_are_not_ours_are_ignored(text: str | None) -> None:
    assert read_frame_id(text) is None


def test_a_position_follows_what_was_told() -> None:
    position = StreamPosition(10).with_events(14, 3).with_synced(0).with_failed(2)
    assert (position.change, position.events, position.finished) == (14, 3, 0b101)
    assert position.is_finished(0)
    assert not position.is_finished(1)


def test_a_position_is_cut_to_what_its_request_can_hold() -> None:
    position = StreamPosition(3, 0, 0b111, 0b1010).within(10, 2)
    assert (position.change, position.synced, position.failed) == (10, 0b11, 0)
