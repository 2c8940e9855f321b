"""Messages: rows of symbols, one of which is a mark. The symbol after the mark says where a message goes."""

import numpy as np

SYMBOLS = 12  # from 1; 0 is padding
MARK = 1
LEAD_TO = (2, 3, 4)  # the symbols that may follow the mark, and the three places to which they lead
LONGEST = 12


def make(rng, count):
    """So many messages ``(count, 12)``, int64, with zeros after their ends, and their places ``(count,)``, 0 to 2."""
    messages, places = np.zeros((count, LONGEST), np.int64), rng.integers(len(LEAD_TO), size=count)
    for message, place in zip(messages, places, strict=True):
        length = rng.integers(5, LONGEST + 1)
        message[:length] = rng.integers(MARK + 1, SYMBOLS + 1, length)  # those of the three are among them, too
        at = rng.integers(length - 1)
        message[at : at + 2] = MARK, LEAD_TO[place]
    return messages, places
