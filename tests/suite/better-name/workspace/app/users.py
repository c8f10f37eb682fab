_USERS = {1: "ada", 2: "bob"}


def get_usr(number):
    """The name of a user."""
    return _USERS[number]
