"""The colours of terminal output, made readable on a light page and on a dark one.

rustc and the kernel colour their reports for terminals, most of which are dark. nbconvert's classes for the sixteen
named colours get their tones in the style sheet; colours given by number (256 colours, RGB) stand in the page itself,
and come here in two shades, of which the browser takes the one that fits (CSS `light-dark()`). Backgrounds are dropped: text on them would need a second set of colours.
"""

from __future__ import annotations

import re

from markupsafe import Markup
from nbconvert.filters.ansi import ansi2html

#: The darkest background on which output stands (`--error-paper` in the style sheet), as red, green, blue.
PAPER = (0xFD, 0xF3, 0xF2)
#: The lightest one of the dark page (`--error-paper` there).
DARK_PAPER = (0x33, 0x22, 0x22)
#: Asked for by WCAG 2.2, success criterion 1.4.3, for text of normal size; a little is left for rounding.
ENOUGH = 4.6

_STYLE = re.compile(r' style="(?P<style>[^"]*)"')
_FOREGROUND = re.compile(r"(?<![-\w])color: rgb\((\d+),(\d+),(\d+)\)")


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Returns the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable_ansi(text: str) -> Markup:
    """Returns terminal output as HTML in which every colour can be read on both pages."""
    return Markup(_STYLE.sub(_two_shades, ansi2html(text)))


def _two_shades(found: re.Match[str]) -> str:
    """Returns a `style` attribute with its colour in two shades and its background left out."""
    colour = _FOREGROUND.search(found["style"])
    if colour is None:
        return ""
    red, green, blue = (int(part) for part in colour.groups())
    dark = light = (red, green, blue)
    while contrast(dark, PAPER) < ENOUGH:
        dark = tuple(int(part * 0.95) for part in dark)
    while contrast(light, DARK_PAPER) < ENOUGH:
        light = tuple(min(255, part + max(1, (255 - part) // 16)) for part in light)
    return f' style="color: light-dark({_rgb(dark)}, {_rgb(light)})"'


def _rgb(colour: tuple[int, int, int]) -> str:
    """Returns a colour as CSS has it."""
    return f"rgb({','.join(map(str, colour))})"


def _luminance(colour: tuple[int, int, int]) -> float:
    """Returns the relative luminance of a colour (WCAG 2.2, "relative luminance")."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
