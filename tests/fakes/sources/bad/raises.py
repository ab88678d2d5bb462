def boom():
    raise ValueError("bad value")


boom()
