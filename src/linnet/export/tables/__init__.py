"""The files of models of tables, which take raw columns: numbers, categories, truths, dates, texts, and gaps.

cells     rows to check a file on, of a table or made of its schema
NAME      the file of the format NAME
"""
