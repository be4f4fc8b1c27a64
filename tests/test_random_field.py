"""Random fields: their variance, their period, and a velocity without divergence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import Box, random_field, random_solenoidal_field

BOX = Box((0.1, 0.2), (2.1, 3.2), (True, True))


def spectrum(k):
    return jnp.exp(-0.1 * k**2)


def test_variance_is_the_sum_over_the_modes_and_the_field_is_periodic():
    def at(key):
        fields = random_field(BOX, spectrum, highest=3, components=2, key=key)
        return fields(jnp.array([0.4, 0.9])), fields.waves

    values, waves = jax.vmap(at)(jax.random.split(jax.random.key(0), 4096))
    wanted = float(jnp.sum(spectrum(jnp.linalg.norm(waves[0], axis=1))))
    # The variance of n Gaussian values has the relative deviation sqrt(2 / n).
    found = np.mean(np.asarray(values) ** 2, axis=0)
    assert np.abs(found / wanted - 1).max() < 4 * np.sqrt(2 / 4096)
    assert len(waves[0]) == (7 * 7 - 1) // 2
    field = random_field(BOX, spectrum, highest=3, key=jax.random.key(1))
    point = jnp.array([0.3, 1.0])
    moved = field(point + jnp.array([2.0, -3.0]))
    np.testing.assert_allclose(field(point), moved, atol=1e-13)


@pytest.mark.parametrize("dimension", [2, 3])
def test_solenoidal_velocity_has_no_divergence(dimension):
    box = Box((0.0,) * dimension, (1.0, 2.0, 1.5)[:dimension], (True,) * dimension)
    field = random_solenoidal_field(box, spectrum, highest=2, key=jax.random.key(2))
    points = jax.random.uniform(jax.random.key(3), (20, dimension))
    slopes = jax.vmap(jax.jacfwd(field))(points)
    assert slopes.shape == (20, dimension, dimension)
    divergence = jnp.trace(slopes, axis1=1, axis2=2)
    assert jnp.abs(divergence).max() < 1e-12 * jnp.abs(slopes).max()


def test_no_modes_are_refused():
    with pytest.raises(ValueError, match="highest = 0"):
        random_field(BOX, spectrum, highest=0, key=jax.random.key(0))
