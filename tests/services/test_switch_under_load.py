"""While the champion changes back and forth every request is answered, by one model or the other."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.server.conftest import photo
from tests.services.conftest import services_in
from tests.services.made_versions import AT, publish
from vitrina.prediction import Prediction
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.release import Content
from vitrina.repositories.versions import move_champion
from vitrina.services import Services


def test_no_request_fails_and_each_answer_is_one_models(
    pets: Services, repository: FolderRepository, contents: tuple[Content, Content], tmp_path: Path
) -> None:
    picture, expected = photo(1), {}
    for content in contents:
        publish(repository, content)
        done = pets.following.follow("pets", repository.folder.as_uri())
        expected[done.revision] = pets.classifiers.get("pets").predict([picture])[0]
    assert len(expected) == 2
    # Another process over the same store follows what this one switches.
    other = services_in(tmp_path / "data")
    other.classifiers.get("pets")
    stop, answers, problems = threading.Event(), list[Prediction](), list[Exception]()

    def ask(services: Services) -> None:
        while not stop.is_set():
            try:
                assert services.classifiers.state("pets").kind == "ready"
                answers.extend(services.classifiers.get("pets").predict([picture]))
            # Whatever it is: that there is none is what is shown here.
            except Exception as problem:
                problems.append(problem)

    threads = [threading.Thread(target=ask, args=(one,)) for one in (pets, pets, pets, other)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(8):
            before = len(answers)
            move_champion(repository, f"v{1 + turn % 2}", reason="back and forth", by="ben", at=AT)
            assert pets.following.check("pets").changed
            while len(answers) < before + 8 and not problems:
                stop.wait(0.01)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        other.close()
    assert problems == []
    assert {answer.revision for answer in answers} == set(expected)
    assert all(answer == expected[answer.revision] for answer in answers)
