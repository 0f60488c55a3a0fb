"""The cube against other implementations, and what follows it folded into its nodes."""

import subprocess
import sys

import numpy as np
import pytest

from orangemask.curves import LINEAR, SRGB, Affine
from orangemask.errors import ParameterError
from orangemask.transforms import Cube, Curves, Matrix, Transform
from test_luts_bake import delta_e, import_colour, import_ocio, photographs, synthetic_photo

SINGLE = 1e-5  # float32 places among 65 nodes whose neighbours differ by up to 1.5
MATRIX = Matrix.of([[0.9, 0.2, -0.1], [0.0, 1.1, -0.1], [0.1, -0.1, 1.0]], (0.02, 0.0, -0.01))
ENCODE = Curves((SRGB.inverse,) * 3)
BEFORE = Curves((Affine(0.9, 0.05), SRGB, Affine(0.8)))


def random_cube(size=9, seed=3):
    return Cube(np.random.default_rng(seed).uniform(-0.2, 1.3, (size, size, size, 3)))


def film_cube(size=33):
    """Smooth, as a stock is: cross-talk in a root of light, a toe and a shoulder."""
    steps = np.linspace(0, 1, size)
    u = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1)
    mixed = u @ np.array([[1.15, -0.1, -0.05], [-0.05, 1.1, -0.05], [0.0, -0.15, 1.15]]).T
    return Cube(1 / (1 + np.exp(-8 * (mixed - 0.6))) - 0.005)


def points(size):
    rng = np.random.default_rng(size)
    greys = np.repeat(rng.random((200, 1)), 3, axis=1)
    nodes = rng.integers(0, size, (200, 3)) / (size - 1)
    corners = np.stack(np.meshgrid(*[[0.0, 1.0]] * 3), -1).reshape(-1, 3)
    return np.concatenate([rng.random((3000, 3)), greys, nodes, corners])


@pytest.mark.parametrize("size", [2, 3, 17, 33])
def test_it_is_colour_sciences_tetrahedral_interpolation(size):
    interpolate = import_colour().algebra.table_interpolation_tetrahedral
    cube, x = random_cube(size), points(size)
    assert np.abs(cube(x) - interpolate(x, cube.nodes)).max() < 1e-12
    single = cube(x.astype(np.float32))
    assert single.dtype == np.float32
    assert np.abs(single - cube(x)).max() < SINGLE


@pytest.mark.parametrize("size", [2, 17, 65])
def test_opencolorio_interpolates_alike(size):
    ocio = import_ocio()
    cube, x = random_cube(size), points(size)
    table = ocio.Lut3DTransform(gridSize=size, interpolation=ocio.INTERP_TETRAHEDRAL)
    table.setData(cube.nodes.ravel())
    processor = ocio.Config.CreateRaw().getProcessor(table).getDefaultCPUProcessor()
    pixels = x.astype(np.float32)
    processor.applyRGB(pixels)
    assert np.abs(pixels - cube(x)).max() < SINGLE


def test_it_is_linear_in_a_tetrahedron_as_scipy_interpolates():
    interpolate = pytest.importorskip("scipy.interpolate")
    cube = random_cube(2)
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]])  # red ≥ green ≥ blue
    linear = interpolate.LinearNDInterpolator(corners, cube.nodes[tuple(corners.T)])
    x = -np.sort(-np.random.default_rng(5).random((500, 3)), axis=1)
    assert np.abs(cube(x) - linear(x)).max() < 1e-12


def test_nodes_come_back_and_outside_is_held():
    cube = random_cube(5)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3, indexing="ij"), -1)
    assert np.array_equal(cube(grid), cube.nodes)
    beyond = np.array([[-1.0, 2.0, np.nan], [np.inf, -np.inf, 0.5]])
    assert np.array_equal(cube(beyond), cube(np.array([[0, 1, 0], [1, 0, 0.5]])))


@pytest.mark.parametrize("shape", [(3,), (1, 1, 3), (41, 7, 3), (2, 40000, 3)])
def test_any_shape_and_chunk_give_the_same(shape):
    cube = random_cube()
    x = np.random.default_rng(1).random(shape, np.float32)
    flat = x.reshape(-1, 3)
    single = [cube(row) for row in flat[:: max(1, len(flat) // 50)]]
    assert cube(x).shape == shape
    assert np.array_equal(cube(x).reshape(-1, 3)[:: max(1, len(flat) // 50)], np.array(single))


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        (np.zeros((3, 3, 3)), "shape"),
        (np.zeros((3, 3, 4, 3)), "shape"),
        (np.zeros((3, 3, 3, 4)), "shape"),
        (np.zeros(()), "shape"),
        (np.zeros((1, 1, 1, 3)), "2 to 129"),
        (np.zeros((130, 130, 130, 3), np.float32), "2 to 129"),
        (np.full((2, 2, 2, 3), np.nan), "finite"),
        (np.full((2, 2, 2, 3), np.inf), "finite"),
    ],
)
def test_what_is_no_cube_is_refused(nodes, told):
    with pytest.raises(ParameterError, match=told):
        Cube(nodes)


def test_a_transform_keeps_it_where_it_is():
    cube = random_cube()
    transform = Transform.of([BEFORE, Matrix.of(np.eye(3)), cube, MATRIX, ENCODE])
    assert [type(one) for one in transform.operations] == [Curves, Cube, Matrix, Curves]
    x = points(4)
    assert np.array_equal(transform(x), ENCODE(MATRIX(cube(BEFORE(x)))))


def test_folding_is_exact_at_the_nodes_and_for_a_matrix_everywhere():
    transform = Transform.of([BEFORE, film_cube(9), MATRIX, ENCODE])
    folded = transform.folded()
    assert [type(one) for one in folded.operations] == [Curves, Cube]
    direct = Transform.of([film_cube(9), MATRIX, ENCODE])
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 9)] * 3, indexing="ij"), -1)
    assert np.abs(direct.folded()(grid) - direct(grid)).max() < 1e-6
    flat = Transform.of([BEFORE, film_cube(9), MATRIX])
    assert np.abs(flat.folded()(points(9)) - flat(points(9))).max() < 1e-6


def test_folding_an_encoding_shows_nowhere_in_photographs():
    transform = Transform.of([Curves((LINEAR,) * 3), film_cube(33), MATRIX, ENCODE])
    for name, photo in [("synthetic", synthetic_photo()), *photographs()]:
        error = delta_e(transform(photo), transform.folded()(photo))
        print(f"{name}: mean {error.mean():.4f}, worst {error.max():.3f}")
        assert error.mean() < 0.3


def test_folding_takes_the_second_cube_too_and_leaves_what_has_none():
    two = Transform.of([film_cube(9), MATRIX, random_cube()])
    assert [type(one) for one in two.folded().operations] == [Cube]
    without = Transform.of([BEFORE, MATRIX])
    assert without.folded() is without


def test_what_is_no_number_at_a_node_is_refused():
    with pytest.raises(ParameterError, match="finite"):
        Transform.of([random_cube(), Curves((Affine(np.inf),) * 3)]).folded()


def test_opencolorio_is_loaded_only_to_render():
    told = "import sys, orangemask.cli, orangemask.execute; print('PyOpenColorIO' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
