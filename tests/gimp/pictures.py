"""Make the pictures of gimp/README.md from the screenshots of the last windowed run.

python tests/gimp/pictures.py
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "out" / "gimp" / "3.2"
PICTURES = {"dialog.jpg": "moved", "layer.jpg": "positive", "film-emulate.jpg": "film"}

for name, shot in PICTURES.items():
    newest = max(SHOTS.glob(f"*-{shot}.png"), key=lambda file: file.stat().st_mtime)
    picture = Image.open(newest).convert("RGB")
    picture = picture.resize((1200, 750), Image.Resampling.LANCZOS)
    picture.save(ROOT / "gimp" / name, quality=82, optimize=True)
    print(f"gimp/{name}: {(ROOT / 'gimp' / name).stat().st_size >> 10} kB")
