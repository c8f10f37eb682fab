from app.users import get_usr as name_of


def names(numbers):
    return sorted(map(name_of, numbers))
