"""What a picture's colours are like, in numbers: the facts from which networks guess its light.

Extremes, averages of several kinds, edges and what is least coloured: each of them is an old
estimate of a scene's white (white patch; grey world; shades of grey, Finlayson & Trezzi 2004; grey
edge, van de Weijer et al. 2007; grey pixels), and a network that is given all of them learns when
to trust which.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

QUANTILES = (0.002, 0.01, 0.05, 0.1, 0.9, 0.95, 0.99, 0.998)
PARTS = (0.01, 0.05, 0.2)  # of the pixels: the brightest and the darkest of these shares
LEAST_COLOURED = 0.2  # share of the pixels
MINKOWSKI = 3.0  # exponent of the mean between grey world, 1, and white patch, infinite
ENOUGH = 32  # px; a picture of fewer is taken with what surrounds it
TINY = 1e-3
TRIPLES = len(QUANTILES) + 2 * len(PARTS) + 7
SPREADS = 10
MOMENTS = TRIPLES * (3 + 2) + SPREADS


def moments(picture: Numbers, mask: Numbers) -> Numbers:
    """Return the moments of a small picture.

    Parameters
    ----------
    picture : (h, w, 3) float32
        Any measure that rises with exposure, about 0…1: density, or a logarithm of light.
    mask : (h, w) float32
        What of it is picture, 0…1; a pixel counts from one half.

    Returns
    -------
    (MOMENTS,) float32
        Triples red, green, blue, then red − green and blue − green of each triple, then how far
        the colours spread.
    """
    inside = mask > 0.5
    colours = picture[inside] if inside.sum() >= ENOUGH else picture.reshape(-1, 3)  # (n, 3)
    brightness = colours @ np.full(3, 1 / 3, np.float32)
    ordered = colours[np.argsort(brightness, kind="stable")]
    counts = [max(1, int(len(ordered) * share)) for share in PARTS]
    chroma = np.abs(colours - brightness[:, None]).max(axis=1)
    few = max(1, int(len(chroma) * LEAST_COLOURED))
    pale = colours[np.argpartition(chroma, few - 1)[:few]]
    across, down = np.diff(picture, axis=1), np.diff(picture, axis=0)
    triples = np.stack(
        [
            *_quantiles(colours),
            *(ordered[-n:].mean(axis=0) for n in counts),
            *(ordered[:n].mean(axis=0) for n in counts),
            colours.mean(axis=0),
            colours.std(axis=0),
            np.abs(across).mean(axis=(0, 1)),
            np.abs(down).mean(axis=(0, 1)),
            np.sqrt(np.square(across).mean(axis=(0, 1))),
            pale.mean(axis=0),
            np.cbrt((np.maximum(colours, 0.0) ** MINKOWSKI).mean(axis=0)),
        ]
    )
    found = [triples.ravel(), triples[:, 0] - triples[:, 1], triples[:, 2] - triples[:, 1]]
    return np.concatenate([*found, _spreads(colours)]).astype(np.float32)


def _quantiles(colours: Numbers) -> Numbers:
    """Return the `QUANTILES` of each channel, (8, 3); NumPy's own are five times slower."""
    ranked = np.sort(colours.T.copy(), axis=1)  # (3, n)
    place = np.asarray(QUANTILES) * (ranked.shape[1] - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, ranked.shape[1] - 1)
    share = (place - below).astype(np.float32)
    return np.asarray((ranked[:, below] * (1 - share) + ranked[:, above] * share).T)


def _spreads(colours: Numbers) -> NDArray[np.float64]:
    """Return how far colours (n, 3) spread, (10,): silver and colour film differ in it.

    Of red − green, blue − green and green the mean and the logarithm of the deviation; of red and
    blue the slope over green and the logarithm of what departs from that line.
    """
    points = colours.astype(np.float64)
    red, green, blue = points.T
    found: list[float] = []
    for values in (red - green, blue - green, green):
        found += [float(values.mean()), float(np.log(values.std() + TINY))]
    centred = green - green.mean()
    for values in (red, blue):
        rest = values - values.mean()
        slope = float((rest * centred).mean() / ((centred**2).mean() + TINY**2))
        found += [slope, float(np.log((rest - slope * centred).std() + TINY))]
    return np.asarray(found)
