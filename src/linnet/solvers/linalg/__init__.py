"""Linear algebra that torch lacks: doubled precision, Kronecker-structured Hessians, LAPACK routines."""
