"""Plain Python, row by row."""

import math


def softmax(scores):
    result = []
    for row in scores:
        largest = max(row)
        powers = [math.exp(value - largest) for value in row]
        total = sum(powers)
        result.append([power / total for power in powers])
    return result


def cross_entropy(scores, labels):
    total = 0.0
    for row, label in zip(scores, labels):
        largest = max(row)
        total += largest + math.log(sum(math.exp(value - largest) for value in row)) - row[label]
    return total / len(labels)
