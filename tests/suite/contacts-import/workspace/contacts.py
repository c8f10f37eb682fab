def load(data: bytes):
    """Contacts of an uploaded file: one `name,email` per line, with a head line."""
    contacts = []
    for line in data.decode().split("\n")[1:]:
        name, email = line.split(",")
        contacts.append({"name": name, "email": email})
    return contacts
