"""A real negative, measured: the IT8 chart on Kodak Ektar 100, 288 patches of known colour."""

import csv
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from orangemask.decode import open_image
from orangemask.filters import find_filter
from orangemask.render import full_transform, predict_values
from orangemask.spaces import space

DATA = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parent.parent.parent / "shared/data"))
FOLDER = DATA / "negatives/it8-ektar100"
FULL_SCALE = 16383  # of the author's readings
# What the first network reaches, with a tenth of room: it leaves a warm cast, see its card.
MEAN_DELTA_E = 16.0  # 14.8 and 12.2
GREY_CHROMA = 23.0  # CIELAB, mean of the light and middle greys: 21.1 and 16.5

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no charts at {FOLDER}")


@pytest.fixture(scope="module", params=["ektar100-0", "ektar100-2"])
def chart(request):
    """CIELAB (D50) of the patches as rendered and as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # colour-science misses its optional parts aloud
        colour = pytest.importorskip("colour", reason="pip install .[dev]")
    with (FOLDER / f"{request.param}-r190808_train.txt").open(newline="") as file:
        rows = list(csv.DictReader(file))
    codes = np.array([[float(row[c]) for c in "rgb"] for row in rows]) / FULL_SCALE
    known = np.array([[float(row[f"ref{c}"]) for c in "XYZ"] for row in rows]) / 100
    image = open_image(FOLDER / f"{request.param}.tif", encoding="linear")
    one, target = find_filter("invert-c41"), space("srgb")
    values, _, _ = predict_values(image, one)
    shown = np.clip(full_transform(image.transfer, one, values, target, linear=True)(codes), 0, 1)
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D50"]
    found, wanted = (colour.XYZ_to_Lab(xyz, white) for xyz in (shown @ target.rgb_to_pcs.T, known))
    return colour, found, wanted


def test_patches_have_about_their_colour(chart):
    colour, found, wanted = chart
    assert np.mean(colour.difference.delta_E_CIE2000(found, wanted)) < MEAN_DELTA_E


def test_greys_are_about_grey_and_in_order(chart):
    _, found, wanted = chart
    grey = np.hypot(wanted[:, 1], wanted[:, 2]) < 4
    middle = grey & (wanted[:, 0] > 35)
    assert middle.sum() > 8
    assert np.hypot(found[middle, 1], found[middle, 2]).mean() < GREY_CHROMA
    assert np.corrcoef(found[grey, 0], wanted[grey, 0])[0, 1] > 0.97


def test_hues_are_recognisable(chart):
    _, found, wanted = chart
    colourful = np.hypot(wanted[:, 1], wanted[:, 2]) > 25
    hues = [np.degrees(np.arctan2(lab[colourful, 2], lab[colourful, 1])) for lab in (found, wanted)]
    error = np.abs((hues[0] - hues[1] + 180) % 360 - 180)
    assert np.median(error) < 25
