"""What `cargo lessons check` asks of a notebook beyond nbval's comparison of outputs.

One rule per module, each a pure function over notebook cells, so that it can be tested without a kernel:

* `errors`: a cell that is meant to fail fails, with exactly the errors it names;
* `mirrors`: every code cell of the source lesson has its counterpart, once and in order;
* `pictures`: every picture says in words what it shows;
* `outputs`: what nbval compares, written down so that a teacher can read the difference.
"""
