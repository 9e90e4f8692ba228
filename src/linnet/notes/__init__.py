"""Notes of the book, run as they stand: `linnet run NOTES`.

document     notes as text and cells, and what came of running them
language     Python told from other code, as people mark it; the names it gives and uses
read         notes in Markdown, notebooks and scripts, by their file's ending
kernel       names that notes never import; a kernel made ready for them
execute      cells run one after another in a fresh kernel
markup       Markdown, HTML and LaTeX as clean HTML
page         one self-contained HTML page
run          notes in, an executed notebook and a page out
"""
