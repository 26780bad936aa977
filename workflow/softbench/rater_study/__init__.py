"""Does a soft label made of one rater's contour say what the other raters drew? Measured on label maps; trains nothing.

A soft label is made of each rater in turn and compared with the others (`measure`), case by case; patients are the unit
of all that is said of a data set (`judge`).
"""

VERSION = None  # words about the room
