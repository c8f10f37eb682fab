import json
import logging.config


def set_up(path="logging.json"):
    with open(path) as file:
        logging.config.dictConfig(json.load(file))
