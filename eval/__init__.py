"""How good the assistant is: data sets, metrics, runs and reports."""
