"""The `froude` command: ask a saved surrogate, look into a model or a data set."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Certified surrogates of differentiable solvers.", no_args_is_help=True
)


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
    """Predict the designs of a CSV: value, interval and verdict of each quantity."""
    _use_float64()
    from .datasets import from_csv
    from .surrogates import load

    if output is not None and output.suffix not in (".csv", ".nc"):
        raise typer.BadParameter(f"{output} ends in neither .csv nor .nc.")
    surrogate = _or_exit(lambda: load(model))
    samples = _or_exit(lambda: from_csv(designs, surrogate.space))
    answer = surrogate.predict(samples)
    if output is not None and output.suffix == ".nc":
        answer.to_netcdf(output)
        return
    names = [name for name in map(str, answer.data_vars) if answer[name].ndim == 1]
    meanings = answer["verdict"].attrs["flag_meanings"].split()
    lines = [",".join(names)]
    for row in range(answer.sizes["sample"]):
        values = [
            meanings[int(answer[name][row])]
            if name == "verdict"
            else f"{float(answer[name][row]):.10g}"
            for name in names
        ]
        lines.append(",".join(values))
    text = "\n".join(lines) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text)


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


def _use_float64() -> None:
    import jax

    jax.config.update("jax_enable_x64", True)


def _or_exit(action):
    """Turn a refusal of the library into one line and exit status 1."""
    try:
        return action()
    except (OSError, ValueError) as error:
        typer.echo(f"froude: {error}", err=True)
        raise typer.Exit(1) from None
