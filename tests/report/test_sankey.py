"""Sankey diagrams: counts become heights, nothing is lost, labels do not overlap."""

import re
import xml.etree.ElementTree as ET

import pytest

from skulens.report.sankey import (
    LINE,
    OTHER,
    draw_sankey,
    flows_of_funnel,
    merge_rare,
    place_nodes,
    spread,
    write_sankey_page,
)

SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES = {("th", "th"): 60, ("th", "en"): 20, ("en", "en"): 10, ("vi", "en"): 10}


def parse(flows, **rest):
    return ET.fromstring(str(draw_sankey(flows, "flows", **rest)))


def titles(root, tag):
    return [e.findtext(f"{SVG}title") for e in root.iter(f"{SVG}{tag}") if e.find(f"{SVG}title")
            is not None]  # fmt: skip


def test_heights_are_proportional_to_counts():
    sizes = {n.name: n.size for n in place_nodes([LANGUAGES])[0]}
    assert sizes["th"] == pytest.approx(8 * sizes["en"])
    left, right = (sum(n.size for n in nodes) for nodes in place_nodes([LANGUAGES]))
    assert left == pytest.approx(right)


def test_ribbons_fill_their_nodes_exactly_and_never_overlap():
    root = parse([LANGUAGES])
    shapes = [e.get("d") for e in root.iter(f"{SVG}path") if e.get("fill-opacity")]
    starts, ends = [], []
    for d in shapes:
        x = [float(v) for v in re.findall(r"-?[\d.]+", d)]
        starts.append((x[1], x[-1]))  # top and bottom on the left
        ends.append((x[7], x[8]))  # on the right
    for side in (starts, ends):
        side.sort()
        assert all(a[1] <= b[0] + 0.02 for a, b in zip(side, side[1:], strict=False))
    heights = sorted(round(b - a, 1) for a, b in starts)
    assert heights[-1] == pytest.approx(6 * heights[0], rel=0.01)


def test_every_flow_says_its_count_and_share():
    said = titles(parse([LANGUAGES]), "path")
    assert "th \N{RIGHTWARDS ARROW} en: 20 (20.0%)" in said and len(said) == 4


def test_rare_nodes_become_other_and_counts_stay():
    flows = {(f"c{i}", f"c{i}"): 100 - i for i in range(30)}
    [merged] = merge_rare([flows], 5)
    assert sum(merged.values()) == sum(flows.values())
    assert {a for a, _ in merged} == {"c0", "c1", "c2", "c3", OTHER}
    assert merge_rare([LANGUAGES], 3) == [LANGUAGES]


def test_a_name_is_kept_or_merged_in_both_columns_alike():
    flows = {("p", "r"): 9, ("p", "q"): 1, ("q", "q"): 9, ("r", "p"): 1}  # p leads on the left
    [merged] = merge_rare([flows], 2)
    assert {a for a, _ in merged} == {"q", OTHER} == {b for _, b in merged}


def test_a_step_that_ends_is_a_node_without_flows():
    flows = [{("all", "kept"): 80, ("all", "dropped"): 20}, {("kept", "kept"): 80}]
    columns = place_nodes(flows)
    assert [[n.name for n in c] for c in columns] == [["all"], ["kept", "dropped"], ["kept"]]
    assert columns[1][0].size == pytest.approx(columns[2][0].size)


def test_labels_are_a_line_apart_and_inside():
    flows = {("big", f"c{i:02}"): 1 if i else 10_000 for i in range(12)}
    for nodes in place_nodes([flows]):
        labels = [n.label for n in nodes]
        assert all(b - a >= LINE - 1e-6 for a, b in zip(labels, labels[1:], strict=False))
        assert labels[0] >= LINE / 2
    assert spread([5, 6, 7], 4, 100) == [5, 9, 13]
    assert spread([95, 96, 97], 4, 100) == [90, 94, 98]


def test_names_are_escaped_and_long_ones_cut():
    root = parse([{("<b>&\"'", "x" * 60): 3}], headings=("from", "to"))
    words = [t.text for t in root.iter(f"{SVG}text")]
    assert words[:2] == ["from", "to"] and words[2].startswith("<b>&")
    assert "x" * 60 not in " ".join(words) and f"{'x' * 60}: 3" in titles(root, "rect")
    assert root.get("role") == "img" and root.get("aria-label") == "flows"


@pytest.mark.parametrize(
    ("flows", "headings", "words"),
    [
        ([{("a", "b"): 0}], (), "nothing flows"),
        ([], (), "nothing flows"),
        ([{("a", "b"): -1}], (), "negative"),
        ([{("a", "b"): 1}], ("one",), "2 columns and 1 headings"),
    ],
)
def test_what_cannot_be_drawn_is_refused(flows, headings, words):
    with pytest.raises(ValueError, match=words):
        draw_sankey(flows, "flows", headings)


FUNNEL = [
    {"name": "given", "products": 90, "pairs": 1000, "keys": 20, "gone": {}},
    {"name": "new-attributes", "products": 80, "pairs": 700, "keys": 9, "gone": {"new": 300}},
    {"name": "seen-once", "products": 79, "pairs": 690, "keys": 9, "gone": {"<b>": 10}},
]


def test_funnel_page_shows_every_step(tmp_path):
    flows = flows_of_funnel(FUNNEL)
    assert [sum(f.values()) for f in flows] == [1000, 700]
    page = write_sankey_page(FUNNEL, tmp_path / "f.html", "Funnel of a shop").read_text()
    assert "<svg" in page and "new attributes" in page and "Funnel of a shop" in page
    assert "<b>" not in page and "kept 690" in page and "<td>1,000</td><td>20</td>" in page
    with pytest.raises(ValueError, match="got 1"):
        write_sankey_page(FUNNEL[:1], tmp_path / "g.html", "x")


def test_columns_after_everything_is_gone_stay_empty(tmp_path):
    steps = [
        {"name": "given", "products": 2, "pairs": 3, "keys": 1, "gone": {}},
        {"name": "one", "products": 0, "pairs": 0, "keys": 0, "gone": {"x": 3}},
        {"name": "two", "products": 0, "pairs": 0, "keys": 0, "gone": {}},
    ]
    page = write_sankey_page(steps, tmp_path / "f.html", "Nothing is left").read_text()
    assert "x 3" in page and ">two</text>" in page
