"""Our kernel and the stock kernel, side by side: `cargo bench --bench compare`. See `benches/README.md`.

What is measured is in `start`, `cells`, `lesson`, `output`, `memory`, `interrupt` and `crowd`, one function each, which
knows one kernel only; `turns` lets the two kernels take turns in it. `kernel` is the client, `figure` the arithmetic,
`record` the file, `table` and `against` what is printed.
"""
