"""Programs that measure one part each; run them as `python -m eval.benchmarks.NAME`."""
