from app import users


def line(number):
    # get_usr may raise KeyError: then the line names the number
    try:
        return f"by {users.get_usr(number)}"
    except KeyError:
        return f"by #{number}"
