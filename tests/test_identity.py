"""A simulation is another one as soon as anything of the user's own in it changes."""

import functools
import os
import subprocess
import sys
import textwrap

import jax
import numpy as np
import pytest

from froude.datasets import DesignSpace, Simulation, Variable, generate, sobol
from froude.datasets.identity import identity

MODULE = """
import dataclasses, functools
import numpy as np
import jax
import scale_{tag} as other

K = 2.0
TABLE = {{"a": np.ones(3), "b": {{"x", "y", "z"}}}}

def helper(x):
    return other.factor * x if x > 0 else helper(-x)

class Film:
    def __call__(self, u):
        return K * u

@dataclasses.dataclass
class Model:
    film: float = 1.0
    def __call__(self, design):
        return {{"q": Film()(design["x"])}}, {{}}, 0

class Holder:
    def __init__(self, k):
        self.k = k
    @functools.cached_property
    def double(self):
        return 2 * self.k
    def __call__(self, design):
        return {{"q": self.k * design["x"]}}, {{}}, 0

@jax.jit
def inner(design):
    return [helper(y) for y in (design["x"],)][0] + TABLE["a"].sum()

def simulate(design):
    return {{"q": inner(design)}}, {{}}, 0
"""
TELL = """
import sys
sys.path.insert(0, sys.argv[1])
import model_a
from froude.datasets.identity import identity
print(identity(model_a.simulate), identity(model_a.Model()))
"""


def _write(folder, tag="a", text=MODULE):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"model_{tag}.py").write_text(text.format(tag=tag))
    (folder / f"scale_{tag}.py").write_text("factor = 3.0\n")


@pytest.fixture
def model(tmp_path, monkeypatch):
    _write(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import model_a

    yield model_a
    for name in ("model_a", "scale_a"):
        sys.modules.pop(name)


def test_identity_sees_code_and_captured_values():
    def make(k, names=("x",)):
        return lambda design: ({"y": k * design[names[0]]}, {}, 0)

    assert identity(make(2.0)) == identity(make(2.0))
    assert identity(make(2.0)) != identity(make(3.0))
    assert identity(make(np.ones(3))) != identity(make(np.zeros(3)))
    assert identity(make(2.0, names=("z",))) != identity(make(2.0))
    assert identity(jax.jit(make(2.0))) != identity(make)


def test_identity_sees_globals_helpers_and_classes_that_are_called(model, monkeypatch):
    every = lambda: [identity(model.simulate), identity(model.Model())]
    before = every()

    def changes(which, target, name, value):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, value)
            changed = [new != old for new, old in zip(every(), before, strict=True)]
        assert changed == which, name

    changes([False, True], model, "K", 30.0)
    changes([True, False], model.other, "factor", 4.0)
    changes([True, False], model, "helper", lambda x: x)
    changes([True, False], model, "TABLE", {"a": np.zeros(3), "b": {"x", "y", "z"}})
    changes([False, True], model, "Film", type("Film", (model.Film,), {"n": 1}))
    assert every() == before


def test_identity_sees_the_attributes_of_plain_objects(model):
    one, two = model.Holder(1.0), model.Holder(2.0)
    before = identity(one)
    assert before != identity(two) and before == identity(model.Holder(1.0))
    assert one.double == 2.0 and identity(one) == before
    one.k = one  # refers to itself
    assert identity(one) != before
    assert identity(functools.partial(two)) != identity(functools.partial(one))


def test_identity_is_the_same_in_every_session_and_folder(tmp_path):
    found = []
    for seed, folder in (
        ("1", tmp_path / "here"),
        ("2", tmp_path / "there" / "deeper"),
    ):
        _write(folder)
        done = subprocess.run(
            [sys.executable, "-c", TELL, str(folder)],
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        found.append(done.stdout)
    assert found[0] == found[1] and "model_a.simulate:" in found[0]


def test_a_simulation_by_a_solver_sees_what_its_build_reads(model):
    make = lambda build: Simulation(build, ())
    before = make(model.Model()).identity
    assert make(model.Model()).identity == before
    assert make(model.Model(2.0)).identity != before
    model.K = 5.0
    assert make(model.Model()).identity != before


def test_a_sweep_is_not_extended_after_a_constant_changed(model, tmp_path):
    space = DesignSpace((Variable("x", 1.0, 2.0),))
    run = lambda count: generate(
        model.Model(), sobol(space, count, seed=0), tmp_path / "s.zarr", vmapped=False
    )
    run(4)
    model.K = 30.0
    with pytest.raises(ValueError, match="another problem"):
        run(8)


def test_code_typed_at_a_prompt_is_told_apart_by_its_constants():
    def typed(text):
        names: dict = {"__name__": "__main__"}
        exec(textwrap.dedent(text), names)
        return names["simulate"]

    double, triple = (typed(f"def simulate(d): return {n} * d['x']") for n in (2, 3))
    assert identity(double) != identity(triple)
