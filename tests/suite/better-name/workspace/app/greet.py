from app.users import get_usr


def greet(number):
    return f"hello {get_usr(number)}"
