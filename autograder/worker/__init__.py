"""The student's side: the process in which a submission's code runs.

Nothing in this folder is trusted once a submission is loaded, since the submission shares its process. The
folder stands alone: it is the only part of the framework that a worker can see, it is loaded there under a
name of its own, and it imports nothing of the rest.
"""
