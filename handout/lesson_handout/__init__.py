"""How a lesson becomes a page that works without network: one concern per module.

* `exporter`: nbconvert's exporter with the template of this folder;
* `ansi`: the colours of terminal output, made readable on paper;
* `page`: what has to be put in order in the finished page, and the proof that it needs nothing from outside.
"""
