from importer import config


def parse(line):
    name, value = line.split(config.SEPARATOR)
    return name, int(value)
