"""Metadata carried from a scan to its positive, read back by exiv2 and by ExifTool."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import OpenEXR
import pyexiv2
import pytest
import tifffile
from PIL import Image

from orangemask.encode import SaveOptions, pixel_dtype, profile, tiff, write_image
from orangemask.errors import ParameterError
from orangemask.metadata import Metadata, packets, read_metadata
from orangemask.spaces import SPACES

SRGB, WIDE = SPACES["srgb"], SPACES["prophoto"]
VALUES = json.dumps({"orangemask": 1, "values": {"red_shadows": 0.31}})
SUFFIXES = pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
EXIFTOOL = shutil.which("exiftool")
CORPUS = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parents[2] / "shared" / "data"))

EXIF = {
    "Exif.Image.Make": "NIKON CORPORATION",
    "Exif.Image.Model": "NIKON Z 7",
    "Exif.Image.Orientation": "6",
    "Exif.Image.Artist": "A. Photographer",
    "Exif.Image.Copyright": "2026 A. Photographer",
    "Exif.Image.XResolution": "4000/1",
    "Exif.Image.YResolution": "4000/1",
    "Exif.Image.ResolutionUnit": "2",
    "Exif.Photo.ExposureTime": "1/125",
    "Exif.Photo.FNumber": "8/1",
    "Exif.Photo.DateTimeOriginal": "2026:01:02 03:04:05",
    "Exif.Photo.LensModel": "MC 105mm f/2.8",
    "Exif.Photo.PixelXDimension": "9999",
    "Exif.Photo.ColorSpace": "1",
    "Exif.GPSInfo.GPSLatitudeRef": "N",
    "Exif.GPSInfo.GPSLatitude": "48/1 12/1 30/1",
}
XMP = {
    "Xmp.dc.title": {'lang="x-default"': "Négatif 12"},
    "Xmp.dc.subject": ["film", "Portra"],
    "Xmp.xmp.Rating": "4",
    "Xmp.crs.Exposure2012": "+1.00",
    "Xmp.tiff.Orientation": "6",
    "Xmp.tiff.Make": "NIKON CORPORATION",
    "Xmp.xmpMM.DocumentID": "xmp.did:1",
}
IPTC = {"Iptc.Application2.City": "Wien", "Iptc.Application2.Keywords": ["film", "scan"]}
KEPT = {
    k: v for k, v in EXIF.items() if not k.endswith(("Orientation", "XDimension", "ColorSpace"))
}
RAW_TAGS = [  # of DNG: version, camera, colour matrix, neutral
    (50706, "B", 4, (1, 4, 0, 0), True),
    (50708, "s", 0, "Nikon Z 7", True),
    (50721, "2i", 9, (1, 1) * 9, True),
    (50728, "2I", 3, (1, 2) * 3, True),
]


def written(path: Path) -> Path:
    with pyexiv2.Image(str(path)) as image:
        image.modify_exif(EXIF)
        image.modify_xmp(XMP)
        image.modify_iptc(IPTC)
    return path


@pytest.fixture(params=["jpg", "tif", "dng"])
def source(request, tmp_path):
    """A scan: JPEG, TIFF, and a DNG with a preview first and the raw picture in a SubIFD."""
    path = tmp_path / f"scan.{request.param}"
    grey = np.full((32, 48, 3), 90, np.uint8)
    if request.param == "jpg":
        Image.fromarray(grey).save(path)
    elif request.param == "tif":
        deep = grey.astype(np.uint16) * 257
        tifffile.imwrite(path, deep, photometric="rgb", resolution=(4000, 4000), resolutionunit=2)
    else:
        with tifffile.TiffWriter(path) as file:
            file.write(grey, photometric="rgb", subifds=1, subfiletype=1, extratags=RAW_TAGS)
            file.write(np.zeros((64, 96), np.uint16), photometric="minisblack", subfiletype=0)
    return written(path)


def saved(path, metadata, space=SRGB, **more):
    pixels = np.full((20, 30, 3), 100, pixel_dtype(path, SaveOptions()))
    told = write_image(
        path, pixels, space=space, metadata=metadata, software="Orangemask 1", **more
    )
    assert told == ()
    return path


def exiv2(path):
    with pyexiv2.Image(str(path)) as image:
        return image.read_exif(), image.read_xmp(), image.read_iptc()


@SUFFIXES
def test_what_is_still_true_arrives(tmp_path, source, suffix):
    exif, xmp, iptc = exiv2(saved(tmp_path / f"out{suffix}", read_metadata(source)))
    assert {key: exif.get(key) for key in KEPT} == KEPT
    assert xmp["Xmp.dc.title"] == {'lang="x-default"': "Négatif 12"}
    assert xmp["Xmp.dc.subject"] == ["film", "Portra"]
    assert xmp["Xmp.xmp.Rating"] == "4"
    assert xmp["Xmp.xmp.CreatorTool"] == exif["Exif.Image.Software"] == "Orangemask 1"
    if suffix != ".png":
        assert iptc["Iptc.Application2.City"] == "Wien"
        assert iptc["Iptc.Application2.Keywords"] == ["film", "scan"]


@SUFFIXES
def test_what_is_no_longer_true_does_not(tmp_path, source, suffix):
    exif, xmp, _ = exiv2(saved(tmp_path / f"out{suffix}", read_metadata(source)))
    assert exif["Exif.Image.Orientation"] == "1"
    assert (exif["Exif.Photo.PixelXDimension"], exif["Exif.Photo.PixelYDimension"]) == ("30", "20")
    gone = ("SubImage", "Thumbnail", "ColorMatrix", "AsShotNeutral", "DNGVersion", "SubIFDs")
    assert not [key for key in exif if any(word in key for word in gone)]
    assert not [key for key in xmp if key.startswith(("Xmp.crs", "Xmp.xmpMM", "Xmp.tiff.Orient"))]


@pytest.mark.parametrize(("space", "expected"), [(SRGB, "1"), (WIDE, "65535")])
def test_colour_space_is_that_of_the_output(tmp_path, source, space, expected):
    exif, _, _ = exiv2(saved(tmp_path / "out.jpg", read_metadata(source), space))
    assert exif["Exif.Photo.ColorSpace"] == expected


@SUFFIXES
@pytest.mark.parametrize("values", [VALUES, '{"file": "négatif 雪.nef"}'])
def test_the_values_are_in_the_picture(tmp_path, suffix, values):
    path = saved(tmp_path / f"out{suffix}", None, values_json=values)
    exif, xmp, _ = exiv2(path)
    assert exif["Exif.Photo.UserComment"].split(" ", 1)[1] == values
    assert xmp["Xmp.orangemask.Values"] == values


def test_a_comment_of_the_source_does_not_hide_the_values(tmp_path, source):
    with pyexiv2.Image(str(source)) as image:
        image.modify_exif({"Exif.Photo.UserComment": "charset=Ascii older"})
    exif, _, _ = exiv2(saved(tmp_path / "o.jpg", read_metadata(source), values_json=VALUES))
    assert exif["Exif.Photo.UserComment"] == f"charset=Ascii {VALUES}"


@SUFFIXES
def test_metadata_leaves_the_pixels_alone(tmp_path, source, suffix):
    plain = saved(tmp_path / f"plain{suffix}", None)
    told = saved(tmp_path / f"told{suffix}", read_metadata(source), values_json=VALUES)
    if suffix == ".tif":
        np.testing.assert_array_equal(tifffile.imread(plain), tifffile.imread(told))
    else:
        with Image.open(plain) as first, Image.open(told) as second:
            assert first.tobytes() == second.tobytes()


def test_no_metadata_asked_for_is_none_written(tmp_path):
    assert exiv2(saved(tmp_path / "out.jpg", None)) == ({}, {}, {})


def test_openexr_keeps_it_in_attributes(tmp_path, source):
    path = saved(tmp_path / "out.exr", read_metadata(source), values_json=VALUES)
    with OpenEXR.File(str(path)) as file:
        header = dict(file.header())
    assert header["orangemask"] == VALUES
    assert header["cameraModel"] == "NIKON Z 7"
    assert header["owner"] == "2026 A. Photographer"
    assert header["capDate"] == "2026:01:02 03:04:05"
    assert header["expTime"] == pytest.approx(1 / 125)


@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_a_big_tiff_keeps_exif_too(tmp_path, source, compression):
    path = tmp_path / "big.tif"
    path.touch()
    block = packets(read_metadata(source), values_json=VALUES, width=5, height=4)
    dtype = np.dtype(np.uint16)
    layout = tiff.Layout((4, 5, 3), dtype, compression, profile(SRGB), block, big=True)
    if compression == "none":
        tiff.mapped(path, layout)[...] = 7
    else:
        tiff.write(path, np.full((4, 5, 3), 7, dtype), layout)
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        assert tags["Make"].value == "NIKON CORPORATION"
        assert tags["ExifTag"].value["LensModel"] == "MC 105mm f/2.8"
        assert tags["ExifTag"].value["FNumber"] == (8, 1)
        assert tags["GPSTag"].value["GPSLatitude"] == (48, 1, 12, 1, 30, 1)
    assert (tifffile.imread(path) == 7).all()


@pytest.mark.parametrize(
    "content", [b"", b"not a picture", b"II*\0\xff\xff\xff\xff", b"\xff\xd8\xff"]
)
def test_a_file_that_cannot_be_read_is_a_warning(tmp_path, content):
    path = tmp_path / "bad.tif"
    path.write_bytes(content)
    metadata = read_metadata(path)
    assert not metadata.exif
    assert packets(metadata, width=1, height=1).exif.startswith(b"II*\0")
    assert metadata.warnings == () or "bad.tif" in metadata.warnings[0]


def test_a_missing_file_is_a_warning(tmp_path):
    assert read_metadata(tmp_path / "none.tif").warnings[0].startswith("no metadata read from none")


def test_xmp_too_long_for_a_segment_loses_its_longest_entry():
    long = Metadata(xmp={"Xmp.dc.source": "x" * 70000, "Xmp.xmp.Rating": "3"})
    block = packets(long, values_json=VALUES, width=1, height=1)
    assert b"Rating" in block.xmp and b"orangemask:Values" in block.xmp
    assert len(block.warnings) == 1 and block.warnings[0].startswith("Xmp.dc.source left out")


@pytest.mark.parametrize("letter", ["x", '"', "雪"])
def test_the_longest_values_fit_and_longer_are_refused(letter):
    block = packets(None, values_json=letter * 8000, width=1, height=1)
    code = "ascii" if letter.isascii() else "utf-16-le"
    assert (letter * 8000).encode(code) in block.exif
    assert block.warnings == ()
    with pytest.raises(ParameterError, match="8001 characters"):
        packets(None, values_json=letter * 8001, width=1, height=1)


def test_threads_may_read_at_once(source):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(dict(read_metadata(source).xmp)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(xmp == found[0] for xmp in found)


@pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed")
@SUFFIXES
def test_exiftool_reads_the_same(tmp_path, source, suffix):
    path = saved(tmp_path / f"out{suffix}", read_metadata(source), WIDE, values_json=VALUES)
    run = subprocess.run([EXIFTOOL, "-j", "-G0", path], capture_output=True, check=True)
    told = json.loads(run.stdout)[0]
    assert told["EXIF:Model"] == "NIKON Z 7"
    assert told["EXIF:ExposureTime"] == "1/125"
    assert told["EXIF:Orientation"] == "Horizontal (normal)"
    assert told["EXIF:ColorSpace"] == "Uncalibrated"
    assert told["EXIF:UserComment"] == VALUES
    assert told["XMP:Values"] == VALUES
    assert told["XMP:Title"] == "Négatif 12"
    assert told["ICC_Profile:ProfileDescription"] == "ProPhoto RGB"
    assert "ExifTool:Error" not in told and "ExifTool:Warning" not in told


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here")
def test_real_and_hostile_files_do_no_harm():
    files = sorted(p for d in ("raw", "negatives") for p in (CORPUS / d).rglob("*") if p.is_file())
    assert files
    for path in files:
        block = packets(read_metadata(path), values_json=VALUES, width=3, height=2)
        assert block.exif.startswith(b"II*\0") and b"red_shadows" in block.xmp
