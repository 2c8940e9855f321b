"""Never ends to load."""

while True:  # the last thing in the file: everything above is defined
    pass
