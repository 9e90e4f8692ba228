"""Exact optima, each with a certificate: one solver a file, and `linnet.solve` above them."""
