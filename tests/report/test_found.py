"""What is read of a working folder, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.made import Reports
from vitrina.errors import BadRequest, NotFound, VitrinaError
from vitrina.report import write_report
from vitrina.report.found import Found, read_work


def test_stages_that_have_not_run_are_none(collected_work: Path) -> None:
    found = read_work(collected_work)
    assert (found.cleaned, found.split, list(found.queue), found.stale) == (None, None, [], ())
    assert found.name == "pile <of> pictures"
    assert len(found.survey) == 28


def test_nothing_collected_is_said_in_three_parts(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as raised:
        write_report(tmp_path)
    assert str(raised.value) == (
        "Expected a working folder that holds collected/collect_report.json; "
        f"found none in {tmp_path}. Collect first: python -m training collect PILE --output_dir WORK."
    )
    assert not (tmp_path / "report").exists()


def test_another_language_is_refused(collected_work: Path) -> None:
    with pytest.raises(BadRequest) as raised:
        write_report(collected_work, language="fr")
    assert str(raised.value) == "Expected one of the languages en, es; found 'fr'. Choose one of them."


@pytest.mark.parametrize(
    ("name", "text"), [("cleaned/clean_report.json", "{"), ("split/split_report.json", "[]")]
)
def test_a_damaged_report_is_named(reports: Reports, name: str, text: str) -> None:
    reports.write(name, text)
    with pytest.raises(VitrinaError) as raised:
        read_work(reports.work)
    assert raised.value.expected == f"{Path(name).name} as its stage wrote it"
    assert raised.value.next_step == f"Delete {name}, then run its stage again."


def test_a_damaged_queue_is_named(reports: Reports) -> None:
    reports.clean([])
    reports.write("cleaned/review_queue.jsonl", '{"rank": 1}\n{"rank"\n')
    with pytest.raises(VitrinaError, match=r"Expected review_queue\.jsonl as its stage wrote it"):
        read_work(reports.work)


def test_results_of_an_earlier_collection_count_as_not_there(reports: Reports) -> None:
    reports.clean([], input={"fingerprint": "0" * 64, "pictures": 3})
    reports.split()
    found = read_work(reports.work)
    assert (found.cleaned, found.split, found.stale) == (None, None, ("clean", "split"))


def test_a_split_of_an_earlier_cleaning_counts_as_not_there(reports: Reports) -> None:
    reports.clean([])
    reports.split(input={"fingerprint": "0" * 64, "pictures": 3})
    found = read_work(reports.work)
    assert found.cleaned is not None
    assert found.stale == ("split",)


def test_a_split_of_other_labels_counts_as_not_there(reports: Reports) -> None:
    reports.clean([], digest="1" * 64)
    told = {"fingerprint": "f" * 64, "pictures": 24}
    for clean_digest, stale in (("1" * 64, ()), ("2" * 64, ("split",))):
        reports.split(input=told | {"clean_digest": clean_digest})
        assert read_work(reports.work).stale == stale
    reports.split(input=told)  # Older than the digest.
    assert read_work(reports.work).stale == ()
    reports.clean([])
    reports.split(input=told | {"clean_digest": "2" * 64})
    assert read_work(reports.work).stale == ()


def test_a_cleaning_of_other_labels_counts_as_not_there_nor_does_its_split(reports: Reports) -> None:
    same = {"fingerprint": reports.collected["fingerprint"], "pictures": 28}
    reports.write("collected/collect_report.json", reports.collected | {"digest": "1" * 64})
    for digest, stale in (("1" * 64, ()), ("2" * 64, ("clean", "split")), (None, ())):
        # Nothing was taken out: by its pictures alone the split could be one of what is collected now.
        reports.clean([], input=same | {"digest": digest}, fingerprint=same["fingerprint"])
        reports.split(input=same)
        assert read_work(reports.work).stale == stale


def test_labels_are_what_a_person_said_last(found: Found) -> None:
    row = found.file_names.index("metal/6.png")
    assert (found.collected_labels[row], found.labels[row]) == ("metal", "glass")
    assert found.labels[found.file_names.index("metal/7.png")] == "metal"


def test_copies_share_their_picture_id(found: Found) -> None:
    rows = found.rows_of[str(found.survey["picture_id"].iat[found.file_names.index("glass/0.png")])]
    assert [found.file_names[row] for row in rows] == ["glass/0.png", "glass/copy.png"]


def test_a_picture_that_is_not_there_is_named(found: Found) -> None:
    with pytest.raises(VitrinaError) as raised:
        found.row_of("0" * 64, "gone.png")
    assert raised.value.found == "'gone.png', which is not among them"
    assert raised.value.next_step == "Run python -m training clean WORK again."
