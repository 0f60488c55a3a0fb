"""In a real GIMP: whatever goes wrong, a clear message, and the image as before."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scans import write_scan

pytestmark = pytest.mark.gimp

# Stands between GIMP and the real engine, and dies as told when it sees a method.
DYING = """#!/usr/bin/python3
import subprocess, sys, threading, time
real = subprocess.Popen(["/usr/local/bin/orangemask", *sys.argv[1:]], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE)
def back():
    for line in real.stdout:
        sys.stdout.buffer.write(line); sys.stdout.flush()
threading.Thread(target=back, daemon=True).start()
for line in sys.stdin.buffer:
    if b'"method": "%s"' in line:
        real.kill(); real.wait(); sys.exit(9)
    real.stdin.write(line); real.stdin.flush()
real.stdin.close(); real.wait()
"""
OTHER = """#!/usr/bin/python3
import sys, json
sys.stdin.readline()
error = {"code": "bad-protocol", "message": "protocol is 1; orangemask 9.0 speaks 2"}
print(json.dumps({"id": 1, "error": error}), flush=True)
sys.stdin.read()
"""
RUN = """
image = load({path!r}); before = layers(image)
{prepare}
done = call({name!r}, image, image.get_layers(), **{given!r})
done["same"] = layers(image) == before
done["left"] = layers(image)
say(done)
"""


def run(gimp, name="invert-c41", prepare="", env=None, **given):
    path = write_scan(gimp.work / "scan.tif", 200, 300)
    script = RUN.format(path=str(path), prepare=prepare, name=name, given=given)
    return gimp.console(script, **(env or {}))


def engines(gimp):
    """Return the processes that serve this GIMP's scratch folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and any(str(gimp.scratch).encode() in word for word in words):
            found.append(words)
    return found


def clean(gimp, done):
    assert done["same"], done["left"]
    assert gimp.left() == []
    assert engines(gimp) == []


def use_engine(gimp, text):
    program = gimp.work / "engine"
    program.write_text(text)
    program.chmod(0o755)
    config = gimp.work / "config/orangemask/config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"engine": [str(program)]}))


def test_an_engine_that_is_missing(gimp):
    config = gimp.work / "config/orangemask/config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"engine": ["/nowhere/orangemask"]}')
    done = run(gimp)
    assert not done["good"]
    assert "/nowhere/orangemask" in done["error"] and "orangemask install gimp" in done["error"]
    clean(gimp, done)


def test_an_engine_of_another_protocol(gimp):
    use_engine(gimp, OTHER)
    done = run(gimp)
    assert "do not go together" in done["error"] and "orangemask 9.0 speaks 2" in done["error"]
    clean(gimp, done)


@pytest.mark.parametrize("method", ["predict", "render"])
def test_an_engine_killed_at_work(gimp, method):
    use_engine(gimp, DYING % method)
    done = run(gimp)
    assert "ended unexpectedly" in done["error"] and "gimp-engine.log" in done["error"]
    clean(gimp, done)


def test_no_room_for_pixels(gimp):
    inside = gimp.host.root / str(gimp.scratch).lstrip("/")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", inside], check=True)
    try:
        done = run(gimp)
        assert "no room" in done["error"] and "TMPDIR" in done["error"]
        clean(gimp, done)
    finally:
        subprocess.run(["umount", inside], check=True)


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        ("image.convert_grayscale(); before = layers(image)", "Image ▸ Mode ▸ RGB"),
        (
            "image.convert_precision(Gimp.Precision.U8_NON_LINEAR); image.convert_indexed("
            "Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, '');"
            " before = layers(image)",
            "Image ▸ Mode ▸ RGB",
        ),
        (
            "g = Gimp.GroupLayer.new(image, 'group'); image.insert_layer(g, None, 0);"
            " image.get_layers = lambda: [g]; before = layers(image)",
            "no plain layer",
        ),
    ],
)
def test_what_is_no_rgb_layer(gimp, prepare, said):
    done = run(gimp, prepare=prepare)
    assert not done["good"]
    assert said in done["error"]
    clean(gimp, done)


def test_no_layer_at_all(gimp):
    done = run(gimp, prepare="image.get_layers = lambda: []; before = layers(image)")
    assert not done["good"]
    assert gimp.left() == [] and engines(gimp) == []


def test_the_source_is_gone(gimp):
    done = run(
        gimp,
        prepare="call('invert-c41', image, image.get_layers());"
        " image.remove_layer(image.get_layers()[1]); before = layers(image)",
    )
    assert "no longer in the image" in done["error"]
    clean(gimp, done)


def test_a_values_file_that_is_none(gimp):
    file = gimp.work / "values.json"
    file.write_text('{"filter": "film-emulate", "values": {}}')
    done = run(gimp, params=str(file))
    assert "holds values of film-emulate" in done["error"]
    clean(gimp, done)
    done = run(gimp, predict=False, context="{")
    assert "no JSON" in done["error"]
    clean(gimp, done)
    done = run(gimp, predict=False, context="{}", red_shadows=3.0, red_highlights=2.0)
    assert not done["good"]
    clean(gimp, done)


def test_two_gimps_at_once(gimp, started):
    other = type(gimp)(gimp.version, "other", like=started)
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(run, (gimp, other))
        assert first["good"] and second["good"]
        assert gimp.left() == other.left() == []
    finally:
        import shutil

        shutil.rmtree(other.work)
