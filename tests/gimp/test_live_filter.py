"""The native operation in a real GIMP: built there, applied as a live filter, saved, read again."""

import json
from pathlib import Path

import numpy as np
import pytest
from test_pixels import by_command_line, read, write

from hosts import ROOT
from orangemask.curves import SRGB
from orangemask.spaces import conversion, space
from orangemask.values import parse_values
from orangemask_filters.invert_c41 import FILTER

pytestmark = pytest.mark.gimp

BUILDERS = ("gcc", "libc6-dev", "libgegl-dev", "pkg-config")


@pytest.fixture
def native(gimp):
    """A GIMP that has the operation, built by the oldest GEGL there is for all."""
    from hosts.gimp import RealGimp

    oldest = gimp if gimp.version == "3.0" else RealGimp("3.0", gimp.work.name)
    if not (oldest.host.root / "usr/bin/gcc").exists():
        env = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        oldest.host.run("apt-get", "install", "-qy", *BUILDERS, env=env, timeout=600)
    gimp.env["XDG_DATA_HOME"] = str(gimp.work / "share")
    folder = gimp.work / "share/gegl-0.4/plug-ins"
    done = oldest.host.run("sh", f"/host{ROOT}/gimp/gegl/build.sh", folder)
    assert "warning" not in done.stderr
    return gimp


SCRIPT = """
image = load({path!r}); layer = image.get_layers()[0]
done = call("invert-c41", image, [layer], live=True, params={params!r})
done["layers"] = len(image.get_layers())
found = layer.get_filters()
done["filters"] = [f.get_operation_name() for f in found]
again = call("invert-c41", image, [layer])
done["again"] = again["error"]
save(image, {xcf!r}); other = load({xcf!r}); kept = other.get_layers()[0]
config = kept.get_filters()[0].get_config()
done["kept"] = {{p.name: config.get_property(p.name) for p in config.list_properties()}}
kept.merge_filters()
done["shape"] = codes(kept, {codes!r}, "R'G'B' u16")
say(done)
"""


def exact(params, codes, encoding, target):
    """Return (h, w, 3) 16-bit codes of the filter's declared operations in double precision."""
    kept = parse_values(Path(params).read_text(), "values")
    light = codes.astype(np.float64) / 65535
    if encoding is not None:
        light = np.asarray(encoding(light))
    for operation in FILTER.transform(kept.values, kept.context).operations:
        light = operation(light)
    light = light @ conversion(space(FILTER.primaries), target).T
    return np.clip(np.asarray(target.encode(light)), 0, 1) * 65535


# Of 16-bit codes. The engine's own compiled tables are up to 2 from double precision; babl's way
# from sRGB to other spaces up to 7, the more the steeper the values are.
EXACT, ENGINE, OTHER_SPACE = 1.0, 3, 8


@pytest.mark.parametrize("kind", ["srgb", "untagged", "adobe"])
def test_a_live_filter_equals_the_engine_and_stays_editable(native, kind):
    path, out = native.work / f"{kind}.tif", native.work / "codes"
    source = write(path, kind)
    options = ("--space", "adobe-rgb") if kind == "adobe" else ()
    params, reference = by_command_line(native, path, *options)
    done = native.console(
        SCRIPT.format(path=str(path), params=params, xcf=str(native.work / "l.xcf"), codes=str(out))
    )
    assert done["good"], done["error"]
    assert done["layers"] == 1 and done["filters"] == ["orangemask:invert-c41"]
    assert "live filter of Orangemask already" in done["again"]
    values = json.loads(Path(params).read_text())["values"]
    kept = {name.replace("-", "_"): value for name, value in done["kept"].items()}
    assert {name: kept[name] for name in values} == pytest.approx(values)
    ours = read(out, done["shape"], np.uint16).astype(int)
    assert np.abs(ours - reference).max() <= (OTHER_SPACE if kind == "adobe" else ENGINE)
    if kind != "adobe":
        wanted = exact(params, source, None if kind == "untagged" else SRGB, space("srgb"))
        assert np.abs(ours - wanted).max() <= EXACT
