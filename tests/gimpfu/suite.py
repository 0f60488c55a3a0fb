"""The GIMP 2.10 plug-in through the stub package's plain back end, on Python 2.7 and 3.

    ORANGEMASK_ENGINE=/folder/orangemask python tests/gimpfu/suite.py

Standard library alone: this file is what both Pythons run. The engine is the real one.
"""

from __future__ import absolute_import, division, print_function

import array
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GIMP = os.path.join(os.path.dirname(os.path.dirname(HERE)), "gimp")
PLUGIN = os.path.join(GIMP, "orangemask-2.10", "orangemask-2.10.py")
sys.path[:0] = [GIMP, os.path.dirname(PLUGIN)]

import gimpfu  # noqa: E402
from gimpfu import gimp, pdb  # noqa: E402
from gimpfu.tiff import read_tiff, write_tiff  # noqa: E402

WIDTH, HEIGHT = 60, 40
ENGINE = os.environ.get("ORANGEMASK_ENGINE", "orangemask")
VALUES = (-0.1, 0.1, 1.2, 0.3, -0.1, 1.6, 0.5, 0.2, 2.0)
NAMES = tuple(
    colour + "_" + zone
    for colour in ("red", "green", "blue")
    for zone in ("shadows", "midtones", "highlights")
)
INVERT = dict(predict=False, base=True, encoding=2, film=1, rig=4)
EMULATE = dict(
    predict=True, encoding=0, stock=3, finish=0, colour=1.0, tone=1.0, grain=0.0, halation=0.0,
    film_format=0, seed=0,
)  # fmt: skip


def negative(full, channels=3):
    # A smooth wedge in density on an orange base, as codes of 0 to full.
    codes = []
    for y in range(HEIGHT):
        for x in range(WIDTH):
            scene = 1.2 * x / (WIDTH - 1.0) * (0.7 + 0.3 * y / (HEIGHT - 1.0))
            for base, gamma in ((0.25, 0.63), (0.62, 0.70), (0.85, 0.73)):
                codes.append(10 ** -(base + gamma * scene) * full)
            codes.extend([full * (x + 1) / WIDTH] * (channels - 3))
    return codes


def new_image(precision=gimpfu.PRECISION_U16_GAMMA, alpha=False, profile=None):
    image = gimp.Image(WIDTH + 20, HEIGHT + 10, gimpfu.RGB, precision)
    if profile is not None:
        image.parasite_attach(gimp.Parasite("icc-profile", 3, profile))
    layer = gimp.Layer(image, "scan", WIDTH, HEIGHT, int(alpha))
    whole = precision < gimpfu.PRECISION_HALF_LINEAR
    codes = negative(image.full, 4 if alpha else 3)
    layer.samples = array.array(layer.samples.typecode, [int(c) if whole else c for c in codes])
    image.insert_layer(layer)
    layer.set_offsets(12, -3)
    del image.undo_steps[:]
    return image, layer


def run_filter(name, image, layer, asked, values=VALUES, **changed):
    chosen = dict(asked, **changed)
    chosen.update(zip(NAMES, values))
    procedure = pdb["python-fu-orangemask-" + name]
    order = [param.name.replace("-", "_") for param in REGISTERED["python-fu-orangemask-" + name]]
    return procedure(image, layer, *[chosen[key] for key in order[2:]])


def edit_of(layer):
    return json.loads(layer.parasite_find("orangemask-edit").data.decode("ascii"))


class Suite(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.scratch = os.path.join(self.folder, "tmp")
        os.mkdir(self.scratch)
        self.kept = dict(os.environ)
        os.environ.update(XDG_CONFIG_HOME=self.folder, HOME=self.folder, TMPDIR=self.scratch)
        os.environ["ORANGEMASK_ENGINE"] = ENGINE
        tempfile.tempdir = None
        del gimp.MESSAGES[:], gimp.PROGRESS[:]

    def tearDown(self):
        self.assertEqual(os.listdir(self.scratch), [])
        self.assertEqual(gimp.image_list(), self.images if hasattr(self, "images") else [])
        os.environ.clear()
        os.environ.update(self.kept)
        tempfile.tempdir = None
        shutil.rmtree(self.folder)

    def image(self, *told, **named):
        image, layer = new_image(*told, **named)
        self.images = gimp.image_list()
        self.addCleanup(gimp.delete, image)
        return image, layer

    def command(self, layer, verb, values, *options):
        # What the command makes of a TIFF of the layer's codes with a values file.
        codes = layer.samples
        if codes.typecode != "H":
            full = layer.image.full
            codes = array.array("H", [int(code * 65535 / full + 0.5) for code in codes])
        profile = layer.image.parasite_find("icc-profile")
        paths = [os.path.join(self.folder, name) for name in ("a.tif", "b.tif", "v.json")]
        write_tiff(
            paths[0], layer.width, layer.height, len(codes) // (layer.width * layer.height),
            codes, profile and profile.data,
        )  # fmt: skip
        with open(paths[2], "w") as file:
            json.dump({key: values[key] for key in ("orangemask", "filter", "values", "context")},
                      file)  # fmt: skip
        subprocess.check_call(
            [ENGINE, verb, paths[0], "-o", paths[1], "--params", paths[2], "--depth", "16",
             "--compression", "none", "--force"] + list(options),
            env=dict(os.environ, TMPDIR=self.folder),
        )  # fmt: skip
        return read_tiff(paths[1])

    def assert_same(self, layer, expected, full=65535):
        scaled = [int(code * full / 65535 + 0.5) for code in expected]
        self.assertEqual(len(layer.samples), len(scaled))
        worst = max(abs(one - other) for one, other in zip(layer.samples, scaled))
        self.assertLessEqual(worst, 1)

    def assert_refused(self, image, layer, words, name="invert-c41", asked=INVERT, **changed):
        before = list(image.layers), layer.samples[:], list(image.undo_steps), layer.visible
        with self.assertRaises(RuntimeError) as refused:
            run_filter(name, image, layer, asked, **changed)
        after = list(image.layers), layer.samples[:], list(image.undo_steps), layer.visible
        self.assertEqual(after, before)
        self.assertIn(words, str(refused.exception))
        self.assertTrue(any(words in message for message in gimp.MESSAGES), gimp.MESSAGES)

    def fake_engine(self, *lines):
        path = os.path.join(self.folder, "fake-engine")
        with open(path, "w") as file:
            file.write("\n".join(("#!/bin/sh",) + lines) + "\n")
        os.chmod(path, 0o700)
        os.environ["ORANGEMASK_ENGINE"] = path
        return path

    def test_pixels_are_those_of_the_command(self):
        for precision, alpha in (
            (gimpfu.PRECISION_U16_GAMMA, False),
            (gimpfu.PRECISION_U16_GAMMA, True),
            (gimpfu.PRECISION_U8_GAMMA, False),
            (gimpfu.PRECISION_U8_GAMMA, True),
            (gimpfu.PRECISION_U32_GAMMA, False),
        ):
            image, layer = self.image(precision, alpha)
            run_filter("invert-c41", image, layer, INVERT)
            result, edit = image.layers[0], edit_of(image.layers[0])
            self.assertEqual([edit["values"][name] for name in NAMES], list(VALUES))
            width, height, _, codes, _ = self.command(layer, "invert", edit)
            self.assertEqual((width, height), (result.width, result.height))
            if image.full > 65535:
                self.assertLess(max(abs(a / 65537 - b) for a, b in zip(result.samples, codes)), 1.0)
            else:
                self.assert_same(result, codes, int(image.full))
            self.assertEqual(result.samples[3::4] if alpha else None,
                             layer.samples[3::4] if alpha else None)  # fmt: skip

    def test_floats_are_handed_over_as_16_bits(self):
        image, layer = self.image(gimpfu.PRECISION_FLOAT_GAMMA)
        run_filter("invert-c41", image, layer, INVERT)
        codes = self.command(layer, "invert", edit_of(image.layers[0]))[3]
        worst = max(abs(a * 65535 - b) for a, b in zip(image.layers[0].samples, codes))
        self.assertLess(worst, 1.0)

    def test_a_known_profile_stays_and_its_codes_are_the_command_s(self):
        _image, layer = self.image()
        values = {"orangemask": 1, "filter": "invert-c41", "values": dict(zip(NAMES, VALUES)),
                  "context": {"base": {"density": [0.1, 0.4, 0.6]}}}  # fmt: skip
        for space in ("adobe-rgb", "prophoto", "display-p3", "srgb", "acescg"):
            profile = self.command(layer, "invert", values, "--space", space)[4]
            other, scan = self.image(profile=profile)
            run_filter("invert-c41", other, scan, INVERT, encoding=0)
            codes = self.command(
                scan, "invert", edit_of(other.layers[0]), "--space", space
            )[3]  # fmt: skip
            self.assert_same(other.layers[0], codes)

    def test_a_new_layer_lies_above_the_hidden_source(self):
        image, layer = self.image()
        run_filter("invert-c41", image, layer, INVERT, predict=True)
        self.assertEqual([one.name for one in image.layers], ["Invert C41", "scan"])
        result = image.layers[0]
        self.assertEqual((layer.visible, result.visible), (False, True))
        self.assertEqual(result.offsets, (12, -3))
        self.assertEqual(image.undo_steps, ["group"])
        self.assertIsNone(result.mask)
        edit = edit_of(result)
        self.assertEqual(edit["source"], {"tattoo": layer.tattoo, "layer": "scan"})
        self.assertEqual(edit["values"], edit["predicted"])
        self.assertNotEqual([edit["values"][name] for name in NAMES], list(VALUES))
        self.assertEqual(gimp.PROGRESS[0], "Invert C41...")
        self.assertIn("pulse", gimp.PROGRESS)

    def test_a_result_is_rendered_anew_from_its_source(self):
        image, layer = self.image()
        run_filter("invert-c41", image, layer, INVERT, predict=True)
        first = image.layers[0]
        run_filter("invert-c41", image, first, INVERT)
        self.assertEqual([one.name for one in image.layers], ["Invert C41", "scan"])
        edit = edit_of(image.layers[0])
        self.assertEqual(edit["context"], edit_of(first)["context"])
        self.assertIsNone(edit["predicted"])
        self.assert_same(image.layers[0], self.command(layer, "invert", edit)[3])
        self.assertEqual(image.undo_steps, ["group", "group"])

    def test_film_base_comes_from_the_selection(self):
        image, layer = self.image()
        pdb.gimp_image_select_rectangle(image, gimpfu.CHANNEL_OP_REPLACE, 0, 0, 18, 10)
        run_filter("invert-c41", image, layer, INVERT)
        base = edit_of(image.layers[0])["context"]["base"]
        self.assertEqual(base["origin"], "given")
        codes = [code / 65535.0 for code in layer.samples]
        light = [((code + 0.055) / 1.055) ** 2.4 for code in codes]  # IEC 61966-2-1
        # The layer begins at (12, -3), so the selection covers its columns 0-5, rows 3-12.
        inside = [3 * (y * WIDTH + x) for y in range(3, 13) for x in range(6)]
        for c in range(3):
            densities = [-math.log10(light[place + c]) for place in inside]
            self.assertLess(min(densities), base["density"][c] + 1e-3)
            self.assertGreater(max(densities), base["density"][c] - 1e-3)
        self.assertIsNone(image.layers[0].mask)

    def test_a_selection_that_is_no_film_base_masks_the_result(self):
        image, layer = self.image()
        pdb.gimp_image_select_rectangle(image, gimpfu.CHANNEL_OP_REPLACE, 20, 0, 10, 5)
        run_filter("invert-c41", image, layer, INVERT, base=False)
        mask = image.layers[0].mask
        inside = [n for n, sample in enumerate(mask.samples) if sample]
        self.assertEqual(inside[0], 3 * WIDTH + 8)
        self.assertEqual(len(inside), 50)

    def test_film_emulate_takes_stock_and_settings(self):
        image, layer = self.image()
        run_filter("film-emulate", image, layer, EMULATE, colour=0.5)
        edit = edit_of(image.layers[0])
        self.assertEqual(image.layers[0].name, "Film Emulate")
        self.assertEqual(edit["context"]["settings"]["stock"], "fuji-400")
        self.assertEqual(edit["context"]["settings"]["colour"], 0.5)
        codes = self.command(layer, "emulate", edit, "--light", "display")[3]
        self.assert_same(image.layers[0], codes)

    def test_an_untagged_16_bit_tiff_of_a_scan_is_linear_as_for_the_command(self):
        path = os.path.join(self.folder, "s.tif")
        codes = array.array("H", [int(code) for code in negative(65535)])
        write_tiff(path, WIDTH, HEIGHT, 3, codes)
        image = pdb.file_tiff_load(path, path)
        self.addCleanup(gimp.delete, image)
        self.images = gimp.image_list()
        for name, asked, encoding in (
            ("invert-c41", INVERT, "linear"),
            ("film-emulate", EMULATE, "srgb"),
        ):
            run_filter(name, image, image.layers[-1], asked, encoding=0)
            self.assertEqual(edit_of(image.layers[-2])["context"]["encoding"], encoding)
            image.remove_layer(image.layers[-2])

    def test_a_parasite_of_another_version_is_a_picture_like_another(self):
        image, layer = self.image()
        for data in ('{"filter": "invert-c41"}', "no JSON", '["list"]'):
            layer.parasite_attach(gimp.Parasite("orangemask-edit", 1, data))
            run_filter("invert-c41", image, layer, INVERT)
        self.assertEqual(len(image.layers), 4)

    def test_a_missing_engine_is_told_with_what_to_do(self):
        image, layer = self.image()
        os.environ["ORANGEMASK_ENGINE"] = ""
        os.environ["PATH"] = self.folder
        if not os.path.exists("/usr/local/bin/orangemask"):
            self.assert_refused(image, layer, "install Orangemask")
        os.environ["ORANGEMASK_ENGINE"] = os.path.join(self.folder, "gone")
        self.assert_refused(image, layer, "cannot start " + os.environ["ORANGEMASK_ENGINE"])

    def test_the_engine_is_found_by_the_configuration(self):
        image, layer = self.image()
        self.fake_engine("echo 'orangemask: from the configuration' >&2", "exit 1")
        os.mkdir(os.path.join(self.folder, "orangemask"))
        for content, words in (
            (json.dumps({"engine": [os.environ.pop("ORANGEMASK_ENGINE")]}), "from the config"),
            ('{"engine": "text"', "mend or remove it"),
            ('{"engine": []}', "has to be a list of texts"),
            ('{"engine": [1]}', "has to be a list of texts"),
            ("[]", "has to be a list of texts"),
        ):
            with open(os.path.join(self.folder, "orangemask", "config.json"), "w") as file:
                file.write(content)
            self.assert_refused(image, layer, words)

    def test_what_the_engine_says_of_its_failure_reaches_the_user(self):
        image, layer = self.image()
        self.assert_refused(image, layer, "red_shadows", values=(99.0,) + VALUES[1:])
        self.fake_engine("exit 3")
        self.assert_refused(image, layer, "failed (status 3): it says nothing")

    def test_the_engine_gets_a_clean_environment(self):
        image, layer = self.image()
        os.environ.update(PYTHONHOME="/x", LD_LIBRARY_PATH="/x", GI_TYPELIB_PATH="/x", KEEP="1")
        self.fake_engine('echo "orangemask: $PYTHONHOME$LD_LIBRARY_PATH$GI_TYPELIB_PATH$KEEP" >&2',
                         "exit 1")  # fmt: skip
        self.assert_refused(image, layer, "(status 1): orangemask: 1")

    def test_what_cannot_be_rendered_is_refused(self):
        image, layer = self.image()
        image.base_type = gimpfu.GRAY
        self.assert_refused(image, layer, "choose Image > Mode > RGB")
        image.base_type = gimpfu.RGB
        channel = gimp.Channel(image, "mask", WIDTH, HEIGHT)
        self.assert_refused(image, channel, "choose a layer")
        group = gimp.GroupLayer(image, "group", WIDTH, HEIGHT)
        self.assert_refused(image, group, "choose a layer")
        image.selection = (70, 40, 75, 45)
        layer.offsets = (0, 0)
        self.assert_refused(image, layer, "beside the layer")

    def test_a_linear_image_whose_profile_gimp_did_not_write_is_refused(self):
        image, layer = self.image(gimpfu.PRECISION_U16_LINEAR)
        self.assert_refused(image, layer, "GIMP wrote no colour profile")

    @unittest.skipIf(os.name == "nt", "signals")
    def test_a_plug_in_that_is_stopped_leaves_nothing_behind(self):
        self.fake_engine("echo $$ > %s/pid" % self.folder, "exec sleep 60")
        stopped = subprocess.Popen([sys.executable, "-B", __file__, "run-once"])
        self.wait_for(os.path.join(self.folder, "pid"))
        time.sleep(0.3)
        stopped.send_signal(signal.SIGTERM)
        self.assertEqual(stopped.wait(), 1)
        with open(os.path.join(self.folder, "pid")) as file:
            number = int(file.read())
        self.assertRaises(OSError, os.kill, number, 0)

    @unittest.skipIf(os.name == "nt", "signals")
    def test_what_a_killed_plug_in_left_is_removed_by_the_next(self):
        self.fake_engine("touch %s/begun" % self.folder, "sleep 1")
        killed = subprocess.Popen([sys.executable, "-B", __file__, "run-once"])
        self.wait_for(os.path.join(self.folder, "begun"))
        killed.kill()
        killed.wait()
        self.assertEqual(len(os.listdir(self.scratch)), 1)
        image, layer = self.image()
        os.environ["ORANGEMASK_ENGINE"] = ENGINE
        run_filter("invert-c41", image, layer, INVERT)  # tearDown sees that nothing is left

    def wait_for(self, path):
        until = time.time() + 30
        while not os.path.exists(path):
            self.assertLess(time.time(), until)
            time.sleep(0.05)


with open(PLUGIN, "rb") as script:  # runpy of Python 2.7 empties the globals when it is done
    exec(compile(script.read(), PLUGIN, "exec", dont_inherit=True), {"__name__": "__main__"})
from gimpfu.registry import PROCEDURES  # noqa: E402

REGISTERED = {name: procedure.params for name, procedure in PROCEDURES.items()}

if __name__ == "__main__":
    if sys.argv[1:] == ["run-once"]:
        run_filter("invert-c41", *(new_image() + (INVERT,)))
    else:
        unittest.main()
