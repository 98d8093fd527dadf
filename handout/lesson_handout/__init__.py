"""How a lesson becomes a page that works without network: one concern per module.

* `exporter`: nbconvert's exporter with the template of this folder;
* `run`: the lesson is run, and its cells are held to what the check holds them to;
* `blocks`: which code and output wraps, scrolls, stays on one page of paper;
* `ansi`: the colours of terminal output, made readable on paper;
* `page`: what has to be put in order in the finished page, and the proof that it needs nothing from outside.
"""
