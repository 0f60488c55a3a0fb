# -*- coding: utf-8 -*-
"""Filters, parameters and colour spaces. Generated: python tests/gimp_parameters.py."""

# fmt: off
MYPY = False
if MYPY:
    from typing import Any, Dict, Tuple

FILTERS = (
    {"name": "invert-c41", "label": "Invert C41",
        "doc": "scan of a colour negative to a positive",
        "verb": "invert", "scan": True,
        "params": (
            ("red_shadows", "D", -0.11, -1.0, 2.0, 0.01),
            ("red_midtones", "", 0.0, -1.5, 1.5, 0.01),
            ("red_highlights", "D", 1.23, 0.0, 4.0, 0.01),
            ("green_shadows", "D", 0.23, -1.0, 2.0, 0.01),
            ("green_midtones", "", 0.0, -1.5, 1.5, 0.01),
            ("green_highlights", "D", 1.73, 0.0, 4.0, 0.01),
            ("blue_shadows", "D", 0.43, -1.0, 2.0, 0.01),
            ("blue_midtones", "", 0.0, -1.5, 1.5, 0.01),
            ("blue_highlights", "D", 2.17, 0.0, 4.0, 0.01),
        ),
        "settings": (
        ),
        "found": (
            ("film", ("auto", "c41", "maskless", "bw")),
            ("rig", ("auto", "white", "narrow", "scanner", "none")),
        )},
    {"name": "film-emulate", "label": "Film Emulate",
        "doc": "digital photograph with the look of a film",
        "verb": "emulate", "scan": False,
        "params": (
            ("red_shadows", "EV", -5.0, -9.0, -1.0, 0.05),
            ("red_midtones", "", 0.0, -1.5, 1.5, 0.01),
            ("red_highlights", "EV", 3.0, -1.0, 7.0, 0.05),
            ("green_shadows", "EV", -5.0, -9.0, -1.0, 0.05),
            ("green_midtones", "", 0.0, -1.5, 1.5, 0.01),
            ("green_highlights", "EV", 3.0, -1.0, 7.0, 0.05),
            ("blue_shadows", "EV", -5.0, -9.0, -1.0, 0.05),
            ("blue_midtones", "", 0.0, -1.5, 1.5, 0.01),
            ("blue_highlights", "EV", 3.0, -1.0, 7.0, 0.05),
        ),
        "settings": (
            ("stock", 22, (
                ("agfa-vista-100", "Agfa Vista 100"),
                ("eastman-5247", "Eastman Color Negative II 5247"), ("fuji-200", "Fujifilm 200"),
                ("fuji-400", "Fujifilm 400"), ("fuji-eterna-500", "Fujifilm Eterna 500"),
                ("fuji-natura-1600", "Fujicolor Natura 1600"),
                ("fuji-pro-160c", "Fujicolor Pro 160C"), ("fuji-pro-160s", "Fujicolor Pro 160S"),
                ("fuji-pro-400h", "Fujicolor Pro 400H"),
                ("fuji-provia-100f", "Fujichrome Provia 100F"),
                ("fuji-reala-100", "Fujicolor Superia Reala 100"),
                ("fuji-superia-premium-400", "Fujicolor Superia Premium 400"),
                ("fuji-velvia-100", "Fujichrome Velvia 100"),
                ("fuji-velvia-50", "Fujichrome Velvia 50"), ("fujicolor-100", "Fujicolor 100"),
                ("fujicolor-c200", "Fujicolor C200"), ("kodachrome-64", "Kodachrome 64"),
                ("kodak-ektachrome-e100", "Kodak Ektachrome E100"),
                ("kodak-ektar-100", "Kodak Ektar 100"), ("kodak-exr-100t", "Kodak EXR 100T 5248"),
                ("kodak-gold-200", "Kodak Gold 200"), ("kodak-portra-160", "Kodak Portra 160"),
                ("kodak-portra-400", "Kodak Portra 400"), ("kodak-portra-800", "Kodak Portra 800"),
                ("kodak-proimage-100", "Kodak ProImage 100"),
                ("kodak-ultramax-400", "Kodak UltraMax 400"),
                ("kodak-vericolor-iii", "Kodak Vericolor III"),
                ("kodak-vision-320t", "Kodak Vision 320T 5277"),
                ("kodak-vision3-200t", "Kodak Vision3 200T 5213"),
                ("kodak-vision3-250d", "Kodak Vision3 250D 5207"),
                ("kodak-vision3-500t", "Kodak Vision3 500T 5219"),
                ("kodak-vision3-50d", "Kodak Vision3 50D 5203"),
            )),
            ("finish", 0, (
                ("auto", "As usual"), ("print", "Print"), ("projection", "Projection"),
                ("scan", "Scan"), ("fitted", "Fitted"),
            )),
            ("colour", 1.0, 0.0, 1.5, 0.01),
            ("tone", 1.0, 0.0, 1.5, 0.01),
            ("grain", 0.0, 0.0, 2.0, 0.01),
            ("halation", 0.0, 0.0, 2.0, 0.01),
            ("film_format", 0, (
                ("135", "35 mm"), ("half-frame", "Half frame"), ("6x4.5", "120, 6 × 4.5"),
                ("6x6", "120, 6 × 6"), ("6x7", "120, 6 × 7"), ("4x5", "Sheet, 4 × 5 in"),
            )),
            ("seed", 0, 0, 1000, 1),
        ),
        "found": (
        )},
)  # type: Tuple[Dict[str, Any], ...]
# The command's colour spaces: X, Y, Z (D50) of red, green and blue, light of the CODES.
CODES = (0.25, 0.5)
SPACES = (
    ("srgb", 0.436, 0.222, 0.014, 0.385, 0.717, 0.097, 0.143, 0.061, 0.714, 0.051, 0.214),
    ("display-p3", 0.515, 0.241, -0.001, 0.292, 0.692, 0.042, 0.157, 0.067, 0.784, 0.051, 0.214),
    ("adobe-rgb", 0.61, 0.311, 0.019, 0.205, 0.626, 0.061, 0.149, 0.063, 0.745, 0.047, 0.218),
    ("rec2020", 0.673, 0.279, -0.002, 0.166, 0.675, 0.03, 0.125, 0.046, 0.797, 0.078, 0.26),
    ("prophoto", 0.798, 0.288, -0.0, 0.135, 0.712, 0.0, 0.031, 0.0, 0.825, 0.082, 0.287),
    ("linear-rec2020", 0.673, 0.279, -0.002, 0.166, 0.675, 0.03, 0.125, 0.046, 0.797, 0.25, 0.5),
    ("acescg", 0.69, 0.285, -0.006, 0.15, 0.672, 0.01, 0.125, 0.044, 0.821, 0.25, 0.5),
)  # type: Tuple[Any, ...]
