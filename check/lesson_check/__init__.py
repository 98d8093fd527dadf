"""What `cargo lessons check` and `cargo lessons handout` ask of a notebook beyond nbval's comparison of outputs.

One rule per module, each a pure function over notebook cells, so that it can be tested without a kernel:

* `errors`: a cell that is meant to fail fails, with exactly the errors it names;
* `limits`: how long a cell may take;
* `links`: links to sections and to files lead somewhere;
* `markdown`: the text as HTML, formulas as MathML;
* `mirrors`: every code cell of the source lesson has its counterpart, once and in order;
* `network`: nothing has to be loaded;
* `outputs`: what nbval compares, written down so that a teacher can read the difference;
* `pictures`: every picture is there, and says in words what it shows;
* `prose`: the rules for text, over all text cells.

`findings` is what they found, as data and as lines for a terminal.
"""
