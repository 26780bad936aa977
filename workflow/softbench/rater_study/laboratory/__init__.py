"""How many raters does the mean one-hot label need to beat a soft label of one? On phantoms, where the truth is known.

Panels of 1 to 8 simulated raters read each case (`datasets/phantoms/annotators.py`); labels made from n of them are
compared with the distribution over all people of the population, and with the true label.
"""

VERSION = None  # words about the room
