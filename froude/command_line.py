"""The `froude` command: ask a saved surrogate, look into a model or a data set."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import __version__

if TYPE_CHECKING:
    import xarray

app = typer.Typer(no_args_is_help=True)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"froude {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Tell the version."
        ),
    ] = False,
) -> None:
    """Certified surrogates of differentiable solvers."""


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="Model file written by save().")],
    designs: Annotated[
        Path, typer.Argument(help="CSV with one column per design variable.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="Write here: .csv, or .nc with the extra netcdf."),
    ] = None,
) -> None:
    """Predict the designs of a CSV: value, interval and verdict of each quantity.

    A design outside the model's space gets the verdict reject and no values (nan).
    """
    _use_float64()
    from .datasets import from_csv
    from .surrogates import load

    if output is not None and output.suffix not in (".csv", ".nc"):
        raise typer.BadParameter(f"{output} ends in neither .csv nor .nc.")
    surrogate = _or_exit(lambda: load(model))
    samples = _or_exit(lambda: from_csv(designs, surrogate.space, bounds_test=False))
    answer = surrogate.predict(samples)
    if output is not None and output.suffix == ".nc":
        _or_exit(lambda: _whole(output, answer.to_netcdf))
        return
    names = [name for name in map(str, answer.data_vars) if answer[name].ndim == 1]
    rows = zip(*(_cells(answer[name]) for name in names), strict=True)
    text = "".join(",".join(row) + "\n" for row in (names, *rows))
    if output is None:
        typer.echo(text, nl=False)
    else:
        _or_exit(lambda: _whole(output, lambda part: part.write_text(text)))


@app.command()
def info(
    path: Annotated[Path, typer.Argument(help="A model file or a data store.")],
) -> None:
    """Describe a model file or a data store."""
    _use_float64()
    if path.is_dir():
        from .datasets import open_dataset

        typer.echo(str(_or_exit(lambda: open_dataset(path))))
        return
    from .surrogates import load

    surrogate = _or_exit(lambda: load(path))
    typer.echo(f"quantities: {', '.join(surrogate.quantity_names)}")
    typer.echo(f"fields: {', '.join(surrogate.field_names) or 'none'}")
    typer.echo(f"certified: {'yes' if surrogate.calibration is not None else 'no'}")
    for variable in surrogate.space.variables:
        typer.echo(
            f"  {variable.name} [{variable.unit}]: "
            f"{variable.lower:g} to {variable.upper:g}"
        )
    typer.echo(json.dumps(json.loads(surrogate.record), indent=2))


def _cells(column: "xarray.DataArray") -> list[str]:
    """Numbers with ten digits, CF flags as words: one for a value, any for masks."""
    codes, words = column.values.tolist(), column.attrs.get("flag_meanings", "").split()
    if "flag_values" in column.attrs:
        named = dict(zip(column.attrs["flag_values"].tolist(), words, strict=True))
        return [named[code] for code in codes]
    if "flag_masks" in column.attrs:
        bits = list(zip(column.attrs["flag_masks"].tolist(), words, strict=True))
        return [" ".join(word for bit, word in bits if code & bit) for code in codes]
    return [f"{number:.10g}" for number in codes]


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file whole or not at all: an old one stays until the new one is there."""
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _use_float64() -> None:
    import jax

    jax.config.update("jax_enable_x64", True)


def _or_exit(action):
    """Turn a refusal of the library into one line and exit status 1."""
    try:
        return action()
    except (ImportError, OSError, ValueError) as error:
        typer.echo(f"froude: {error}", err=True)
        raise typer.Exit(1) from None
