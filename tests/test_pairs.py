"""Pairs from a folder of photographs: what is on disk is what was simulated."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
pytestmark = pytest.mark.skipif(
    not (DATA / "film/films").is_dir(), reason="no film data: set ORANGEMASK_DATA"
)
pytest.importorskip("colour", reason="colour-science is not installed")
sys.path.insert(0, str(ROOT / "models"))

from training import pairs  # noqa: E402

SIZE = 64
NAMES = ["a-negative.tif", "a-positive.png", "b-negative.tif", "b-positive.png", "pairs.json"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for name, shape in (("a.jpg", (80, 120)), ("b.png", (120, 90))):
        noise = rng.integers(0, 256, (*shape, 3)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), 4.0)
        code = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
        cv2.imwrite(str(folder / name), code)
    return folder


def make(photos: Path, out: Path, *words: str) -> int:
    given = [str(photos), "-o", str(out), "--data", str(DATA), "--size", str(SIZE), *words]
    return pairs.main(given)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def order_of(out: Path, seed: int, stock: str) -> pairs.Order:
    return pairs.Order(out, DATA, (stock,), ("c41",), SIZE, seed, True, False)


def test_files_hold_what_the_simulator_gives(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert make(photos, out, "--seed", "4", "--stock", "Portra400") == 0
    assert names(out) == NAMES
    told = json.loads((out / "pairs.json").read_text())
    assert [one["stock"] for one in told["pairs"]] == ["Portra400"] * 2
    for task, one in zip(pairs.list_tasks(photos, None), told["pairs"], strict=True):
        frame = pairs.draw_pair(order_of(out, 4, "Portra400"), task)
        negative = tifffile.imread(out / one["negative"])
        assert negative.dtype == np.uint16 and max(negative.shape) == SIZE
        np.testing.assert_array_equal(negative, np.rint(frame.negative * 65535.0))
        positive = cv2.imread(str(out / one["positive"]), cv2.IMREAD_COLOR_RGB) / 255.0
        # IEC 61966-2-1, back to linear; half a code is at most 0.0045 there.
        linear = np.where(
            positive <= 0.04045, positive / 12.92, ((positive + 0.055) / 1.055) ** 2.4
        )
        np.testing.assert_allclose(linear, frame.truth, atol=0.0046)
        assert one["base"] == pytest.approx(frame.meta["base"])


def test_jobs_and_order_do_not_change_a_pair(photos: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    words = ("--stock", "Gold200", "--count", "3", "--kind", "c41", "bw", "--plain")
    assert make(photos, one, *words) == make(photos, two, *words, "--jobs", "2") == 0
    assert names(one) == names(two)
    assert "a-2-negative.tif" in names(one)
    for name in names(one):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_bad_photographs_are_named_and_left_out(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    cv2.imwrite(str(photos / "tiny.png"), np.zeros((9, 9, 3), np.uint8))
    out = tmp_path / "out"
    assert make(photos, out, "--stock", "Gold200") == 1
    assert names(out) == NAMES
    error = capsys.readouterr().err
    assert "broken.jpg" in error and "tiny.png" in error
    assert len(json.loads((out / "pairs.json").read_text())["left_out"]) == 2


def test_nothing_is_replaced_without_force(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a-positive.png").write_bytes(b"mine")
    assert make(photos, out, "--stock", "Gold200") == 1
    assert (out / "a-positive.png").read_bytes() == b"mine"
    assert not (out / "a-negative.tif").exists()
    with pytest.raises(SystemExit):  # pairs.json is there now
        make(photos, out, "--stock", "Gold200")
    assert "--force" in capsys.readouterr().err
    assert make(photos, out, "--stock", "Gold200", "--force") == 0
    assert names(out) == NAMES


def test_a_folder_without_pictures_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        make(tmp_path, tmp_path / "out")
    assert "no pictures" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
