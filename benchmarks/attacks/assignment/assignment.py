# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [raw]
# # ASSIGNMENT CONFIG
# name: assignment
# tests:
#   files: true
#   ok_format: false
# export_cell:
#   pdf: false
#   run_tests: false
#   ignore_log: true
# plugins:
#   - autograder.packaging.otter.HiddenGraders

# %% [markdown]
# # Sums and circles

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 0

# %% [markdown]
# ### Question 1
#
# Write `add`, which adds two numbers.

# %% [raw]
# # BEGIN SOLUTION


# %%
def add(a, b):
    """Return the sum of two numbers."""
    return a + b  # SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_an_example(add, env):
    assert add(2, 2) == 4, "2 and 2 are 4."


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 0

# %% [markdown]
# ### Question 2
#
# Write `inside`, which takes a list of points `[x, y]` and returns a list that says of each whether it lies in the
# circle of radius 1 around `[0, 0]`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def inside(points):
    """Return a list of True and False, one for each point."""
    # BEGIN SOLUTION
    return [x * x + y * y < 1 for x, y in points]
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_two_points(inside, env):
    assert inside([[0, 0.5], [1, 1]]) == [True, False], "Only the first of these two points is inside."


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
