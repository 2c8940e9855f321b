"""The student's side: the process in which a submission's code runs.

Nothing in this folder is trusted once a submission is loaded, since the submission shares its process. Of the
framework, a worker can see this folder and :mod:`autograder.diagnosis`, and nothing else: so they import nothing of
the rest.
"""
