"""Problems as solvers see them: rows read in blocks, the objective, standardised columns, Hessians."""
