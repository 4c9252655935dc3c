"""Results in words, for the terminal."""

from typing import Any

import click


def print_result(result: dict[str, Any]) -> None:
    """The tables of a result, in words."""
    counts = result["counts"]
    click.secho(f"\n{result['name']}: {counts['questions']} questions", bold=True)
    for stage, counted in counts["stages"].items():
        if counted["failed"]:
            click.secho(f"  {stage}: {counted['failed']} of {counted['asked']} FAILED", fg="red")
    for one in result["tables"].values():
        click.echo(f"\n{one['title']}")
        for system, label in one["systems"].items():
            click.echo(f"  {label}")
            for metric, value in one["values"][system].items():
                click.echo(f"    {metric:<40} {shown(value)}")
    for system, speed in result.get("speed", {}).items():
        click.echo(f"\nSeconds by stage, {result['tables']['answers']['systems'][system]}")
        for stage, one in speed["stages"].items():
            click.echo(f"    {stage:<40} median {one['median']:.2f}, p95 {one['p95']:.2f}")
    spent = {stage: counted.get("seconds", 0.0) for stage, counted in counts["stages"].items()}
    click.echo(f"\nMeasured in {sum(spent.values()) / 60:.1f} minutes:")
    for stage, counted in counts["stages"].items():
        click.echo(f"    {stage:<40} {spent[stage]:.0f} s for {counted['asked']}")


def shown(value: dict[str, Any]) -> str:
    """A figure with its interval and its number of cases."""
    if value["value"] is None:
        return "-"
    if value["low"] is None:
        return f"{value['value']:.3f}  n={value['n']}"
    return f"{value['value']:.3f}  [{value['low']:.3f}, {value['high']:.3f}]  n={value['n']}"
