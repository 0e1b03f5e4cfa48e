"""The sequence diagram of a failure: lifelines, arrows both ways, what is marked, and what is left out."""

from __future__ import annotations

from xml.etree import ElementTree

from conformance.record.transcript import Kind
from conformance.report import sequence_diagram, trace
from tests.support.handmade import Handmade, message


def drawn(made: Handmade, *at: int) -> ElementTree.Element:
    """The figure, parsed: it is well-formed XML, whatever the target said."""
    return ElementTree.fromstring(sequence_diagram.figure(made.transcript, at))  # noqa: S314  our own


def texts(figure: ElementTree.Element, kind: str | None = None) -> list[str]:
    """All texts of the drawing in order, or those of one class."""
    return [each.text or "" for each in figure.iter("text") if kind is None or each.get("class") == kind]


def strokes(figure: ElementTree.Element) -> list[str]:
    return [path.get("d", "") for path in figure.iter("path") if path.get("class") != "life"]


def chat() -> Handmade:
    made = Handmade()
    made.opens()
    made.greeted()
    return made


def test_a_small_one_word_for_word() -> None:
    send = trace.TraceLine(0.0, "phone", trace.Label(">", "help_center:send #1", '"hi"'), marked=True, skipped=0)
    ack = trace.TraceLine(12.5, "phone", trace.Label("<", "ack #1", "{error: {}}"), marked=False, skipped=0)
    assert sequence_diagram.svg(trace.Excerpt([send, ack], ["phone", "tablet"], 0), "a <label>") == (
        "<svg role='img' aria-label='a &lt;label&gt;' width='351' height='94' viewBox='0 0 351 94'>"
        "<rect class='hit' x='0' y='31' width='351' height='27'/>"
        "<rect class='box' x='71' y='3' width='78' height='20' rx='4'/><text class='name' x='110' y='17'>phone</text>"
        "<path class='life' d='M110 23V94'/>"
        "<rect class='box' x='281' y='3' width='68' height='20' rx='4'/><text class='name' x='315' y='17'>server</text>"
        "<path class='life' d='M315 23V94'/>"
        "<g class='marked'><text x='3' y='50'>▶</text><text class='at' x='60' y='50'>0.000</text>"
        "<text x='120' y='46'>help_center:send #1  &quot;hi&quot;</text><path d='M110 52H315M308 48l7 4-7 4'/></g>"
        "<text class='at' x='60' y='78'>12.500</text><text x='120' y='74'>ack #1  {error: {}}</text>"
        "<path d='M110 80H315M117 76l-7 4 7 4'/></svg>"
    )


def test_under_it_stands_how_to_read_it_and_where_the_rest_is() -> None:
    caption = drawn(chat(), 4).find("figcaption")
    assert caption is not None
    assert caption.text == "▶ look here · seconds since the scenario began · all of it: transcripts/chat.jsonl"


def test_packets_are_arrows_in_their_direction() -> None:
    made = chat()
    made.says("hello")
    figure = drawn(made)
    rightward = [d for d in strokes(figure) if d.endswith("l7 4-7 4")]
    leftward = [d for d in strokes(figure) if d.endswith("l-7 4 7 4")]
    assert (len(rightward), len(leftward)) == (3, 5)  # opens, CONNECT, send; handshake, CONNECT, greeting, event, ack
    assert texts(figure, "name") == ["phone", "server"]
    assert texts(figure, "at") == [f"0.00{number}" for number in range(8)]


def test_rest_goes_both_ways_and_an_end_is_a_cross() -> None:
    made = chat()
    made.fetches({"conversation": {}, "messages": []})
    made.closed("target")
    made.add(Kind.EXPIRED, waiting={"ack": 1}, seconds=2.5)
    made.mark("later")
    figure = drawn(made)
    both = [d for d in strokes(figure) if "l7 4-7 4" in d and "l-7 4 7 4" in d]
    assert len(both) == 1
    assert any(d.endswith("l10 10m0-10l-10 10") for d in strokes(figure))
    assert len(list(figure.iter("circle"))) == 1
    assert texts(figure, "name") == ["phone", "rest", "server"]


def test_what_a_failure_points_at_is_marked_by_more_than_colour() -> None:
    made = chat()
    made.says("hello")
    figure = drawn(made, 5, 7)
    assert texts(figure).count(sequence_diagram.MARK) == 2
    assert [rect.get("class") for rect in figure.iter("rect")].count("hit") == 2
    label = next(figure.iter("svg")).get("aria-label", "")
    assert label.startswith("Sequence diagram of chat: phone (user 1) and the server, 8 entries; look here: ")
    assert "help_center:send #1" in label
    assert "ack #1" in label


def test_without_a_place_nothing_is_marked_nor_explained() -> None:
    figure = drawn(chat())
    assert sequence_diagram.MARK not in "".join(figure.itertext())


def test_a_long_record_says_how_much_is_left_out() -> None:
    made = chat()
    for number in range(100):
        made.mark(f"mark {number}")
    figure = drawn(made, 54, 94)
    assert texts(figure, "gap") == ["⋮ 51 more", "⋮ 34 more", "⋮ 8 more"]
    shown = len(texts(figure, "at"))
    assert shown + 51 + 34 + 8 == 105
    reported = [text for text in trace.lines(made.transcript, [54, 94]) if text.strip() != "…"]
    assert shown == len(reported)


def test_only_those_who_are_shown_have_a_lifeline() -> None:
    made = Handmade()
    for number in range(40):
        made.opens(f"device {number}")
    figure = drawn(made, 2)
    assert texts(figure, "name") == ["device 0", "device 1", "device 2", "server"]


def test_texts_of_the_target_stay_texts() -> None:
    made = chat()
    made.event("<script>alert('1')</script>", {"id": "x\x00\ud800", "sender": "&amp;", "text": "]]>"})
    figure = drawn(made, 5)
    reported = texts(figure)[-1]
    assert reported.startswith("<script>alert('1')</script>")
    assert "<script" not in sequence_diagram.figure(made.transcript, [5])
    assert "\n" not in sequence_diagram.figure(made.transcript, [5])


def test_long_labels_are_cut_and_fit_between_the_lifelines() -> None:
    made = chat()
    made.event("help_center:message", message("x" * 59))
    figure = drawn(made)
    label = texts(figure)[-1]
    assert len(label) == 67
    assert label.endswith("…")
    assert len(sequence_diagram.figure(made.transcript)) < 4000


def test_an_empty_record_has_no_diagram() -> None:
    assert sequence_diagram.figure(Handmade("nothing").transcript) == ""
