from importer import config


def read(path):
    with open(path, encoding=config.ENCODING) as file:
        return file.read().splitlines()[: config.LIMIT]
