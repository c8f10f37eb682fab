import os


def resolve(public: str, requested: str):
    """The path of the file to serve, or None."""
    path = os.path.join(public, requested)
    if os.path.exists(path):
        return path
    return None
