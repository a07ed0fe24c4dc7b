"""python -m training publish, roll_back, versions: what a person types, what a stranger loads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub.utils import http_backoff

from tests.hub.conftest import hub
from tests.hub.standin import HubStandIn
from tests.learning.made import make_work
from tests.learning.tiny import recipe
from tests.parquet.conftest import pieces
from tests.parquet.made import make_work as make_market
from training.__main__ import main
from vitrina.models.golden import verify_model
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.manifest import read_manifest
from vitrina.repositories.repository import Change
from vitrina.repositories.versions import champion, history, versions

__all__ = ["hub"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the runs `good` and `poor`, measured, with cards; `poor` has hardly learned."""
    work = make_work(tmp_path_factory.mktemp("publish") / "work", train=12, test=8)
    for name, epochs, rate in (("good", 12, 0.01), ("poor", 1, 1e-6)):
        told = recipe(work, name=name, num_train_epochs=epochs, learning_rate=rate).told
        path = work.parent / f"{name}.yaml"
        path.write_text(yaml.safe_dump(told), encoding="utf-8")
        assert main(["train", str(path), "--data", str(work)]) == 0
        assert main(["evaluate", str(work / "runs" / name), "--pages", "False", "--explain", "False"]) == 0
        assert (
            main(
                ["card", str(work / "runs" / name), "--license", "apache-2.0", "--title", f"Squares, {name}"]
            )
            == 0
        )
    return work


@pytest.fixture
def online(hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubStandIn:
    """The Hub that the commands of this process talk to, with the right to write."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
    template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(http_backoff.__kwdefaults__, "base_wait_time", 0.01)
    return hub


def accuracy(work: Path, name: str) -> float:
    path = work / "runs" / name / "evaluation" / "eval_results.json"
    return float(json.loads(path.read_text(encoding="utf-8"))["test"]["accuracy"]["value"])


def publish(work: Path, name: str, to: object, *more: str) -> int:
    return main(["publish", str(work / "runs" / name), "--to", str(to), *more])


def test_a_dry_run_lists_everything_and_sends_nothing(
    work: Path, online: HubStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(work, "good", "org/squares") == 0
    said = capsys.readouterr().out
    for name in ("README.md", "config.json", "eval_results.json", "golden.png", "model.safetensors"):
        assert f"  {name}\n" in said
    assert "to the model repository org/squares" in said
    assert "Nothing was sent: this was a dry run. The same command with --send does it." in said
    assert "There is no such repository: a public repository would be made, with this as v1." in said
    assert online.writes == online.preparations == 0
    assert ("model", "org/squares") not in online.state.repositories
    # Again where there is a version to compare with.
    assert publish(work, "poor", "org/squares", "--send") == 0
    before = online.writes, online.preparations
    assert publish(work, "good", "org/squares") == 0
    said = capsys.readouterr().out
    assert "On the same 24 test pictures:       this one        v1  worse by at most" in said
    assert "It would be v2 and, once verified, the one in force." in said
    assert publish(work, "poor", "org/squares") == 0
    said = capsys.readouterr().out
    assert "It is there already, as v1: --send would put that in force, if it is not." in said
    assert (online.writes, online.preparations) == before


def test_a_dry_run_into_a_folder_makes_no_folder(work: Path, tmp_path: Path) -> None:
    assert publish(work, "good", tmp_path / "hub") == 0
    assert not (tmp_path / "hub").exists()


def test_the_road_in_a_folder(work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "models" / "squares"
    assert publish(work, "poor", place, "--send") == 0
    assert "v1 of the model repository" in capsys.readouterr().out
    assert publish(work, "good", place, "--send", "--reason", "learned for longer") == 0
    said = capsys.readouterr().out
    assert "sent, read back and verified" in said
    assert f'Load it: pipeline("image-classification", model="{place}/champion")' in said
    repository = FolderRepository(place)
    now = champion(repository)
    assert now is not None
    assert (now.version, now.entry.reason) == ("v2", "learned for longer")
    card = (place / "champion" / "README.md").read_text(encoding="utf-8")
    assert "It was compared with v1, the version in force, on the same 24 test pictures." in card
    assert 'model="squares/champion"' in card
    assert main(["roll_back", str(place), "--reason", "blue ones look grey"]) == 0
    assert "champion of" in (said := capsys.readouterr().out)
    assert "points to v1 since" in said
    assert verify_model(place / "champion", said="it").manifest == read_manifest(place / "v1")
    assert main(["versions", str(place)]) == 0
    said = capsys.readouterr().out
    assert f"accuracy {accuracy(work, 'good'):.3f}" in said
    assert "roll back v1 by" in said
    assert "blue ones look grey" in said
    assert "<- champion since" in next(line for line in said.splitlines() if line.startswith("v1"))
    assert [(one.action, one.version) for one in history(repository)][-1] == ("roll back", "v1")


def test_a_worse_one_is_refused_unless_somebody_says_why(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "squares"
    assert accuracy(work, "good") > accuracy(work, "poor") + 0.02
    assert publish(work, "good", place, "--send") == 0
    capsys.readouterr()
    assert publish(work, "poor", place, "--send") == 2
    said = capsys.readouterr()
    assert "   worse" in said.out
    assert (
        "Expected a model that is not worse than v1, which is in force, on the same 24 test pictures"
        in said.err
    )
    assert f"accuracy {accuracy(work, 'poor'):.3f} instead of {accuracy(work, 'good'):.3f}" in said.err
    assert "say with --force REASON why" in said.err
    repository = FolderRepository(place)
    assert [one.name for one in versions(repository)] == ["v1"]
    assert repository.references().branches["versions"] == versions(repository)[0].revision
    why = "the *good* one | leaks <b>names</b>"
    assert publish(work, "poor", place, "--send", "--force", why) == 0
    card = (place / "champion" / "README.md").read_text(encoding="utf-8")
    assert (
        "Published all the same, for this reason: the \\*good\\* one \\| leaks &lt;b&gt;names&lt;/b&gt;"
        in card
    )
    assert "**no**" in card
    manifest = read_manifest(place / "champion")
    assert manifest is not None
    assert manifest.forced == why
    assert manifest.gate is not None
    assert manifest.gate["before"] == "v1"
    capsys.readouterr()
    assert main(["versions", str(place)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1].startswith("v2 ")
    assert told[2] == f"{'':20}published in spite of the gate: {why}"
    # The same once more is the same version, not one that is compared with itself.
    assert publish(work, "poor", place, "--send") == 0
    assert [one.name for one in versions(repository)] == ["v1", "v2"]
    # Without a reason it does not come back into force by being published again either.
    assert main(["roll_back", str(place), "--reason", "no"]) == 0
    assert publish(work, "poor", place, "--send") == 2


def test_a_champion_of_another_test_side_is_measured_on_this_one(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_work(tmp_path / "other", train=12, test=6, first=500)
    told = recipe(other, name="later", num_train_epochs=12, learning_rate=0.01).told
    (tmp_path / "later.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    assert main(["train", str(tmp_path / "later.yaml"), "--data", str(other)]) == 0
    assert main(["evaluate", str(other / "runs" / "later"), "--pages", "False", "--explain", "False"]) == 0
    assert main(["card", str(other / "runs" / "later"), "--license", "apache-2.0"]) == 0
    assert publish(work, "poor", tmp_path / "hub", "--send") == 0
    capsys.readouterr()
    assert publish(other, "later", tmp_path / "hub", "--send") == 0
    said = capsys.readouterr().out
    assert "v1 was measured on another test side; it is measured now on the 18 pictures of this one." in said
    assert "On the same 18 test pictures:" in said


STRANGER = """
import json, sys
from datasets import load_dataset
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification, pipeline

answers = {}
for revision in ("main", "champion", "v1", sys.argv[1]):
    classify = pipeline("image-classification", model="org/squares", revision=revision, top_k=3)
    answers[revision] = {one["label"]: one["score"] for one in classify(Image.open(sys.argv[2]))}
model = AutoModelForImageClassification.from_pretrained("org/squares", revision="champion")
AutoImageProcessor.from_pretrained("org/squares", revision="champion")
data = load_dataset("org/market")
print(json.dumps({
    "answers": answers, "id2label": model.config.id2label,
    "rows": {side: data[side].num_rows for side in data},
    "classes": data["test"].features["label"].names,
}))
"""


@pytest.mark.slow
def test_a_stranger_loads_what_the_cards_say(work: Path, online: HubStandIn, tmp_path: Path) -> None:
    """pipeline, AutoModel and load_dataset in a process that has never heard of Vitrina."""
    market = make_market(tmp_path / "market", pieces())
    for _ in range(2):
        assert main(["publish", str(market), "--to", "org/market", "--send"]) == 0
    assert list(online.repository("dataset", "org/market").tags) == ["v1"]
    assert publish(work, "good", "org/squares", "--send", "--dataset_id", "org/market") == 0
    there = online.repository("model", "org/squares")
    (tmp_path / "golden.png").write_bytes(there.bytes("champion", "golden.png"))
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, there.branches["champion"], str(tmp_path / "golden.png")],
        env=online.environment(tmp_path / "strangers-cache"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    manifest = json.loads(there.bytes("champion", "vitrina_manifest.json"))
    for found in told["answers"].values():
        assert found == pytest.approx(manifest["golden"], abs=1e-4)
    assert list(told["id2label"].values()) == manifest["labels"] == ["blue", "green", "red"]
    split = json.loads((market / "split" / "split_report.json").read_text(encoding="utf-8"))
    assert told["rows"] == {side: one["pictures"] for side, one in split["counts"].items()}
    assert told["classes"] == ["dumplings", "menu"]
    # Cards are what was written here, and name each other.
    card = there.bytes("main", "README.md").decode()
    assert 'pipeline("image-classification", model="org/squares")' in card
    assert yaml.safe_load(card.split("---")[1])["datasets"] == ["org/market"]
    assert f"{accuracy(work, 'good'):.3f}" in card
    data_card = online.repository("dataset", "org/market").bytes("main", "README.md").decode()
    assert 'load_dataset("org/market")' in data_card
    # Read back as it was written: nobody's server put a word of its own in.
    assert online.repository("dataset", "org/market").bytes("v1", "README.md").decode() == data_card


def test_going_back_goes_back_and_never_forward(
    work: Path, online: HubStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, more in (("poor", ()), ("good", ())):
        assert publish(work, name, "org/squares", "--send", *more) == 0
    back = ["roll_back", "org/squares", "--reason", "blue ones look grey"]
    fault = online.fault("/commit/main", method="POST", status=403, times=1)
    assert main(back) == 2
    assert fault.struck
    # The same command once more finishes what was begun.
    assert main(back) == 0
    there = online.repository("model", "org/squares")
    log = [json.loads(line) for line in there.bytes("main", "champion_history.jsonl").decode().splitlines()]
    assert [(one["action"], one["version"]) for one in log][2:] == [("roll back", "v1")]
    assert there.tree("main") == there.tree("champion")
    capsys.readouterr()
    assert main(["roll_back", "org/squares", "--to", "v1", "--reason", "else"]) == 0
    said = capsys.readouterr().out
    assert "It was in force already: nothing has changed, and the reason is not kept." in said
    assert "Apps that follow it" not in said
    # Put right is not nothing.
    fault = online.fault("/commit/main", method="POST", status=403, times=1)
    assert main(["roll_back", "org/squares", "--to", "v2", "--reason", "on"]) == 2
    assert fault.struck
    assert main(["roll_back", "org/squares", "--to", "v2", "--reason", "on"]) == 0
    assert "Apps that follow it switch at their next check." in capsys.readouterr().out
    assert main(["roll_back", "org/squares", "--to", "v1", "--reason", "blue ones look grey"]) == 0
    capsys.readouterr()
    # Nor does it go back twice where the answer to the first was lost.
    assert main(back) == 0
    assert "It was there already, for this reason. To go further back, name the version" in capsys.readouterr().out
    assert len(there.bytes("main", "champion_history.jsonl").splitlines()) == 5
    assert main(["roll_back", "org/squares", "--reason", "another"]) == 2
    assert "Expected a version that was in force before v1; found none" in capsys.readouterr().err


def test_the_kind_is_told_where_no_model_is_seen(
    online: HubStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    HubRepository("org/market", "dataset").create(private=False)
    assert main(["versions", "org/market"]) == 0
    assert capsys.readouterr().out == "org/market has no version yet.\n"
    assert main(["roll_back", "org/market", "--reason", "x"]) == 2
    said = capsys.readouterr().err
    assert "Expected a model repository org/market on the Hub; found none that may be seen, and a dataset" in said
    assert "Say --kind dataset, or set HF_TOKEN where the model is private." in said
    assert main(["roll_back", "org/market", "--reason", "x", "--kind", "dataset"]) == 2
    assert "Expected a version in force in org/market; found none" in capsys.readouterr().err


def test_the_reason_to_publish_a_worse_one_is_in_its_card_though_it_was_sent_before(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "squares"
    for name in ("poor", "good"):
        assert publish(work, name, place, "--send") == 0
    assert publish(work, "poor", place, "--send", "--force", "the old camera", "--reason", "for a week") == 0
    manifest = read_manifest(place / "champion")
    assert manifest is not None
    assert (manifest.forced, (manifest.gate or {})["before"]) == ("the old camera", "v2")
    card = (place / "champion" / "README.md").read_text(encoding="utf-8")
    assert "Published all the same, for this reason: the old camera" in card
    last = history(FolderRepository(place))[-1]
    assert (last.version, last.reason) == ("v3", "the old camera; for a week")
    # Once more is the same version.
    assert publish(work, "poor", place, "--send", "--force", "the old camera") == 0
    assert [one.name for one in versions(FolderRepository(place))] == ["v1", "v2", "v3"]


def test_a_tag_of_somebody_elses_is_listed_as_that(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(work, "good", tmp_path / "hub", "--send") == 0
    repository = FolderRepository(tmp_path / "hub")
    commit = repository.commit("theirs", Change({"notes.txt": b"a"}), message="by hand", parent=None)
    repository.create_tag("v7", at=commit, message="by hand")
    capsys.readouterr()
    assert main(["versions", str(tmp_path / "hub")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("v1 ")
    assert told[1] == f"v7    {commit[:12]}  not published by Vitrina"


def test_messages_say_what_to_do(work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = tmp_path / "work" / "runs" / "bare"
    shutil.copytree(work / "runs" / "good", bare)
    shutil.copytree(work / "split", tmp_path / "work" / "split")
    (bare / "card" / "told.json").unlink()
    assert main(["publish", str(bare), "--to", str(tmp_path / "hub")]) == 2
    assert "Run python -m training card RUN --license LICENCE first." in capsys.readouterr().err
    shutil.copy(work / "runs" / "good" / "card" / "told.json", bare / "card" / "told.json")
    (bare / "evaluation" / "eval_results.json").unlink()
    assert main(["publish", str(bare), "--to", str(tmp_path / "hub")]) == 2
    assert "Run python -m training evaluate first." in capsys.readouterr().err
    for place, said in (
        (tmp_path / "nothing", "found no such folder. Correct the path."),
        (tmp_path, "found neither train_report.json nor split/split_report.json. Correct the path."),
        (bare / "model", f"found a folder inside a run. Name the run: {bare}."),
    ):
        assert main(["publish", str(place), "--to", str(tmp_path / "hub")]) == 2
        told = capsys.readouterr().err
        assert f"the folder of a run, or a working folder with a split, at {place}" in told
        assert said in told
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "begun.json").write_text("{}")
    assert main(["publish", str(tmp_path / "half"), "--to", str(tmp_path / "hub")]) == 2
    assert "found a run that is not finished. Wait for it" in capsys.readouterr().err
    assert main(["roll_back", str(tmp_path / "hub"), "--reason", "x"]) == 2
    assert "Publish to it first, or correct the name." in capsys.readouterr().err
    assert publish(work, "good", tmp_path / "hub", "--send") == 0
    assert main(["roll_back", str(tmp_path / "hub"), "--reason", " "]) == 2
    assert "Say in a few words why" in capsys.readouterr().err
    assert main(["roll_back", str(tmp_path / "hub"), "--reason", "x"]) == 2
    assert "a version that was in force before v1; found none" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        publish(work, "good", tmp_path / "hub", "--force", " ")
    assert "--force needs a reason" in capsys.readouterr().err


def test_without_the_hub_a_dry_run_still_lists(
    work: Path, online: HubStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert publish(work, "good", "org/squares") == 0
    said = capsys.readouterr().out
    assert (
        "not compared with the version in force: Expected the model repository org/squares on the Hub" in said
    )
    assert "Nothing was sent" in said
    assert publish(work, "good", "org/squares", "--send") == 2
    assert "HF_HUB_OFFLINE=1, which forbids asking" in capsys.readouterr().err
