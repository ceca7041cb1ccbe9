"""The results of a run, from its predictions to its files.

`make_report` is the main function. `results` computes a `Report` (`report`, `result_records`) from the predictions of
the folds, with `metrics`, `intervals` and `warnings`; `summary`, `model_card`, `plots` and `page` each show it.
"""
