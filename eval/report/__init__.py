"""One page that shows results: tables, plots, every question with its evidence."""
