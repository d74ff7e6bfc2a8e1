"""Frames are the same however the network cuts them, and none is lost with a connection."""

import pytest

from calferry.client.frames import Frame, FrameReader

TEXT = b"retry: 6000\nid: 4\n\n: comment\n\nid: 5\nevent: change\ndata: {\ndata: }\n\nid: 6\r\ndata: \xc3\xa4\r\n\r\nid: 7\ndata: cut"
WHOLE = [Frame("change", "{\n}"), Frame("message", "ä")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_frames_do_not_depend_on_where_the_bytes_are_cut(size: int) -> None:
    reader = FrameReader()
    found = [frame for at in range(0, len(TEXT), size) for frame in reader.feed(TEXT[at : at + size])]
    assert found == WHOLE
    assert reader.last_id == "6"


def test_a_frame_that_was_cut_off_is_asked_for_again() -> None:
    reader = FrameReader(last_id="5")
    assert [*reader.feed(b"id: 6\nevent: change\ndata: {}")] == []
    reader.begin_again()
    assert reader.last_id == "5"
    assert [*reader.feed(b"id: 6\ndata: again\n\n")] == [Frame("message", "again")]
    assert reader.last_id == "6"
