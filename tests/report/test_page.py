"""The report as a page: whole, escaped, in every language, from nowhere but its own folder."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.report.made import BOLD, END, TRICK, Reports, usual_queue
from vitrina.report import write_report
from vitrina.report.found import read_work
from vitrina.report.words import LANGUAGES
from vitrina.report.write import write_pages

SECTIONS = (
    "summary",
    "classes",
    "pictures",
    "quarantined",
    "copies",
    "labels",
    "looks",
    "decided",
    "split",
    "made",
)
PAGES = ("index.html", "review.html")


class Read(HTMLParser):
    """Elements with their attributes, the text of each section, the source of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.texts: dict[str | None, list[str]] = {}
        self._open: list[str] = []
        self._section: str | None = None
        self.feed(text)
        assert self._open == [], "elements that nobody closed"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        self.elements.append((tag, told))
        if tag == "section":
            self._section = told.get("id")
        if tag == "script":
            self.scripts.append((told, ""))
        if tag not in {"meta", "link", "img", "input", "br"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "section":
            self._section = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            told, text = self.scripts.pop()
            self.scripts.append((told, text + data))
        elif data.strip():
            self.texts.setdefault(self._section, []).append(" ".join(data.split()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [told for name, told in self.elements if name == tag]

    def text(self, section: str | None) -> str:
        return " ".join(self.texts.get(section, []))


def written(work: Path, **told: int) -> Read:
    """The index of `work`, its pages written without the plots."""
    return Read(write_pages(read_work(work), work / "report", **told).read_text(encoding="utf-8"))


def read(work: Path, name: str = "index.html") -> Read:
    return Read((work / "report" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(whole_work: Path) -> Read:
    return read(whole_work)


def test_every_section_is_there_and_in_the_contents(page: Read) -> None:
    assert [told["id"] for told in page.all("section")] == list(SECTIONS)
    links = [told["href"] for told in page.all("a")]
    assert [f"#{name}" for name in SECTIONS] == [
        link for link in links if link in {f"#{one}" for one in SECTIONS}
    ]
    assert "review.html" in links


def test_ids_are_there_once_and_labels_name_them(page: Read, whole_work: Path) -> None:
    for one in (page, read(whole_work, "review.html")):
        ids = [told["id"] for _, told in one.elements if "id" in told]
        assert len(ids) == len(set(ids))
        for _, told in one.elements:
            for attribute in ("aria-labelledby", "for", "aria-describedby"):
                assert (told.get(attribute) or ids[0]) in ids


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_is_beside_the_page_with_its_size_and_a_text(whole_work: Path, name: str) -> None:
    for told in read(whole_work, name).all("img"):
        if "src" not in told:  # The one of the review page that its script fills.
            assert told["id"] == "picture"
            continue
        with Image.open(whole_work / "report" / str(told["src"])) as image:
            shape = image.width / image.height
        assert int(str(told["width"])) / int(str(told["height"])) == pytest.approx(shape, rel=0.02)
        assert told["alt"]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_comes_from_elsewhere(whole_work: Path, name: str) -> None:
    text = (whole_work / "report" / name).read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\"'\s)]+", text))
    # The name of the SVG language, in the icon: never fetched.
    assert all(address.startswith("http://www.w3.org/2000/svg%22") for address in addresses)
    for told in (told for _, told in read(whole_work, name).elements):
        for attribute in ("src", "href"):
            address = told.get(attribute)
            assert address is None or re.match(
                r"#|data:|pictures/[0-9a-f]{64}\.jpg$|[\w-]+\.(png|html)$", address
            )


@pytest.mark.parametrize("name", PAGES)
def test_only_our_scripts_may_run(whole_work: Path, name: str) -> None:
    page = read(whole_work, name)
    (policy,) = [told["content"] for told in page.all("meta") if told.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for told, source in page.scripts:
        if told.get("type") == "application/json":
            continue
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not [told for _, told in page.elements if any(name.startswith("on") for name in told)]


@pytest.mark.parametrize("name", PAGES)
def test_names_from_outside_are_only_ever_text(whole_work: Path, name: str) -> None:
    page = read(whole_work, name)
    assert END not in (whole_work / "report" / name).read_text(encoding="utf-8")
    assert not page.all("b")
    assert not page.all("of")
    assert "pile <of> pictures" in page.text(None)


def test_hostile_names_are_shown_as_they_are(page: Read) -> None:
    assert f"metal/{TRICK}" in page.text("looks")
    assert END in page.text("labels")
    assert BOLD in page.text("classes")


def test_every_text_is_there_in_every_language(page: Read) -> None:
    spans = [told["class"] for told in page.all("span") if (told.get("class") or "").startswith("in-")]
    counted = [spans.count(f"in-{language}") for language in LANGUAGES]
    assert counted[0] == counted[1] > 100
    assert "Before and after" in page.text("summary")
    assert "Antes y después" in page.text("summary")
    for told in page.all("span"):
        if (told.get("class") or "").startswith("in-"):
            assert told["lang"] == str(told["class"])[3:]


def test_numbers_of_the_reports_are_on_the_page(page: Read) -> None:
    summary = page.text("summary")
    assert "removed by a person's decision retiradas por decisión de una persona − 1 3.4 % 3,4 %" in summary
    assert "what the collection holds now lo que la colección contiene ahora 25 86.2 % 86,2 %" in summary
    assert "1 cluster" in page.text("copies")
    assert "Groups: 1, pictures in them: 4." in page.text("copies")
    assert "A part is missing" in page.text("quarantined")
    assert "metal/broken.png" in page.text("quarantined")
    assert "notes.txt" in page.text("quarantined")
    assert (
        "Before, in a random split by picture, groups on more than one side: 2. Pictures in them: 5."
        in page.text("split")
    )
    assert "After, in this split: none." in page.text("split")
    assert "It has no label." in page.text("split")
    assert "by Ana" in page.text("decided")


def test_what_was_not_looked_for_is_said(page: Read) -> None:
    looks = page.text("looks")
    assert "Not looked for:" in looks
    assert "no features were computed" in looks
    assert "Looked for, none found:" in looks


def test_what_was_looked_for_only_in_part_is_said_beside_what_was_found(reports: Reports) -> None:
    queue = [reports.line("glass/3.png", {"dark": "mean grey 9"})]
    reports.clean(queue, not_looked_for={"dark": "9 pictures are <so>", "bright": "switched off"})
    looks = written(reports.work).text("looks")
    assert "Not looked for everywhere: 9 pictures are <so>" in looks
    assert "Very bright Muy clara ( it was switched off estaba desactivado )" in looks


def test_examples_are_limited_and_say_so(reports: Reports) -> None:
    reports.clean([reports.line(f"glass/{number}.png", {"dark": "grey 9"}) for number in range(3, 8)])
    page = written(reports.work, examples=2, reviewed=5)
    assert "2 of 5 shown" in page.text("looks")
    assert "se muestran 2 de 5" in page.text("looks")
    shown = {str(told["src"]) for told in page.all("img") if str(told["src"]).startswith("pictures/")}
    lying = {f"pictures/{path.name}" for path in (reports.work / "report" / "pictures").iterdir()}
    assert shown < lying


def test_a_collection_that_was_only_collected_says_what_to_run(reports: Reports) -> None:
    index = write_report(reports.work, language="es")
    page = read(reports.work)
    assert index == reports.work / "report" / "index.html"
    assert page.all("html") == [{"lang": "es"}]
    text = index.read_text(encoding="utf-8")
    assert "<code>python -m training clean WORK</code>" in text
    assert "<code>python -m training split WORK</code>" in text
    assert page.text("summary").count("not looked for") == 4
    assert "cleaning has not run" in page.text("looks")
    assert "review.html" not in [told.get("href") for told in page.all("a")]


def test_a_second_report_clears_what_nobody_shows_any_more(reports: Reports) -> None:
    reports.clean(usual_queue(reports))
    written(reports.work)
    pictures = reports.work / "report" / "pictures"
    before = {path.name for path in pictures.iterdir()}
    (pictures / "mine.jpg").write_bytes(b"not ours")
    reports.clean([])
    page = written(reports.work)
    after = {path.name for path in pictures.iterdir()}
    assert after < before | {"mine.jpg"}
    assert "mine.jpg" in after
    assert "Nothing waits for review." in page.text(None)


def test_the_same_folder_gives_the_same_report(whole_work: Path, reports: Reports) -> None:
    reports.clean(usual_queue(reports))
    reports.split()
    again = {path.name: path.read_bytes() for path in write_report(reports.work).parent.glob("*.*")}
    assert again == {path.name: path.read_bytes() for path in (whole_work / "report").glob("*.*")}


def test_figures_that_do_not_add_up_are_called_out(reports: Reports) -> None:
    counts = reports.clean([])["counts"]
    reports.clean([], counts=counts | {"final": 20})
    assert "5 pictures are unaccounted for" in written(reports.work).text("summary")


def test_stale_stages_are_named(reports: Reports) -> None:
    reports.clean([], input={"fingerprint": "0" * 64, "pictures": 3})
    reports.split()
    text = written(reports.work).text(None)
    assert "The results of cleaning belong to an earlier state of this collection" in text
    assert "The split belongs to an earlier state of this collection" in text


def test_a_pile_without_classes_says_so(reports: Reports) -> None:
    bare = {"class_names": [], "classes": {}, "counts": reports.collected["counts"] | {"unlabelled": 28}}
    reports.write("collected/collect_report.json", reports.collected | bare)
    page = written(reports.work)
    assert "The source names no classes." in page.text("classes")
    assert "28 pictures have no label." in page.text("classes")
    assert "class_counts-en-day.png" not in [told.get("src") for told in page.all("img")]
