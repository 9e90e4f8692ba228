"""Pictures: functions that return a matplotlib `Figure`, without pyplot and without showing it.

curves        the book's training figure
templates     each class's weights as an image
sets          prediction sets: coverage and size
kinds         the figures of a run by name
gallery       a labelled grid of pictures
augmentation  what an augmentation makes of some images
live          the training figure in a notebook, redrawn as the run goes on
save          a figure to a file, whole or not at all, the same bytes for the same figure
"""
