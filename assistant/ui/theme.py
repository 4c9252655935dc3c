"""Colours, sizes and fonts. The fonts are the system's: nothing is fetched."""

import gradio as gr


def theme() -> gr.themes.Base:
    """Calm colours with a contrast of at least 4.5 : 1, in light and dark."""
    sans = [gr.themes.Font(name) for name in ("system-ui", "Segoe UI", "Roboto", "sans-serif")]
    mono = [gr.themes.Font(name) for name in ("ui-monospace", "Consolas", "monospace")]
    return gr.themes.Soft(
        primary_hue="indigo",
        secondary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        font=sans,
        font_mono=mono,
    )
