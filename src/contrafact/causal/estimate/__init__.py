"""Numbers for questions that the graph says can be answered: estimates whose intervals count chance.

`columns` makes numbers of a frame, `terms` the functions of them that regressions may use, `ridge` and `logistic` fit
those, `crossfit` predicts every row from others; `doubly` puts outcome and treatment models together; `learners` gives
effects of single rows; `levels`, `dose`, `quantile`, `instrument`, `front` and `plugin` answer the other kinds of
question. Everything is linear algebra on whole tables: nothing loops over rows, and nothing here imports torch.
"""
