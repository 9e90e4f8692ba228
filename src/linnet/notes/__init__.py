"""People's notes, run as they stand: `linnet run NOTES`.

document     the parts of a set of notes: text and cells
language     whether a block of code is Python, as people mark it
markdown     notes in Markdown, cut into parts
read         notes of any kind, by their file's ending
names        names that the notes use but never import
kernel       what is set up in the kernel before the first cell
execute      the cells, run one after another in a fresh kernel
mathematics  LaTeX as MathML
fonts        a font with the glyphs a page needs, to be put into it
markup       Markdown and HTML of people's as clean HTML
page         one self-contained HTML page
run          all of it: notes in, an executed notebook and a page out
"""
