"""What the fuzzers feed to the four parsers that read others' bytes, and what must hold then.

`test_fuzz.py` runs a bounded number of cases; `fuzz.py` runs for as long as one likes.
"""

from __future__ import annotations

import io
import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from dng import mosaic_of, write_dng
from orangemask.decode import open_image
from orangemask.engine.session import Session
from orangemask.errors import InputError, ParameterError
from orangemask.filters import find_filter
from orangemask.values import parse_values
from orangemask_filters.film_emulate.stock_file import read_paper, read_stock
from scans import negative

ODD_NUMBERS = (
    0, -1, 1, 2, 3, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32, 2**53, 2**63, 2**64, 10**19,
    -(2**63), 1e-320, 1e308, -1e308, 1e999, 0.5, -0.0, float("nan"),
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "\0", "/", "//", ".", "/dev/null", "/dev/full", "/dev/zero", "\ud800", "é" * 3,
    "a" * 5000, "invert-c41", "film-emulate", "auto", "gamma:0", "gamma:1e9", "srgb", "../x",
    "%s%n",
)  # fmt: skip
ODD_THINGS = (None, True, False, [], {}, [[]], [[[]] * 9] * 9, {"": {}}, [0.0] * 3, [1] * 40)
PATIENCE = 30.0  # s, for an answer
CHUNKS = (
    b"\0",
    b"\xff" * 4,
    b"\0" * 8,
    b"\x7f\xff\xff\xff",
    b"\n",
    b"\r\n",
    b'"',
    b"{",
    b"[" * 2000,
)


@dataclass(frozen=True)
class Parser:
    """A parser under test.

    `seeds` makes good inputs in a folder; `mutate` makes another of one or two; `check` raises
    what it finds wrong.
    """

    seeds: Callable[[Path], list[bytes]]
    mutate: Callable[[random.Random, bytes, bytes], bytes]
    check: Callable[[bytes, Path], None]


def spoilt(chance: random.Random, good: bytes, other: bytes) -> bytes:
    """Return `good` with some of its bytes changed, lost, repeated or taken from `other`."""
    found = bytearray(good)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        at = chance.randrange(len(found) + 1)
        if chance.random() < 0.5:
            at = min(at, chance.randrange(200))  # headers decide most
        size = chance.choice((1, 1, 2, 4, 8, 64, 1000))
        how = chance.randrange(7)
        if how == 0 and at < len(found):
            found[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            found[at : at + size] = chance.randbytes(size)
        elif how == 2:
            del found[at : at + size]
        elif how == 3:
            found[at:at] = found[at : at + size]
        elif how == 4:
            found[at:at] = chance.choice(CHUNKS)
        elif how == 5 and at + 4 <= len(found):
            number = int(chance.choice(ODD_NUMBERS[:14])) & 0xFFFFFFFF
            found[at : at + 4] = number.to_bytes(4, chance.choice(("big", "little")))
        elif how == 6 and other:
            start = chance.randrange(len(other))
            found[at : at + size] = other[start : start + size]
    return bytes(found if chance.random() < 0.9 else found[: chance.randrange(len(found) + 1)])


def spoilt_json(chance: random.Random, good: bytes, other: bytes) -> bytes:
    """Return JSON with members changed, lost, renamed or swapped; now and then broken bytes."""
    if chance.random() < 0.25:
        return spoilt(chance, good, other)
    lines = good.split(b"\n")
    which = chance.randrange(len(lines))
    try:
        content = json.loads(lines[which])
    except (ValueError, RecursionError):
        return spoilt(chance, good, other)
    for _ in range(chance.choice((1, 1, 2, 5))):
        holder, key = chance.choice([*_members(content)] or [(None, None)])
        if holder is None:
            content = _odd(chance)
            continue
        how = chance.randrange(6)
        if how == 0:
            del holder[key]
        elif how == 1 and isinstance(holder, dict):
            holder[chance.choice(ODD_TEXTS)] = holder.pop(key)
        elif how == 2 and isinstance(holder, list):
            holder.extend(holder[:] * chance.choice((1, 3)))
        elif how == 3 and isinstance(holder[key], int | float):
            holder[key] = holder[key] * chance.choice((-1, 0.5, 10, 1e6)) + chance.choice((0, 1))
        else:
            holder[key] = _odd(chance)
        if not isinstance(content, dict | list) or not [*_members(content)]:
            break
    lines[which] = json.dumps(content, ensure_ascii=chance.random() < 0.9).encode(
        "utf-8", "surrogatepass"
    )
    return b"\n".join(lines)


class Client:
    """Both pipes of an engine; the end of its input comes when every line has its last answer."""

    def __init__(self, given: bytes) -> None:
        # A line that does not end would be read at the end, which waits for its answer.
        whole = given if given.endswith(b"\n") or not given else given + b"\n"
        self._given, self._expected = io.BytesIO(whole), whole.count(b"\n")
        self._answered = threading.Event()
        self.answers: list[dict[str, Any]] = []

    def read(self, size: int = -1, /) -> bytes:
        """Return what is sent; at the end wait, because the end would stop a render."""
        part = self._given.read(size)
        if not part and len(self.answers) < self._expected:
            assert self._answered.wait(PATIENCE), "no answer"
        return part

    def write(self, line: Any, /) -> int:
        """Take an answer."""
        answer = json.loads(bytes(line).decode("ascii"))
        if "progress" not in answer:
            self.answers.append(answer)
        if len(self.answers) >= self._expected:
            self._answered.set()
        return len(line)

    def checked(self) -> list[dict[str, Any]]:
        """Return the last answers, one for each line."""
        assert len(self.answers) == self._expected, self.answers
        return self.answers


def check_request(given: bytes, folder: Path) -> None:
    """Each line gets one last answer, none of them a defect of ours."""
    client = Client(given)
    Session(client, client).run()
    for answer in client.checked():
        assert set(answer) in ({"id", "result"}, {"id", "error"}), answer
        if "error" in answer:
            assert answer["error"]["code"] != "internal", answer
            assert "\n" not in answer["error"]["message"]


def check_values(given: bytes, folder: Path) -> None:
    """A values file is refused, or read, and then written and read again the same."""
    try:
        read = parse_values(given.decode("utf-8", "replace"))
    except ParameterError as error:
        assert "\n" not in str(error), error
        return
    assert parse_values(read.to_json()) == read


def check_stock(given: bytes, folder: Path) -> None:
    """A stock file is refused, or gives greys that are numbers."""
    path = folder / "stock.json"
    path.write_bytes(given)
    try:
        stock = read_stock(path, _papers())
    except ParameterError as error:
        assert "\n" not in str(error), error
        return
    if stock.film is not None:
        assert np.isfinite(stock.film.curves.amounts).all()


def check_picture(given: bytes, folder: Path) -> None:
    """A picture file is refused, or read whole."""
    for photograph in (False, True):
        path = folder / f"picture{_ending(given)}"
        path.write_bytes(given)
        try:
            image = open_image(path, photograph=photograph)
        except InputError as error:
            assert "\n" not in str(error) and str(path) in str(error), error
            continue
        assert image.pixels.shape == (image.height, image.width, 3)
        assert image.pixels.dtype in (np.uint16, np.float32)
        image.pixels[::97].max()  # touches the map


def _request_seeds(folder: Path) -> list[bytes]:
    source, output = folder / "in.raw", folder / "out.raw"
    source.write_bytes(negative(8, 12).tobytes())
    output.touch()
    image = {"path": str(source), "width": 12, "height": 8, "dtype": "uint16", "encoding": "linear"}
    out = {"path": str(output), "dtype": "uint16", "channels": 3, "space": "srgb"}
    found = []
    for name in ("invert-c41", "film-emulate"):
        one = find_filter(name)
        base = {"density": [0.3, 0.6, 0.9], "confidence": 1.0, "origin": "given"}
        context = {"base": base, "rig": {"name": "none"}, "encoding": "linear"}
        asked = {"filter": name, "image": image}
        if one.of_film:
            asked |= {"base_rect": [0, 0, 4, 4], "film": "auto", "rig": "auto"}
        else:
            context = {"settings": {"stock": "kodak-gold-200"}, "light": {"scene": False}}
        told = {"filter": name, "values": one.defaults(), "context": context, "image": image,
                "output": out, "interval": 0.1}  # fmt: skip
        found += [_request("predict", asked), _request("render", told)]
        found += [_request("describe", {"filter": name})]
    found += [_request("hello", {"protocol": 1}), _request("cancel", {"id": 1})]
    found.append(b"\n".join(found[:3]) + b"\n")
    return found


def _values_seeds(folder: Path) -> list[bytes]:
    base = {"density": [0.3, 0.6, 0.9], "confidence": 0.5, "origin": "border"}
    context = {"base": base, "rig": {"name": "white"}, "encoding": "auto", "film": "c41",
               "roll": {"file": "r", "sha256": "0" * 64, "freedom": 0.5}}  # fmt: skip
    other = {"encoding": "auto", "settings": {"stock": "kodak-gold-200", "seed": 3},
             "light": {"scene": True, "rgb_to_xyz": np.eye(3).tolist()}}  # fmt: skip
    found = []
    for name, where in (("invert-c41", context), ("film-emulate", other)):
        content = {
            "orangemask": 1, "filter": name, "model": {"name": name, "sha256": "0" * 64},
            "values": find_filter(name).defaults(), "context": where,
            "source": {"file": "scan.tif", "sha256": "0" * 64},
        }  # fmt: skip
        found.append(json.dumps(content).encode())
    return found


def _stock_seeds(folder: Path) -> list[bytes]:
    with as_file(files("orangemask_models")) as root:
        found = [path.read_bytes() for path in sorted((root / "stocks").glob("*.json"))[::5]]
    flat = [json.dumps(json.loads(one)).encode() for one in found]
    cube = json.loads(found[0]) | {"cube": {"size": 2, "nodes": [[0.5] * 3] * 8}}
    return [*flat, json.dumps(cube).encode()]


def _picture_seeds(folder: Path) -> list[bytes]:
    import OpenEXR
    import tifffile
    from PIL import Image as Pillow

    rgb = negative(24, 36)
    small = (rgb >> 8).astype(np.uint8)
    for number, options in enumerate(
        ({}, {"compression": "lzw", "predictor": True}, {"compression": "zlib"},
         {"compression": "zstd"}, {"bigtiff": True}, {"byteorder": ">"},
         {"tile": (16, 16)}, {"planarconfig": "separate", "data": np.moveaxis(rgb, 2, 0)},
         {"data": rgb.astype(np.float32), "predictor": True, "compression": "zlib"},
         {"data": small, "compression": "jpeg"})
    ):  # fmt: skip
        told = {"photometric": "rgb", "data": rgb, **options}
        tifffile.imwrite(folder / f"{number}.tif", **told)
    write_dng(folder / "bayer.dng", mosaic_of(rgb))
    write_dng(folder / "linear.dng", rgb)
    Pillow.fromarray(small).save(folder / "8.png")
    Pillow.fromarray(small).convert("P").save(folder / "p.png")
    Pillow.fromarray(rgb[..., 0]).save(folder / "16.png")
    Pillow.fromarray(small).save(folder / "a.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
    Pillow.fromarray(small).convert("CMYK").save(folder / "c.jpg", progressive=True)
    for compression in (OpenEXR.ZIP_COMPRESSION, OpenEXR.PIZ_COMPRESSION):
        header = {"compression": compression, "type": OpenEXR.scanlineimage}
        with OpenEXR.File(header, {"RGB": rgb.astype(np.float32)}) as file:
            file.write(str(folder / f"{compression}.exr".replace(".", "", 1)))
    found = sorted(path for path in folder.iterdir() if path.is_file())
    return [path.read_bytes() for path in found]


PARSERS: Mapping[str, Parser] = {
    "requests": Parser(_request_seeds, spoilt_json, check_request),
    "values": Parser(_values_seeds, spoilt_json, check_values),
    "stocks": Parser(_stock_seeds, spoilt_json, check_stock),
    "pictures": Parser(_picture_seeds, spoilt, check_picture),
}


def _request(method: str, params: Mapping[str, Any]) -> bytes:
    return json.dumps({"id": 1, "method": method, "params": params}).encode()


def _members(content: Any) -> Iterator[tuple[Any, Any]]:
    """Give each holder and key within JSON."""
    if isinstance(content, dict | list):
        keys = list(content) if isinstance(content, dict) else range(len(content))
        for key in keys:
            yield content, key
            yield from _members(content[key])


def _odd(chance: random.Random) -> Any:
    return json.loads(
        json.dumps(chance.choice(chance.choice((ODD_NUMBERS, ODD_TEXTS, ODD_THINGS))))
    )


def _ending(given: bytes) -> str:
    """Return the ending that tells a camera's RAW from a TIFF, for half of them."""
    return ".dng" if given[:2] in (b"II", b"MM") and len(given) % 2 else ".tif"


_read_papers: dict[str, Any] = {}


def _papers() -> dict[str, Any]:
    if not _read_papers:
        with as_file(files("orangemask_models")) as root:
            for path in (root / "papers").glob("*.json"):
                _read_papers[path.stem] = read_paper(path)
    return _read_papers
