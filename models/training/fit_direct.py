"""A network that is a film by itself: sRGB codes to sRGB codes, pixel by pixel, in one ONNX file.

    python -m training.fit_direct -o FILE.onnx [--stock kodak-gold-200]

In the spirit of DigitalFilm, but fitted to the spectral chain of the stock and to nothing else. It
is kept as an example of ``--model FILE.onnx``; models/emulation.md compares it with the filter.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from orangemask.curves import SRGB
from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate.bake import film_cube, look
from orangemask_filters.film_emulate.exposure import DARKEST, RANGE, Scene, ToEV
from orangemask_filters.film_emulate.stock import find_stock
from training.form import delta_e_2000, difference

OPSET = 17
HIDDEN = 32
BATCH, STEPS, RATE = 2048, 6000, 3e-3
NEAR_GREY = 0.12  # σ of codes about a grey, of half of the colours: pictures are mostly pale
SRGB_TO_2020 = conversion(space("srgb"), space("linear-rec2020"))
TO_SRGB = np.linalg.inv(SRGB_TO_2020)


class Direct(nn.Module):
    """Three layers of 1 × 1 convolutions, a line added: codes (n, 3, h, w) to codes, 0…1."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, HIDDEN, 1), nn.Tanh(),
            nn.Conv2d(HIDDEN, HIDDEN, 1), nn.Tanh(),
            nn.Conv2d(HIDDEN, 3, 1),
        )  # fmt: skip
        self.line = nn.Conv2d(3, 3, 1)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the picture's codes on film."""
        x = codes * 2.0 - 1.0
        filmed: Tensor = self.layers(x) + self.line(x)
        return (0.5 + 0.5 * filmed).clamp(0.0, 1.0) if not self.training else 0.5 + 0.5 * filmed


def draw_codes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return sRGB codes (n, 3): half evenly over the cube, half about the greys."""
    even = rng.random((count // 2, 3))
    grey = rng.random((count - count // 2, 1)) + rng.normal(0.0, NEAR_GREY, (count // 2, 3))
    return np.clip(np.concatenate([even, grey]), 0.0, 1.0)


def on_film(stock: str, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the linear sRGB (n, 3) of the stock's chain, exactly, for sRGB codes (n, 3)."""
    one = find_stock(stock)
    light = Scene()(SRGB(codes))
    shown = look(one, one.finishes[0], 1.0, 1.0, light, SRGB_TO_2020)
    return np.asarray(np.clip(shown @ TO_SRGB.T, 0.0, 1.0))


def by_cube(stock: str, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the same by the cube that the filter renders with."""
    one = find_stock(stock)
    cube = film_cube(one, one.finishes[0], 1.0, 1.0, SRGB_TO_2020)
    unit = (ToEV()(Scene()(SRGB(codes))) - DARKEST) / RANGE
    return np.asarray(np.clip(cube(np.clip(unit, 0.0, 1.0)) ** 3 @ TO_SRGB.T, 0.0, 1.0))


def as_picture(values: NDArray[np.float64]) -> Tensor:
    """Return (n, 3) as a picture of one row, (1, 3, 1, n)."""
    return torch.from_numpy(values.T[None, :, None].astype(np.float32))


def decoded(codes: Tensor) -> Tensor:
    """Return the linear light of sRGB codes; straight on below 0 and above 1."""
    power = ((codes.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(codes > 0.04045, power, codes / 12.92)


def fit(stock: str, steps: int, seed: int = 0) -> Direct:
    """Return the network fitted to a stock."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Direct()
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    began = time.perf_counter()
    for step in range(steps):
        codes = draw_codes(rng, BATCH)
        truth = torch.from_numpy(on_film(stock, codes).astype(np.float32))[None]
        found = decoded(network(as_picture(codes)))[0, :, 0].T[None]
        loss = difference(found, truth).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if (step + 1) % 1000 == 0:
            print(f"{step + 1}, {time.perf_counter() - began:.0f} s: {float(loss):.2f}", flush=True)
    return network.eval()


def measure(network: Direct, stock: str) -> dict[str, float]:
    """Return how far network and cube are from the chain, mean and 99th percentile of ΔE2000."""
    codes = draw_codes(np.random.default_rng(99), 20000)
    truth = torch.from_numpy(on_film(stock, codes))
    with torch.no_grad():
        shown = decoded(network(as_picture(codes)))[0, :, 0].T
    tried = {"network": shown.double(), "cube": torch.from_numpy(by_cube(stock, codes))}
    found = {}
    for name, light in tried.items():
        error = delta_e_2000(light, truth)
        found[f"{name} mean"] = float(error.mean())
        found[f"{name} p99"] = float(np.percentile(error, 99.0))
    return found


def export(network: Direct, path: Path, stock: str) -> None:
    """Write the ONNX file."""
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, 4, 5),),
        str(path),
        input_names=["codes"],
        output_names=["filmed"],
        dynamic_axes={name: {0: "n", 2: "h", 3: "w"} for name in ("codes", "filmed")},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(str(path))
    for key, value in (("stock", stock), ("licence", "GPL-3.0-or-later"), ("space", "sRGB")):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def main() -> None:
    """Fit, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--stock", default="kodak-gold-200")
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    network = fit(options.stock, options.steps)
    export(network, options.output, options.stock)
    told = measure(network, options.stock) | {"bytes": options.output.stat().st_size}
    print(json.dumps({name: round(value, 3) for name, value in told.items()}))


if __name__ == "__main__":
    main()
