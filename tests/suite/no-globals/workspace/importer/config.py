SEPARATOR = ";"
ENCODING = "utf-8"
SKIP_BAD = False
LIMIT = 100


def configure(**values):
    for name, value in values.items():
        if name.upper() not in globals():
            raise TypeError(name)
        globals()[name.upper()] = value
